// keys: the kinds of key Keyhold has. They are different types, so that a key that wraps cannot be used to seal.
#pragma once

#include <cstddef>
#include <utility>

#include "base/result.h"
#include "base/rng.h"
#include "base/secret.h"

namespace keyhold {

inline constexpr std::size_t kKeyBytes = 32;

/// 32 secret bytes with one role.
template <class Role>
class Key {
 public:
  /// ERR_BAD_INPUT unless exactly 32 bytes.
  static Result<Key> from(SecretBytes bytes) {
    if (bytes.size() != kKeyBytes) return Errc::ERR_BAD_INPUT;
    return Key(std::move(bytes));
  }
  static Key make(Rng& rng) {
    SecretBytes bytes(kKeyBytes);
    rng.fill(bytes.fill());
    return Key(std::move(bytes));
  }
  /// Callers say why, in a REVEAL comment.
  ByteView reveal() const noexcept { return bytes_.reveal(); }
  /// Ends the key in place.
  void wipe() noexcept { bytes_.wipe(); }

 private:
  explicit Key(SecretBytes bytes) noexcept : bytes_(std::move(bytes)) {}
  SecretBytes bytes_;
};

/// Comes from a passphrase, a passkey or a recovery code and wraps the root key. Nothing else.
using SlotKey = Key<struct SlotRole>;
/// Random, one per vault. Only derives subkeys.
using RootKey = Key<struct RootRole>;
/// Derived from the root key, one per purpose; seals envelopes of that purpose.
using SubKey = Key<struct SubRole>;

}  // namespace keyhold
