// Envelopes from anywhere: never a crash, and whatever parses is sealed again and opened with the same header and body.
#include "crypto/system_rng.h"
#include "vault/header.h"
#include "vault/vault.h"

using namespace keyhold;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  static SystemRng rng;
  static const RootKey key = RootKey::make(rng);

  if (const auto envelope = parse_envelope(input)) {
    // Made with no key of ours.
    if (open_envelope(*envelope, key.reveal()).ok()) __builtin_trap();
    const Bytes sealed =
        seal_envelope(envelope->header, Body{"{}", SecretBytes::copy_of(input.first(1))}, key.reveal(), rng);
    const auto again = parse_envelope(sealed);
    if (!again || encode_header(again->header) != encode_header(envelope->header)) __builtin_trap();
    const auto body = open_envelope(*again, key.reveal());
    if (!body || !equal(body->secret.reveal(), input.first(1))) __builtin_trap();
  }

  // As the only row of a vault, under each kind of key: locked, never absent, never unlocked by a key that is not its own.
  static const SlotKey slot_key = SlotKey::make(rng);
  for (const char* row : {"manifest", "page/x", "slot/x", "record/x", "settings"}) {
    Vault vault(rng);
    const auto state = vault.load({{row, to_bytes(input)}}, {{"ledger/x", to_bytes(input)}});
    if (!state || *state != VaultState::locked) __builtin_trap();
    if (vault.unlock(slot_key).ok()) __builtin_trap();
  }
  return 0;
}
