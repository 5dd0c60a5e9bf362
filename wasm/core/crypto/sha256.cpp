#include "crypto/sha256.h"

#include <sodium.h>

namespace keyhold {

std::array<std::uint8_t, 32> sha256_of(ByteView bytes) noexcept {
  std::array<std::uint8_t, crypto_hash_sha256_BYTES> hash{};
  crypto_hash_sha256(hash.data(), bytes.data(), bytes.size());
  return hash;
}

}  // namespace keyhold
