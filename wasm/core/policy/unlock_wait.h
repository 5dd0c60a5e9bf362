// unlock_wait: how long must somebody wait who keeps getting it wrong? It slows a person at this browser, and nobody who
// has the files: the passphrase's cost does that.
#pragma once

#include <algorithm>

#include "base/time.h"

namespace keyhold {

inline constexpr std::int64_t kFreeAttempts = 5;
inline constexpr std::int64_t kLongestWaitMs = 60 * kMinuteMs;

/// Milliseconds still to wait after `failures` wrong attempts in a row, the last at `last_at`: after the fifth 1, 2, 4 …
/// 60 minutes. A clock set back does not shorten it, and does not make it longer than the whole wait.
inline std::int64_t unlock_wait_ms(std::int64_t failures, UnixMs last_at, UnixMs now) {
  if (failures < kFreeAttempts) return 0;
  const std::int64_t doublings = std::min<std::int64_t>(failures - kFreeAttempts, 6);
  const std::int64_t whole = std::min(kMinuteMs << doublings, kLongestWaitMs);
  return std::clamp<std::int64_t>(whole - std::max<std::int64_t>(now - last_at, 0), 0, whole);
}

}  // namespace keyhold
