#include "crypto/padding.h"

#include <sodium.h>

namespace keyhold {

SecretBytes padded(std::size_t size) { return SecretBytes((size / kPadBlock + 1) * kPadBlock); }

void pad(SecretBytes& bytes, std::size_t content_size) noexcept {
  std::size_t padded_size = 0;
  if (sodium_pad(&padded_size, bytes.fill().data(), content_size, kPadBlock, bytes.size()) != 0 ||
      padded_size != bytes.size()) {
    __builtin_trap();
  }
}

Result<std::size_t> unpadded_size(ByteView bytes) noexcept {
  std::size_t size = 0;
  if (bytes.empty() || bytes.size() % kPadBlock != 0) return Errc::ERR_BAD_FORMAT;
  if (sodium_unpad(&size, bytes.data(), bytes.size(), kPadBlock) != 0) return Errc::ERR_BAD_FORMAT;
  return size;
}

}  // namespace keyhold
