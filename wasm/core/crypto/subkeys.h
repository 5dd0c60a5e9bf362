// subkeys: one key per purpose out of the root key (libsodium's crypto_kdf: keyed BLAKE2b with a context).
#pragma once

#include <cstdint>

#include "crypto/keys.h"

namespace keyhold {

/// The numbers are part of format 1 and never change meaning.
enum class SubKeyId : std::uint64_t {
  record = 1,
  manifest = 2,
  audit = 3,
  ledger = 4,
  settings = 5,
  grants = 6,
  shadow = 7,  // not in use
  backup = 8,
};

/// Deterministic; context "keyhold1".
SubKey derive_subkey(const RootKey& root, SubKeyId id);

}  // namespace keyhold
