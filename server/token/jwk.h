// jwk: how one key that tokens are verified with is read (RFC 7517), and what makes it unfit. It never signs.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/secret.h"
#include "server/token/algorithm.h"
#include "server/token/outcome.h"
#include "server/token/public_key.h"

namespace keyhold::server {

inline constexpr std::size_t kMaxKeyIdBytes = 256;
/// Of a shared secret: as much as SHA-256 gives (RFC 7518, section 3.2), and no more than a file of secrets would hold.
inline constexpr std::size_t kMinSecretBytes = 32;
inline constexpr std::size_t kMaxSecretBytes = 1024;
/// Of a document that is one key or a set of keys.
inline constexpr std::size_t kMaxKeyDocumentBytes = std::size_t{64} << 10;

/// Why something is no key, or no set of keys, to verify with.
enum class KeyProblem {
  not_json,
  malformed,
  private_key,
  unsupported,
  not_for_verifying,
  other_algorithm,
  wrong_size,
  published_secret,
  too_many,
  ambiguous,
  no_usable_key,
};

/// The stable name, e.g. "private_key".
std::string_view name(KeyProblem problem) noexcept;
/// One fixed sentence for whoever runs the server. Nothing of the key is in it.
std::string_view sentence(KeyProblem problem) noexcept;

/// A public key or a shared secret, and only ever one that is fit to verify with. Move-only; once made it is only read,
/// so any number of threads may verify with it at once.
class VerifyKey {
 public:
  /// A JWK: kty RSA (kMinRsaBits to kMaxRsaBits), EC on P-256, OKP with Ed25519, or oct (kMinSecretBytes to
  /// kMaxSecretBytes). If there, `kid` has at most kMaxKeyIdBytes, `use` is "sig", `key_ops` has "verify" and `alg`
  /// fits the kind. Other members are ignored, but for private ones. What the JSON reader copied of an oct key is not
  /// wiped: a secret had better come through of_secret.
  static Outcome<VerifyKey, KeyProblem> parse(JsonRef jwk);
  /// The same, of a document. `not_json` if it is not one strict JSON value of at most kMaxKeyDocumentBytes.
  static Outcome<VerifyKey, KeyProblem> parse(std::string_view jwk);
  /// A secret for HS256, with the `kid` that tokens give it, if they give one. `wrong_size`, or `malformed` for an id
  /// over kMaxKeyIdBytes.
  static Outcome<VerifyKey, KeyProblem> of_secret(SecretBytes secret, std::optional<std::string> key_id = std::nullopt);

  Algorithm algorithm() const noexcept { return algorithm_; }
  const std::optional<std::string>& key_id() const noexcept { return key_id_; }

  /// Null if it is a secret. OpenSSL wants it as not const, and only reads it.
  evp_pkey_st* public_key() const noexcept { return public_key_.get(); }
  /// Empty unless it is a secret.
  const SecretBytes& secret() const noexcept { return secret_; }

 private:
  VerifyKey(Algorithm algorithm, std::optional<std::string> key_id, PublicKey public_key, SecretBytes secret);

  Algorithm algorithm_;
  std::optional<std::string> key_id_;
  PublicKey public_key_;
  SecretBytes secret_;
};

}  // namespace keyhold::server
