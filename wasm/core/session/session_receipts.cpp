// session_receipts: what the app's server signed that a call cost: how it is asked for, and what is kept of it.
#include "base/base64.h"
#include "base/json.h"
#include "session/session.h"
#include "vault/read_fields.h"
#include "vault/receipt_book.h"

namespace keyhold {

namespace {

using Step = ReceiptErrand::Step;

constexpr int kNotOver = 409;
constexpr std::int64_t kFirstWaitMs = 1'000;
/// What a row has room for.
constexpr std::size_t kMaxModelBytes = 256;

/// {"receipt": …}
Result<std::string> receipt_in(std::string_view body) {
  KEYHOLD_TRY(const Json json, Json::parse(as_bytes(body), {.max_bytes = kMaxReceiptAnswer, .max_values = 64}));
  return read_text(json.root(), "receipt", kMaxReceiptBytes);
}

void refuse(ReceiptErrand& errand, std::string_view why) {
  errand.refused = why;
  errand.step = Step::keep;
}

/// With what is known of the server's keys; else they are to be asked for, once.
void look_for_key(ReceiptErrand& errand, const Receipt& receipt) {
  if (const auto key = find_receipt_key(as_bytes(errand.keys), receipt.kid)) {
    errand.key = encode_base64url(*key);
    errand.step = Step::keep;
  } else if (errand.step == Step::receipt) {
    errand.step = Step::keys;
  } else {
    refuse(errand, "key");
  }
}

std::string short_model(const std::string& model) { return model.size() > kMaxModelBytes ? "*" : model; }

}  // namespace

std::optional<ReceiptErrand> Session::begin_receipt(const Exchange& call, std::string_view number, UnixMs now) const {
  if (state() != VaultState::unlocked || call.source() != "app" || !is_call_number(number)) return std::nullopt;
  ReceiptErrand errand{.at = now};
  errand.call = {
      std::string(number), call.provider().id, short_model(call.asked_model()), short_model(call.model()), {}};
  // What was refused or reached nobody is not to be paid for.
  if (const auto& bill = call.bill()) {
    errand.call.counted_micro_usd = bill->cost_micro_usd;
  } else {
    errand.call.counted_micro_usd = 0;
  }
  return errand;
}

Result<Exchange> Session::ask_receipt(const ReceiptErrand& errand, const SecretBytes& token) const {
  const bool keys = errand.step == Step::keys;
  if (!keys && errand.step != Step::receipt) return Errc::ERR_WRONG_STATE;
  if (!is_call_number(errand.call.number)) return Errc::ERR_BAD_INPUT;
  if (state() != VaultState::unlocked) return Errc::ERR_LOCKED;
  KEYHOLD_TRY(Endpoint at, server());
  Provider by = custom_provider({}, {}, std::move(at));
  by.auth = {"authorization", "Bearer "};
  std::string url = by.base.text() + "v1/receipts/" + (keys ? "keys" : errand.call.number);
  // The keys are for everybody.
  const SecretBytes none;
  return Exchange(Exchange::Purpose::receipt, std::make_shared<const Provider>(std::move(by)),
                  Outgoing{Method::get, std::move(url), {}, std::nullopt}, keys ? none : token, {}, {});
}

void Session::read_receipt(ReceiptErrand& errand, const Exchange& asked) {
  const AnswerSeen seen = asked.seen();
  const bool too_large = seen.body.size() > kMaxReceiptAnswer;
  const bool complete = asked.ended() || too_large;
  const std::string_view body = as_text(seen.body);
  errand.wait_ms = 0;
  if (errand.step == Step::keys && complete) {
    const auto receipt = parse_receipt(errand.jws);
    if (!receipt) return refuse(errand, "form");
    if (seen.status == 200 && !too_large) errand.keys = body;
    return look_for_key(errand, *receipt);
  }
  if (errand.step == Step::receipt && seen.status == kNotOver && errand.tries < kReceiptRetries) {
    errand.wait_ms = kFirstWaitMs << errand.tries++;
    return;
  }
  if (errand.step != Step::receipt || !complete || seen.status != 200) {
    errand.step = Step::over;
    return;
  }
  const auto text = receipt_in(body);
  const auto receipt = text ? parse_receipt(*text) : Result<Receipt>(text.error());
  if (!receipt) return refuse(errand, "form");
  if (const std::string_view other = mismatch(*receipt, errand.call); !other.empty()) return refuse(errand, other);
  errand.jws = *text;
  look_for_key(errand, *receipt);
}

UsageChange Session::keep_receipt(const ReceiptErrand& errand, std::optional<bool> genuine, const Rows& stored,
                                  UnixMs now) {
  if (errand.step != Step::keep) return {};
  KeptReceipt kept;
  kept.at = errand.at;
  kept.call = errand.call.number;
  kept.provider = errand.call.provider;
  kept.model = errand.call.asked_model.empty() ? errand.call.answered_model : errand.call.asked_model;
  kept.counted = errand.call.counted_micro_usd;
  const auto receipt = parse_receipt(errand.jws);
  kept.state = !errand.refused.empty() ? errand.refused
               : !receipt              ? "form"
               : !genuine              ? KeptReceipt::kUnchecked
               : *genuine              ? KeptReceipt::kSigned
                                       : "signature";
  if (!kept.refused()) {
    kept.charged = receipt->charged_micro_usd;
    kept.jws = errand.jws;
    kept.key = errand.key;
  }
  return vault_.keep_receipt(kept, stored, now);
}

}  // namespace keyhold
