// login: what is asked of a provider that gives a key to somebody who logs in there, and what it answers. OAuth with PKCE;
// who began which login is session/pending_logins.h's to know.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "providers/diagnosis.h"
#include "providers/provider.h"
#include "providers/request.h"

namespace keyhold {

inline constexpr std::size_t kMaxLoginCodeBytes = 2048;
inline constexpr std::size_t kMaxLoginAnswerBytes = 16 << 10;
inline constexpr std::size_t kMaxLoginBytes = 2048;
inline constexpr std::size_t kMaxLoginText = 200;
inline constexpr std::size_t kMaxGrantValues = 256;
/// A key that is said to live longer than this has no end worth knowing.
inline constexpr std::int64_t kMaxKeyLifeS = std::int64_t{10} * 366 * 24 * 3600;

/// Where the provider gives a key to somebody who logs in there.
struct Login {
  /// oauth: RFC 6749 with RFC 7636, for which the site needs a client id. openrouter: its own exchange, for anybody.
  enum class Style { oauth, openrouter } style;
  std::string authorize;  // addresses without a query
  std::string exchange;
  std::string scope;
};

/// Of Provider::login. ERR_BAD_JSON.
Result<Login> parse_login(std::string_view json);

/// What is the same from the beginning of a login to its end. Views, for the length of a call.
struct LoginTerms {
  const Login& login;
  std::string_view client;    // empty for style `openrouter`
  std::string_view callback;  // where the provider sends the person back to
};

/// Where the person is to be sent. `state` and `challenge` are base64url.
std::string authorize_url(const LoginTerms& terms, std::string_view state, std::string_view challenge);

/// Visible ASCII, 1 to kMaxLoginCodeBytes.
bool is_login_code(std::string_view code) noexcept;
/// The request that turns a code into a key. Both are worth nothing once it was sent.
Outgoing exchange_request(const LoginTerms& terms, std::string_view code, const SecretBytes& verifier);

struct LoginGrant {
  SecretBytes key;                         // as the provider wrote it
  std::optional<std::int64_t> lifetime_s;  // none: it did not say, in whole seconds
};

/// An answer as it arrives: it has the key in it, so all of it is wiped.
class LoginAnswer {
 public:
  LoginAnswer() : bytes_(kMaxLoginAnswerBytes) {}
  /// ERR_TOO_LARGE.
  Result<void> feed(ByteView bytes);
  /// Callers say why, in a REVEAL comment.
  ByteView reveal() const noexcept { return bytes_.reveal().first(size_); }

 private:
  SecretBytes bytes_;
  std::size_t size_ = 0;
};

/// Of an answer of status 2xx. ERR_LOGIN_REFUSED if it says `error` and no key; ERR_BAD_ANSWER if it has no key, two, one
/// that is no text or is written with escapes, or is no strict JSON object of at most kMaxGrantValues values.
Result<LoginGrant> read_grant(Login::Style style, const LoginAnswer& answer);
/// What any other answer means: ERR_LOGIN_REFUSED, unless it says nothing about the login.
Errc diagnose_login(const Provider& provider, const AnswerSeen& answer);

}  // namespace keyhold
