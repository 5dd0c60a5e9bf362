// markup: what a call with an organisation's managed key costs beyond the provider's price.
#pragma once

#include "server/quota/types.h"

namespace keyhold::server {

/// `cost` (0..kMaxMicroUsd) with `markup` (0..kMaxMarkup, hundredths of a percent) on it: rounded up to whole micro-USD, at most
/// kMaxMicroUsd. Grows with both, so that what is held covers what is charged; up to that bound the cost comes out of it again:
/// floor(result x 10000 / (10000 + markup)).
constexpr MicroUsd marked_up(MicroUsd cost, std::int64_t markup) noexcept {
  constexpr std::int64_t kWhole = 10'000;
  // In two parts, so that no product overflows.
  const MicroUsd more = cost / kWhole * markup + (cost % kWhole * markup + kWhole - 1) / kWhole;
  return more > kMaxMicroUsd - cost ? kMaxMicroUsd : cost + more;
}

}  // namespace keyhold::server
