#include "crypto/aead.h"

#include <sodium.h>

namespace keyhold {

static_assert(kNonceBytes == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
static_assert(kTagBytes == crypto_aead_xchacha20poly1305_ietf_ABYTES);

Bytes aead_seal(ByteView key, ByteView associated, ByteView plaintext, Rng& rng) {
  if (key.size() != crypto_aead_xchacha20poly1305_ietf_KEYBYTES) __builtin_trap();
  Bytes sealed(kNonceBytes + plaintext.size() + kTagBytes);
  rng.fill(std::span(sealed).first(kNonceBytes));
  crypto_aead_xchacha20poly1305_ietf_encrypt(sealed.data() + kNonceBytes, nullptr, plaintext.data(), plaintext.size(),
                                             associated.data(), associated.size(), nullptr, sealed.data(), key.data());
  return sealed;
}

Result<SecretBytes> aead_open(ByteView key, ByteView associated, ByteView sealed) {
  if (key.size() != crypto_aead_xchacha20poly1305_ietf_KEYBYTES) __builtin_trap();
  if (sealed.size() < kNonceBytes + kTagBytes) return Errc::ERR_BAD_FORMAT;
  SecretBytes plaintext(sealed.size() - kNonceBytes - kTagBytes);
  const int failed = crypto_aead_xchacha20poly1305_ietf_decrypt(
      plaintext.fill().data(), nullptr, nullptr, sealed.data() + kNonceBytes, sealed.size() - kNonceBytes,
      associated.data(), associated.size(), sealed.data(), key.data());
  if (failed != 0) return Errc::ERR_TAMPERED;
  return plaintext;
}

}  // namespace keyhold
