#include "crypto/pkce.h"

#include "base/base64.h"
#include "crypto/sha256.h"

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
  // REVEAL: hashed.
  return encode_base64url(sha256_of(verifier.reveal()));
}

}  // namespace keyhold
