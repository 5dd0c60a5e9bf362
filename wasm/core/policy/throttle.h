// throttle: may a key of this provider be checked again already? Keeps a page from trying keys out.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace keyhold {

/// Counts per provider over the last minute. Forgets with the vault's worker.
class CheckThrottle {
 public:
  static constexpr std::size_t kChecks = 5;
  static constexpr std::int64_t kWindowMs = kMinuteMs;
  static constexpr std::size_t kMaxProviders = 256;  // beyond it, the one checked longest ago is forgotten

  /// Counts this check. ERR_CHECKED_TOO_OFTEN, uncounted, for the sixth within a minute. A clock that went back
  /// neither frees a provider nor shuts it for longer than a minute.
  Result<void> admit(std::string_view provider, UnixMs now);
  /// How long until the next check would be admitted; 0: at once.
  std::int64_t wait_ms(std::string_view provider, UnixMs now) const;

 private:
  struct Recent {
    std::string provider;
    std::array<UnixMs, kChecks> at;  // the first `count`, oldest first
    std::size_t count;
  };
  std::vector<Recent> recent_;
};

}  // namespace keyhold
