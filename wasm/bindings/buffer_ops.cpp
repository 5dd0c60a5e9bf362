// buffer_ops: bytes in the WASM heap that JavaScript writes a secret into, and what the KDF worker does with them.
#include "args.h"
#include "crypto/kdf.h"
#include "crypto/self_test.h"
#include "engine.h"

namespace keyhold::bindings {

namespace {

val run_self_test(Engine&, Args&) { return outcome(self_test()); }

val derive(Engine&, Args& args) {
  const auto fields = kdf_from(args.value(1));
  if (!fields) return outcome(fields.error());
  return outcome(derive_slot_key(args.secret(0), fields->salt, fields->kdf), [](const SlotKey& key) {
    // REVEAL: 32 bytes for the vault's instance; the shell hands them over and wipes.
    return to_uint8array(key.reveal());
  });
}

val make_buffer(Engine& engine, Args& args) {
  return val(engine.buffers.hold(SecretBytes(static_cast<std::size_t>(args.whole(0)))));
}

val view(Engine&, Args& args) { return to_view(args.secret(0).fill()); }

/// Of a buffer or a call, and harmless for what is neither. Wipes.
val release(Engine& engine, Args& args) {
  const auto number = static_cast<Number>(args.whole(0));
  engine.buffers.release(number);
  engine.calls.release(number);
  return val::null();
}

val reset(Engine& engine, Args&) {
  engine.reset();
  return val::null();
}

constexpr Op<Engine> kOps[] = {
    {"selfTest", run_self_test}, {"deriveSlotKey", derive}, {"buffer", make_buffer}, {"view", view},
    {"release", release},        {"reset", reset},
};

}  // namespace

std::span<const Op<Engine>> buffer_ops() { return kOps; }

}  // namespace keyhold::bindings
