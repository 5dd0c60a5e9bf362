#include "crypto/system_rng.h"

#include <sodium.h>

namespace keyhold {

void SystemRng::fill(std::span<std::uint8_t> out) { randombytes_buf(out.data(), out.size()); }

}  // namespace keyhold
