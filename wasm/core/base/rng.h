// rng: where entropy comes from. An interface, so that tests can be deterministic; the only production
// implementation is SystemRng in crypto/.
#pragma once

#include <cstdint>
#include <span>

namespace keyhold {

class Rng {
 public:
  virtual ~Rng() = default;
  virtual void fill(std::span<std::uint8_t> out) = 0;
};

}  // namespace keyhold
