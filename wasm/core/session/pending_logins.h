// pending_logins: the logins that were begun here. Each ends once: by its code, by time, by four later ones, or by a lock.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/rng.h"
#include "base/secret.h"
#include "base/time.h"
#include "providers/provider.h"

namespace keyhold {

struct PendingLogin {
  std::string state;  // names it, at the provider too; nobody can guess it
  ProviderRef provider;
  std::string callback;
  SecretBytes verifier;
  UnixMs begun_at = 0;
};

class PendingLogins {
 public:
  static constexpr std::size_t kMax = 4;
  static constexpr std::int64_t kLifeMs = 10 * kMinuteMs;

  /// With a new state and verifier. The oldest one makes room. Valid until the next call.
  const PendingLogin& begin(ProviderRef provider, std::string_view callback, Rng& rng, UnixMs now);
  /// Takes it out. ERR_LOGIN_STATE if there is none of that state, or it was begun kLifeMs ago, or later than now.
  Result<PendingLogin> take(std::string_view state, UnixMs now);
  void clear() noexcept { logins_.clear(); }
  std::size_t size() const noexcept { return logins_.size(); }

 private:
  std::vector<PendingLogin> logins_;  // oldest first
};

}  // namespace keyhold
