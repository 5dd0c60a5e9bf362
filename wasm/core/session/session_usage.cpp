// session_usage: what calls use and cost, and who asks how much that is.
#include <utility>

#include "base/json.h"
#include "providers/bound.h"
#include "session/session.h"

namespace keyhold {

Result<void> Session::use_prices(ByteView file) {
  KEYHOLD_TRY(prices_, PriceList::parse(file));
  return {};
}

std::optional<Rates> Session::rates_of(const Exchange& call, std::string_view model, UnixMs now) const {
  if (!prices_) return std::nullopt;
  auto rates = prices_->find(call.provider().id, model, now);
  // The model that answers may have a name of its own that no list knows.
  return rates ? rates : prices_->find(call.provider().id, call.asked_model(), now);
}

void Session::price(Exchange& call, UnixMs now) {
  const auto tally = call.tally();
  if (!tally || tally->figures == Figures::unknown) return;
  if (const auto rates = rates_of(call, tally->model, now)) call.cost() = cost_micro_usd(*rates, tally->usage);
}

void Session::settle(Exchange& call, std::string_view app, UnixMs now) {
  if (call.bill()) return;
  const auto tally = call.tally();
  const std::optional<Hold> hold = std::exchange(call.hold(), std::nullopt);
  if (!tally) {
    // Nothing to pay for: what was held is free again.
    if (hold) vault_.note_charge(call.key_id(), {now, 0, hold->id});
    return;
  }
  const Usage& usage = tally->usage;
  Bill bill{tally->figures, call.cost(), std::string(prices_made())};
  UsageSum sum{.requests = 1};
  if (tally->figures != Figures::unknown) {
    sum.input = usage.input.value_or(0);
    sum.cached = usage.cached_input.value_or(0);
    sum.output = usage.output.value_or(0);
    sum.reasoning = usage.reasoning.value_or(0);
  }
  sum.unpriced = bill.cost_micro_usd ? 0 : 1;
  sum.cost_micro_usd = bill.cost_micro_usd.value_or(0);
  const UsageKey key{
      call.key_id(), call.provider().id, tally->model, std::string(app), "user", std::string(name(tally->figures))};
  vault_.note_usage(now, key, sum);
  // Of a key with a cap, what is not known is taken for what was held: it must not be a way around the cap.
  const std::int64_t spent = bill.cost_micro_usd.value_or(hold ? hold->micro_usd : 0);
  vault_.note_charge(call.key_id(), {now, spent, hold ? hold->id : std::string()});
  call.settle(std::move(bill));
}

bool Session::needs_hold(const Exchange& call) const {
  const Record* record = call.counts() ? vault_.find(call.key_id()) : nullptr;
  return record != nullptr && record->caps.any();
}

Result<Bytes> Session::reserve(Exchange& call, const Bytes* stored, UnixMs now) {
  const auto& body = call.request().body;
  const std::string model = call.asked_model();
  const auto rates = prices_ ? prices_->find(call.provider().id, model, now) : std::nullopt;
  if (!rates || !body) return Errc::ERR_CAP_UNBOUNDED;
  const auto json = Json::parse(as_bytes(*body), {.max_bytes = kMaxBodyBytes, .max_values = kMaxBodyValues});
  // Files and forms are not JSON, and their tokens nobody can tell.
  if (!json) return Errc::ERR_CAP_UNBOUNDED;
  KEYHOLD_TRY(const TokenBound bound, token_bound(json->root(), body->size(), pays_for_output(*rates)));
  const auto most = most_micro_usd(*rates, bound.input, bound.output);
  if (!most || *most > kMaxCapMicroUsd) return Errc::ERR_CAP_UNBOUNDED;
  KEYHOLD_TRY(Reserved reserved, vault_.reserve(call.key_id(), *most, stored, now, call.cap_hit()));
  call.hold() = std::move(reserved.hold);
  return std::move(reserved.row);
}

Result<Bytes> Session::renew(Exchange& call, const Bytes* stored, UnixMs now) {
  if (!call.hold()) return Errc::ERR_WRONG_STATE;
  return vault_.renew(call.key_id(), *call.hold(), stored, now);
}

}  // namespace keyhold
