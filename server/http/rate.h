// rate: has this user made too many calls in the last minute? Counted by each process for itself: a guard against loops, where
// the quota guards the money.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/time.h"

namespace keyhold::server {

class CallRate {
 public:
  static constexpr std::size_t kMaxUsers =
      100'000;  // beyond it, all are forgotten: a minute's grace, not a growing map

  /// Takes one call out of the user's bucket, which fills evenly with `per_minute`. Nothing: it may be made; else the seconds
  /// until one may.
  std::optional<std::int64_t> admit(std::string_view user, int per_minute, UnixMs now);

 private:
  struct Bucket {
    double calls;
    UnixMs at;
  };
  std::mutex mutex_;
  std::unordered_map<std::string, Bucket> buckets_;
};

}  // namespace keyhold::server
