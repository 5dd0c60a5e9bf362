// sha256: SHA-256, where a format of others wants it (PKCE, thumbprints of keys). Not for secrets' own protection.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"

namespace keyhold {

std::array<std::uint8_t, 32> sha256_of(ByteView bytes) noexcept;

}  // namespace keyhold
