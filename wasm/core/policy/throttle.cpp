#include "policy/throttle.h"

#include <algorithm>
#include <utility>

namespace keyhold {

Result<void> CheckThrottle::admit(std::string_view provider, UnixMs now) {
  auto entry = std::find_if(recent_.begin(), recent_.end(), [&](const Recent& r) { return r.provider == provider; });
  if (entry == recent_.end()) {
    // The list is kept in the order of the last check, so the first one is the longest ago.
    if (recent_.size() == kMaxProviders) recent_.erase(recent_.begin());
    recent_.push_back({std::string(provider), {}, 0});
    entry = recent_.end() - 1;
  }

  Recent& recent = *entry;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < recent.count; ++i) {
    // A time later than now: the clock went back. It counts as now, so it is over in a minute at most.
    const UnixMs at = std::min(recent.at[i], now);
    if (now - at < kWindowMs) recent.at[kept++] = at;
  }
  recent.count = kept;
  if (kept == kChecks) return Errc::ERR_CHECKED_TOO_OFTEN;
  recent.at[recent.count++] = now;
  std::rotate(entry, entry + 1, recent_.end());
  return {};
}

std::int64_t CheckThrottle::wait_ms(std::string_view provider, UnixMs now) const {
  const auto entry =
      std::find_if(recent_.begin(), recent_.end(), [&](const Recent& r) { return r.provider == provider; });
  if (entry == recent_.end() || entry->count < kChecks) return 0;
  return std::max<std::int64_t>(std::min(entry->at.front(), now) + kWindowMs - now, 0);
}

}  // namespace keyhold
