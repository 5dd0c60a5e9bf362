// pkce: proof that whoever ends a login began it (RFC 7636, method S256).
#pragma once

#include <cstddef>
#include <string>

#include "base/rng.h"
#include "base/secret.h"

namespace keyhold {

/// 32 bytes in base64url.
inline constexpr std::size_t kPkceBytes = 43;

/// 32 random bytes as text: what stays here until the login ends.
SecretBytes make_verifier(Rng& rng);
/// What goes out at the beginning. It says nothing of the verifier.
std::string challenge_of(const SecretBytes& verifier);

}  // namespace keyhold
