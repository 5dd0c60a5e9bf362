// public_key: how the numbers of a public key become a key of OpenSSL. Ranges are checked here; JSON is not known.
#pragma once

#include <cstddef>
#include <memory>

#include "base/bytes.h"

struct evp_pkey_st;

namespace keyhold::server {

/// Of RSA's modulus.
inline constexpr std::size_t kMinRsaBits = 2048;
inline constexpr std::size_t kMaxRsaBits = 8192;
/// Of a coordinate on P-256 and of a point of Ed25519.
inline constexpr std::size_t kPointBytes = 32;

struct PublicKeyFree {
  void operator()(evp_pkey_st* key) const noexcept;
};
using PublicKey = std::unique_ptr<evp_pkey_st, PublicKeyFree>;

/// Big-endian bytes of a modulus; no matter what, only how long it is.
bool is_rsa_size(ByteView modulus) noexcept;

// Each gives nothing for what is no such key.

/// Big-endian, without a leading zero. The modulus is odd and of a size that is_rsa_size allows; the exponent is odd,
/// from 65537 to 64 bits: with 1 everybody could sign, and small ones have made forgery easy before.
PublicKey rsa_key(ByteView modulus, ByteView exponent);
/// The two coordinates, kPointBytes each. The point is on the curve.
PublicKey p256_key(ByteView x, ByteView y);
/// kPointBytes.
PublicKey ed25519_key(ByteView point);

}  // namespace keyhold::server
