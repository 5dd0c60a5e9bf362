// kdf: from a passphrase to a slot key, slowly on purpose. Argon2id (RFC 9106), one lane.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/keys.h"

namespace keyhold {

inline constexpr std::size_t kSaltBytes = 16;
inline constexpr std::size_t kMaxPassphraseBytes = 4096;
using Salt = std::array<std::uint8_t, kSaltBytes>;

/// Cost of one derivation. `from` is the only way to a custom one, so whoever holds a KdfParams holds a checked one.
class KdfParams {
 public:
  static constexpr std::int64_t kMinPasses = 2;
  static constexpr std::int64_t kMaxPasses = 10;
  static constexpr std::int64_t kMinMemKib = 19 * 1024;         // OWASP Password Storage Cheat Sheet
  static constexpr std::int64_t kMaxMemKib = 1024 * 1024;       // refused before any memory is taken
  static constexpr std::int64_t kMaxWorkKib = 4 * 1024 * 1024;  // passes x memory: bounds the time, too

  /// ERR_KDF_BOUNDS outside floor and ceiling.
  static Result<KdfParams> from(std::int64_t passes, std::int64_t mem_kib);
  /// t = 3, m = 64 MiB.
  static KdfParams standard() noexcept { return {3, 64 * 1024}; }
  /// The rung of a fixed ladder, from the standard upwards, that should take at most about 500 ms on a device where
  /// the standard takes `standard_ms`. At most 256 MiB, so that a vault made on a desktop opens on a phone.
  static KdfParams calibrated(double standard_ms) noexcept;

  std::uint32_t passes() const noexcept { return passes_; }
  std::uint32_t mem_kib() const noexcept { return mem_kib_; }
  bool operator==(const KdfParams&) const = default;

 private:
  KdfParams(std::uint32_t passes, std::uint32_t mem_kib) noexcept : passes_(passes), mem_kib_(mem_kib) {}
  std::uint32_t passes_;
  std::uint32_t mem_kib_;
};

/// Deterministic. `passphrase` is UTF-8 in form NFKC (the caller normalised it), 1 to 4096 bytes, NUL allowed.
/// ERR_BAD_PASSPHRASE for other lengths, ERR_KDF_MEMORY if the memory cannot be had.
Result<SlotKey> derive_slot_key(const SecretBytes& passphrase, const Salt& salt, KdfParams params);

}  // namespace keyhold
