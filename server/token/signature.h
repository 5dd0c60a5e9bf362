// signature: is this the signature of that key over those bytes? What was signed is not looked at.
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "server/token/jwk.h"

namespace keyhold::server {

/// `asked` is what the token says; false at once unless it is the key's own algorithm, so that no token can have a
/// public key taken for a secret. The signature is as RFC 7518 and RFC 8037 have it: 32 bytes for HS256, as long as the
/// modulus for RS256, r and s of 32 bytes each for ES256, 64 bytes for EdDSA. The HMAC is compared in constant time.
bool verify_signature(const VerifyKey& key, Algorithm asked, std::string_view signing_input, ByteView signature);

}  // namespace keyhold::server
