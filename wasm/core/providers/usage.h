// usage: tokens of one call, as the provider itself reported them, in one meaning for all providers.
#pragma once

#include <cstdint>
#include <optional>

namespace keyhold {

/// A figure that was not reported is absent: unknown is never 0.
struct Usage {
  std::optional<std::int64_t> input{};         // all that was read, cached or not
  std::optional<std::int64_t> output{};        // all that was written, reasoning too
  std::optional<std::int64_t> cached_input{};  // the part of `input` read from a cache
  std::optional<std::int64_t> cache_write{};   // the part of `input` written to a cache
  std::optional<std::int64_t> reasoning{};     // the part of `output` that was reasoning

  bool known() const noexcept { return input || output || cached_input || cache_write || reasoning; }
  friend bool operator==(const Usage&, const Usage&) = default;
};

}  // namespace keyhold
