// time: how the core speaks of time. It never reads a clock: `now` always comes in as an argument.
#pragma once

#include <cstdint>

namespace keyhold {

/// Milliseconds since 1970-01-01T00:00Z, as JavaScript's Date.now().
using UnixMs = std::int64_t;

inline constexpr std::int64_t kMinuteMs = 60'000;

}  // namespace keyhold
