// key_life: how long a set of keys that an address gave may be used before it is asked for again, by the answer's own word.
#pragma once

#include <chrono>
#include <string_view>

namespace keyhold::server {

inline constexpr std::chrono::seconds kMinKeyLife{60};
inline constexpr std::chrono::seconds kMaxKeyLife{24 * 60 * 60};
/// Where the answer does not say.
inline constexpr std::chrono::seconds kUsualKeyLife{10 * 60};

/// @param cache_control  the header's value, "" if there is none: `max-age` counts, within the bounds above; `no-store` and
///   `no-cache` come to the least
std::chrono::seconds key_life(std::string_view cache_control) noexcept;

}  // namespace keyhold::server
