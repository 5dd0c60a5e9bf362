// digest: BLAKE2b-256 (RFC 7693), unkeyed, for saying exactly which bytes are meant. Not for secrets.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"

namespace keyhold {

using Digest = std::array<std::uint8_t, 32>;

Digest digest_of(ByteView bytes) noexcept;

}  // namespace keyhold
