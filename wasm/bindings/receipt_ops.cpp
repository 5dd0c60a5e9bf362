// receipt_ops: receipts of calls with the app's key (Engine in web/src/worker/engine-module.ts). Convert, call, convert.
#include "args.h"
#include "base/base64.h"
#include "engine.h"

namespace keyhold::bindings {

namespace {

Result<ReceiptErrand> errand_from(const val& object) {
  KEYHOLD_TRY(const Json json, from_js(object));
  return parse_errand(json.root());
}

val to_js(const ReceiptErrand& errand) { return bindings::to_js(encode_errand(errand)); }

val begin(Engine& engine, Args& args) {
  const Exchange* const call = engine.calls.find(static_cast<Number>(args.whole(1)));
  auto errand = call == nullptr ? std::nullopt : engine.session().begin_receipt(*call, args.text(2), args.whole(4));
  if (!errand) return val::null();
  errand->keys = args.text(3);
  return to_js(*errand);
}

val ask(Engine& engine, Args& args) {
  const auto errand = errand_from(args.value(1));
  return errand ? to_call(engine, engine.session().ask_receipt(*errand, args.secret(2))) : outcome(errand.error());
}

val read(Engine& engine, Args& args) {
  auto errand = errand_from(args.value(1));
  const Exchange* const asked = engine.calls.find(static_cast<Number>(args.whole(2)));
  if (!errand || asked == nullptr) return val::undefined();
  Session::read_receipt(*errand, *asked);
  return to_js(*errand);
}

/// [text, signature, key], or null where there is nothing to check.
val check(Args& args) {
  const auto errand = errand_from(args.value(1));
  const auto receipt = errand ? parse_receipt(errand->jws) : Result<Receipt>(errand.error());
  if (!receipt || !errand->refused.empty()) return val::null();
  const auto key = parse_base64url(errand->key);
  if (!key) return val::null();
  val array = val::array();
  array.set(0, to_uint8array(as_bytes(receipt->signed_text)));
  array.set(1, to_uint8array(receipt->signature));
  array.set(2, to_uint8array(*key));
  return array;
}

val keep(Engine& engine, Args& args) {
  const auto errand = errand_from(args.value(1));
  UsageChange change;
  if (errand) {
    const val said = args.value(2);
    const auto genuine = said.isNull() ? std::nullopt : std::optional(said.as<bool>());
    change = engine.session().keep_receipt(*errand, genuine, rows_from(args.value(3)), args.whole(4));
  }
  JsonOut facts = JsonOut::object();
  facts.set("deletes", bindings::to_json(change.deletes));
  val object = bindings::to_js(facts);
  object.set("puts", bindings::to_js(change.puts));
  return object;
}

val list(Engine& engine, Args& args) {
  return outcome(engine.session().receipts(rows_from(args.value(1))), [](const ReceiptHistory& history) {
    JsonOut list = JsonOut::array();
    for (const KeptReceipt& kept : history.receipts) list.push(encode_receipt(kept));
    JsonOut object = JsonOut::object();
    object.set("entries", list).set("unreadable", history.unreadable);
    return bindings::to_js(object);
  });
}

/// One operation of several steps, whose name comes first: each further operation costs its place in engine.wasm.
val receipt(Engine& engine, Args& args) {
  const std::string step = args.text(0);
  if (step == "begin") return begin(engine, args);
  if (step == "ask") return ask(engine, args);
  if (step == "read") return read(engine, args);
  if (step == "check") return check(args);
  if (step == "keep") return keep(engine, args);
  if (step == "rows") return bindings::to_js(bindings::to_json(receipt_rows()));
  return list(engine, args);
}

constexpr Op<Engine> kOps[] = {{"receipt", receipt}};

}  // namespace

std::span<const Op<Engine>> receipt_ops() { return kOps; }

}  // namespace keyhold::bindings
