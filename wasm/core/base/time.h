// time: how the core speaks of time. It never reads a clock: `now` always comes in as an argument.
#pragma once

#include <cstdint>

namespace keyhold {

/// Milliseconds since 1970-01-01T00:00Z, as JavaScript's Date.now().
using UnixMs = std::int64_t;

inline constexpr std::int64_t kMinuteMs = 60'000;
inline constexpr std::int64_t kDayMs = 24 * 60 * kMinuteMs;
/// What a JavaScript number counts exactly; the largest time that is taken from a file or a message.
inline constexpr UnixMs kMaxTime = std::int64_t{1} << 53;

}  // namespace keyhold
