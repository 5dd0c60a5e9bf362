#include "crypto/pkce.h"

#include <sodium.h>

#include <array>

#include "base/base64.h"

namespace keyhold {

SecretBytes make_verifier(Rng& rng) {
  SecretBytes bytes(32);
  rng.fill(bytes.fill());
  // REVEAL: into its text, which is copied at once and wiped.
  std::string text = encode_base64url(bytes.reveal());
  SecretBytes verifier = SecretBytes::copy_of(as_bytes(text));
  wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  return verifier;
}

std::string challenge_of(const SecretBytes& verifier) {
  std::array<std::uint8_t, crypto_hash_sha256_BYTES> hash{};
  // REVEAL: hashed.
  const ByteView text = verifier.reveal();
  crypto_hash_sha256(hash.data(), text.data(), text.size());
  return encode_base64url(hash);
}

}  // namespace keyhold
