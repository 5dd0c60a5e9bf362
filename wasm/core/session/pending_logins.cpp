#include "session/pending_logins.h"

#include <algorithm>
#include <array>

#include "base/base64.h"
#include "crypto/pkce.h"

namespace keyhold {

const PendingLogin& PendingLogins::begin(ProviderRef provider, std::string_view callback, Rng& rng, UnixMs now) {
  if (logins_.size() == kMax) logins_.erase(logins_.begin());
  std::array<std::uint8_t, 32> state{};
  rng.fill(state);
  logins_.push_back({encode_base64url(state), std::move(provider), std::string(callback), make_verifier(rng), now});
  return logins_.back();
}

Result<PendingLogin> PendingLogins::take(std::string_view state, UnixMs now) {
  const auto found = std::find_if(logins_.begin(), logins_.end(), [&](const auto& one) { return one.state == state; });
  if (found == logins_.end()) return Errc::ERR_LOGIN_STATE;
  PendingLogin login = std::move(*found);
  logins_.erase(found);
  if (now < login.begun_at || now - login.begun_at >= kLifeMs) return Errc::ERR_LOGIN_STATE;
  return login;
}

}  // namespace keyhold
