#include "providers/exchange_price.h"

#include "base/json.h"
#include "providers/bound.h"

namespace keyhold {

Result<std::int64_t> most_micro_usd(const ProviderExchange& call, const PriceList& prices, UnixMs now) {
  const auto& body = call.request().body;
  const auto rates = prices.find(call.provider().id, call.asked_model(), now);
  if (!rates || !body) return Errc::ERR_CAP_UNBOUNDED;
  const auto json = Json::parse(as_bytes(*body), {.max_bytes = kMaxBodyBytes, .max_values = kMaxBodyValues});
  // Files and forms are not JSON, and their tokens nobody can tell.
  if (!json) return Errc::ERR_CAP_UNBOUNDED;
  KEYHOLD_TRY(const TokenBound bound, token_bound(json->root(), body->size(), pays_for_output(*rates)));
  const auto most = most_micro_usd(*rates, bound.input, bound.output);
  return most ? Result<std::int64_t>(*most) : Errc::ERR_CAP_UNBOUNDED;
}

std::optional<std::int64_t> cost_micro_usd(const ProviderExchange& call, const PriceList& prices, UnixMs now) {
  const auto tally = call.tally();
  if (!tally || tally->figures == Figures::unknown) return std::nullopt;
  auto rates = prices.find(call.provider().id, tally->model, now);
  // The model that answers may have a name of its own that no list knows.
  if (!rates) rates = prices.find(call.provider().id, call.asked_model(), now);
  return rates ? cost_micro_usd(*rates, tally->usage) : std::nullopt;
}

}  // namespace keyhold
