// system_rng: the operating system's or browser's random generator, through libsodium.
#pragma once

#include "base/rng.h"

namespace keyhold {

class SystemRng final : public Rng {
 public:
  void fill(std::span<std::uint8_t> out) override;
};

}  // namespace keyhold
