// aead: XChaCha20-Poly1305 with a random nonce (draft-irtf-cfrg-xchacha-03). Does not know what it seals.
#pragma once

#include <cstddef>

#include "base/bytes.h"
#include "base/result.h"
#include "base/rng.h"
#include "base/secret.h"

namespace keyhold {

inline constexpr std::size_t kNonceBytes = 24;
inline constexpr std::size_t kTagBytes = 16;

/// `key` has 32 bytes. Gives nonce (24) | ciphertext | tag (16).
Bytes aead_seal(ByteView key, ByteView associated, ByteView plaintext, Rng& rng);

/// Opens what aead_seal made. ERR_TAMPERED if key, associated data or any byte differs; nothing is revealed then.
Result<SecretBytes> aead_open(ByteView key, ByteView associated, ByteView sealed);

}  // namespace keyhold
