// exchange_price: what a call costs: at the most before it is made, and in the end.
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "base/time.h"
#include "providers/exchange.h"
#include "providers/price.h"

namespace keyhold {

/// Millionths of a US dollar, whatever the answer will be. ERR_CAP_UNBOUNDED for a model without a price, a body that is no
/// JSON, and all that token_bound() says so of.
Result<std::int64_t> most_micro_usd(const ProviderExchange& call, const PriceList& prices, UnixMs now);
/// Millionths of a US dollar, of what tally() says now. Nothing: not known.
std::optional<std::int64_t> cost_micro_usd(const ProviderExchange& call, const PriceList& prices, UnixMs now);

}  // namespace keyhold
