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

void Session::settle(Exchange& call, UnixMs now) {
  const auto tally = call.tally();
  if (!tally || call.bill()) return;
  Bill bill{tally->figures, std::nullopt, std::string(prices_made())};
  if (tally->figures != Figures::unknown) {
    if (const auto rates = rates_of(call, tally->model, now))
      bill.cost_micro_usd = cost_micro_usd(*rates, tally->usage);
  }
  call.settle(std::move(bill));
}

}  // namespace keyhold
