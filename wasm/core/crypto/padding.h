// padding: hides how long a secret is (ISO/IEC 7816-4, libsodium's sodium_pad) by rounding up to whole blocks.
#pragma once

#include <cstddef>

#include "base/result.h"
#include "base/secret.h"

namespace keyhold {

inline constexpr std::size_t kPadBlock = 256;

/// `size` content bytes, written by the caller through fill().first(size), followed by padding to a whole block.
SecretBytes padded(std::size_t size);
/// Marks where the content ends; call after writing the content.
void pad(SecretBytes& bytes, std::size_t content_size) noexcept;
/// Number of content bytes. ERR_BAD_FORMAT if the padding is not what pad() writes.
Result<std::size_t> unpadded_size(ByteView bytes) noexcept;

}  // namespace keyhold
