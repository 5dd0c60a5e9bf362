#include "crypto/digest.h"

#include <sodium.h>

namespace keyhold {

Digest digest_of(ByteView bytes) noexcept {
  Digest digest{};
  crypto_generichash(digest.data(), digest.size(), bytes.data(), bytes.size(), nullptr, 0);
  return digest;
}

}  // namespace keyhold
