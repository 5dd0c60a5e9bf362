// algorithm: which signatures a token may have. One for each kind of key, so that the key alone decides.
#pragma once

#include <optional>
#include <string_view>

namespace keyhold::server {

enum class Algorithm {
  hs256,  // HMAC with SHA-256, a shared secret
  rs256,  // RSASSA-PKCS1-v1_5 with SHA-256
  es256,  // ECDSA on P-256 with SHA-256
  eddsa,  // Ed25519
};

/// The one that `alg` in a header or a key names: "EdDSA" and, since RFC 9864, "Ed25519" are one. Nothing for any other
/// text: names are compared byte by byte, and "none" is no algorithm in any spelling.
std::optional<Algorithm> algorithm_named(std::string_view alg) noexcept;

}  // namespace keyhold::server
