#include "server/http/rate.h"

#include <algorithm>
#include <cmath>

namespace keyhold::server {

std::optional<std::int64_t> CallRate::admit(std::string_view user, int per_minute, UnixMs now) {
  const double full = per_minute;
  const double per_ms = full / static_cast<double>(kMinuteMs);
  const std::lock_guard lock(mutex_);
  if (buckets_.size() >= kMaxUsers) buckets_.clear();
  Bucket& bucket = buckets_.try_emplace(std::string(user), Bucket{full, now}).first->second;
  bucket.calls =
      std::min(full, bucket.calls + per_ms * static_cast<double>(std::max<std::int64_t>(0, now - bucket.at)));
  bucket.at = now;
  if (bucket.calls < 1) return static_cast<std::int64_t>(std::ceil((1 - bucket.calls) / per_ms / 1000));
  bucket.calls -= 1;
  return std::nullopt;
}

}  // namespace keyhold::server
