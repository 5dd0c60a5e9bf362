#include "base/secret.h"

#include <cstring>
#include <utility>

namespace keyhold {

void wipe(std::span<std::uint8_t> bytes) noexcept {
  if (bytes.empty()) return;
  std::memset(bytes.data(), 0, bytes.size());
  // The optimiser must assume that this reads the zeros.
  __asm__ __volatile__("" : : "r"(bytes.data()) : "memory");
}

SecretBytes::SecretBytes(std::size_t size)
    : data_(size == 0 ? nullptr : std::make_unique<std::uint8_t[]>(size)), size_(size) {}

SecretBytes SecretBytes::copy_of(ByteView from) {
  SecretBytes copy(from.size());
  std::copy(from.begin(), from.end(), copy.fill().begin());
  return copy;
}

SecretBytes::SecretBytes(SecretBytes&& from) noexcept
    : data_(std::move(from.data_)), size_(std::exchange(from.size_, 0)) {}

SecretBytes& SecretBytes::operator=(SecretBytes&& from) noexcept {
  if (this != &from) {
    wipe();
    data_ = std::move(from.data_);
    size_ = std::exchange(from.size_, 0);
  }
  return *this;
}

SecretBytes::~SecretBytes() { wipe(); }

void SecretBytes::wipe() noexcept { keyhold::wipe(fill()); }

}  // namespace keyhold
