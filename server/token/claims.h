// claims: what a token says, once its signature is known to be good, and whether that is enough here and now.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/json.h"
#include "base/time.h"
#include "server/token/outcome.h"
#include "server/token/token_problem.h"

namespace keyhold::server {

inline constexpr std::size_t kMaxSubjectBytes = 200;
inline constexpr std::size_t kMaxOrganisationClaimBytes = 100;
inline constexpr std::size_t kMaxAudiences = 16;
/// How far two machines' clocks may differ.
inline constexpr UnixMs kClockLeewayMs = 30'000;
/// The end of the year 9999. A backend that writes milliseconds, and would so make tokens for ever, is over it.
inline constexpr std::int64_t kMaxClaimSeconds = 253'402'300'799;

/// What is asked of every token.
struct TokenRules {
  std::optional<std::string> issuer;  // nothing: `iss` is not looked at
  std::string audience;
  std::string organisation_claim{};  // "": none
};

/// Whose a token is, and until when it says so: `exp`, to which the leeway is not added.
struct TokenUser {
  std::string subject;  // 1 to kMaxSubjectBytes of UTF-8 without control characters
  UnixMs expires_at = 0;
  std::string organisation{};  // as the subject, up to kMaxOrganisationClaimBytes; "" where the token names none
};

/// `exp` is required, `nbf` and `iat` are checked if there: whole seconds up to kMaxClaimSeconds, as an integer or as
/// a number such as 1.7e9. Good from nbf and iat until before exp, with the leeway at both ends.
Outcome<TokenUser, TokenProblem> read_claims(JsonRef claims, const TokenRules& rules, UnixMs now);

}  // namespace keyhold::server
