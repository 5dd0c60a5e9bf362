// session_usage: what calls use and cost, and who asks how much that is.
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

void Session::settle(Exchange& call) {
  const auto tally = call.tally();
  if (!tally || call.bill()) return;
  call.settle({tally->figures, call.cost(), std::string(prices_made())});
}

}  // namespace keyhold
