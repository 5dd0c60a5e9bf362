#include "server/token/algorithm.h"

namespace keyhold::server {

std::optional<Algorithm> algorithm_named(std::string_view alg) noexcept {
  if (alg == "HS256") return Algorithm::hs256;
  if (alg == "RS256") return Algorithm::rs256;
  if (alg == "ES256") return Algorithm::es256;
  if (alg == "EdDSA" || alg == "Ed25519") return Algorithm::eddsa;
  return std::nullopt;
}

}  // namespace keyhold::server
