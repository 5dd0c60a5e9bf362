// secret: bytes that erase themselves. Move-only: a copy would be a second thing to wipe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/bytes.h"

namespace keyhold {

/// Overwrites with zeros in a way the optimiser may not remove.
void wipe(std::span<std::uint8_t> bytes) noexcept;

class SecretBytes {
 public:
  SecretBytes() noexcept = default;
  explicit SecretBytes(std::size_t size);
  /// The caller still owns, and wipes, what it copied from.
  static SecretBytes copy_of(ByteView from);

  SecretBytes(SecretBytes&& from) noexcept;
  SecretBytes& operator=(SecretBytes&& from) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes();  // wiped

  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  /// For writing the secret in.
  std::span<std::uint8_t> fill() noexcept { return {data_.get(), size_}; }
  /// For reading it. Callers say why, in a REVEAL comment.
  ByteView reveal() const noexcept { return {data_.get(), size_}; }
  void wipe() noexcept;

 private:
  std::unique_ptr<std::uint8_t[]> data_;
  std::size_t size_ = 0;
};

}  // namespace keyhold
