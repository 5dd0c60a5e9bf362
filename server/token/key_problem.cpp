// key_problem: how each KeyProblem is called and said.
#include "server/token/jwk.h"

namespace keyhold::server {

namespace {

struct Said {
  std::string_view name;
  std::string_view sentence;
};

Said said(KeyProblem problem) noexcept {
  switch (problem) {
    case KeyProblem::not_json:
      return {"not_json", "This is not one JSON document of at most 64 KiB without repeated members."};
    case KeyProblem::malformed:
      return {"malformed", "A member of the key is missing, of the wrong type or not a number of such a key."};
    case KeyProblem::private_key:
      return {"private_key",
              "This is a private key, and verifying needs the public one: replace it everywhere it was shown."};
    case KeyProblem::unsupported: return {"unsupported", "Keys are RSA, EC on P-256, OKP with Ed25519, or oct."};
    case KeyProblem::not_for_verifying:
      return {"not_for_verifying", "The key's use or key_ops says that it is not for verifying signatures."};
    case KeyProblem::other_algorithm:
      return {"other_algorithm", "The key's alg is not the one for its type: RS256, ES256, EdDSA or HS256."};
    case KeyProblem::wrong_size:
      return {"wrong_size", "An RSA key has 2048 to 8192 bits, and a shared secret 32 to 1024 bytes."};
    case KeyProblem::published_secret:
      return {"published_secret",
              "A shared secret is among keys that came from a URL: whoever can read it can make tokens."};
    case KeyProblem::too_many: return {"too_many", "A set has at most 64 keys."};
    case KeyProblem::ambiguous: return {"ambiguous", "Two keys for one algorithm have the same kid."};
    case KeyProblem::no_usable_key: return {"no_usable_key", "The set has no key that tokens can be verified with."};
  }
  return {};
}

}  // namespace

std::string_view name(KeyProblem problem) noexcept { return said(problem).name; }
std::string_view sentence(KeyProblem problem) noexcept { return said(problem).sentence; }

}  // namespace keyhold::server
