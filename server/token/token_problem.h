// token_problem: why a token was not taken. A name and a sentence for the developer whose backend made it, never a word
// of the token.
#pragma once

#include <string_view>

namespace keyhold::server {

/// In the order in which they are looked for: claims are read only once the signature is known to be good.
enum class TokenProblem {
  too_large,
  malformed,
  header_refused,
  algorithm,
  unknown_key,
  bad_signature,
  bad_claim,
  no_expiry,
  expired,
  not_yet_valid,
  wrong_issuer,
  wrong_audience,
  no_subject,
  bad_subject,
};

/// The stable name, e.g. "bad_signature".
std::string_view name(TokenProblem problem) noexcept;
std::string_view sentence(TokenProblem problem) noexcept;

}  // namespace keyhold::server
