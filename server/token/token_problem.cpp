#include "server/token/token_problem.h"

namespace keyhold::server {

namespace {

struct Said {
  std::string_view name;
  std::string_view sentence;
};

Said said(TokenProblem problem) noexcept {
  switch (problem) {
    case TokenProblem::too_large: return {"too_large", "A token has at most 8 KiB."};
    case TokenProblem::malformed:
      return {
          "malformed",
          "This is not three parts in base64url without padding, a JSON header with alg, JSON claims and a signature."};
    case TokenProblem::header_refused:
      return {"header_refused",
              "The token's header has crit, b64, zip, or brings a key of its own (jwk, jku, x5u, x5c)."};
    case TokenProblem::algorithm:
      return {"algorithm",
              "The token's alg is not that of the key it is to be verified with: HS256, RS256, ES256 or EdDSA."};
    case TokenProblem::unknown_key:
      return {"unknown_key",
              "No key here has the token's kid; or it has none, and there are several keys for its alg."};
    case TokenProblem::bad_signature: return {"bad_signature", "The signature is not that of the key over this token."};
    case TokenProblem::bad_claim:
      return {"bad_claim", "exp, nbf and iat are whole seconds since 1970, and aud is a text or a list of at most 16."};
    case TokenProblem::no_expiry: return {"no_expiry", "The token has no exp: one that never ends is not taken."};
    case TokenProblem::expired: return {"expired", "The token's exp has passed."};
    case TokenProblem::not_yet_valid:
      return {"not_yet_valid", "The token's nbf or iat is still to come; compare the two machines' clocks."};
    case TokenProblem::wrong_issuer: return {"wrong_issuer", "The token's iss is not the issuer set here."};
    case TokenProblem::wrong_audience:
      return {"wrong_audience", "The token's aud does not name the audience set here."};
    case TokenProblem::no_subject: return {"no_subject", "The token has no sub, so nobody knows whose it is."};
    case TokenProblem::bad_subject:
      return {"bad_subject", "The token's sub is not a text of 1 to 200 bytes without control characters."};
  }
  return {};
}

}  // namespace

std::string_view name(TokenProblem problem) noexcept { return said(problem).name; }
std::string_view sentence(TokenProblem problem) noexcept { return said(problem).sentence; }

}  // namespace keyhold::server
