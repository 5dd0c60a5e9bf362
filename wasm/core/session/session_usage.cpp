// session_usage: what calls use and cost, and who asks how much that is.
#include <algorithm>
#include <utility>

#include "providers/exchange_price.h"
#include "session/session.h"

namespace keyhold {

Result<void> Session::use_prices(ByteView file) {
  KEYHOLD_TRY(prices_, PriceList::parse(file));
  return {};
}

void Session::price(Exchange& call, UnixMs now) {
  if (!prices_) return;
  if (const auto cost = cost_micro_usd(call, *prices_, now)) call.cost() = cost;
}

void Session::settle(Exchange& call, std::string_view app, UnixMs now) {
  if (call.bill()) return;
  const auto tally = call.tally();
  const Hold hold = std::exchange(call.hold(call.key_id()), std::nullopt).value_or(Hold());
  const Hold of_grant = std::exchange(call.hold(call.grant_id()), std::nullopt).value_or(Hold());
  UsedCall used{.at = now,
                .key = {.record = call.key_id()},
                .hold = hold.id,
                .grant = call.grant_id(),
                .grant_hold = of_grant.id};
  if (tally) {
    const std::optional<std::int64_t> cost = call.cost();
    used.key = {call.key_id(),    call.provider().id,         tally->model,
                std::string(app), std::string(call.source()), std::string(name(tally->figures))};
    used.sum.requests = 1;
    if (tally->figures != Figures::unknown) {
      const Usage& usage = tally->usage;
      used.sum.input = usage.input.value_or(0);
      used.sum.cached = usage.cached_input.value_or(0);
      used.sum.output = usage.output.value_or(0);
      used.sum.reasoning = usage.reasoning.value_or(0);
    }
    used.sum.unpriced = cost ? 0 : 1;
    used.sum.cost_micro_usd = cost.value_or(0);
    // Under a cap, what is not known is taken for what was held: it must not be a way around the cap.
    used.charged = cost.value_or(std::max(hold.micro_usd, of_grant.micro_usd));
    call.settle({tally->figures, cost, std::string(prices_made())});
  } else if (hold.id.empty() && of_grant.id.empty()) {
    return;
  }
  vault_.note_call(std::move(used));
}

std::vector<std::string> Session::holders(const Exchange& call) const {
  std::vector<std::string> capped;
  for (const std::string& id : {call.key_id(), call.grant_id()}) {
    const Caps* caps = call.counts() ? vault_.caps_of(id) : nullptr;
    if (caps != nullptr && caps->any()) capped.push_back(id);
  }
  return capped;
}

Result<Bytes> Session::reserve(Exchange& call, std::string_view whose, const Bytes* stored, UnixMs now) {
  if (!prices_) return Errc::ERR_CAP_UNBOUNDED;
  KEYHOLD_TRY(const std::int64_t most, most_micro_usd(call, *prices_, now));
  if (most > kMaxCapMicroUsd) return Errc::ERR_CAP_UNBOUNDED;
  KEYHOLD_TRY(Reserved reserved, vault_.reserve(whose, most, stored, now, call.cap_hit()));
  call.hold(whose) = std::move(reserved.hold);
  return std::move(reserved.row);
}

Result<Bytes> Session::renew(Exchange& call, std::string_view whose, const Bytes* stored, UnixMs now) {
  std::optional<Hold>& hold = call.hold(whose);
  return hold ? vault_.renew(whose, *hold, stored, now) : Errc::ERR_WRONG_STATE;
}

}  // namespace keyhold
