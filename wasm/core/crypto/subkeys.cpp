#include "crypto/subkeys.h"

#include <sodium.h>

namespace keyhold {

static_assert(kKeyBytes == crypto_kdf_KEYBYTES);

SubKey derive_subkey(const RootKey& root, SubKeyId id) {
  constexpr char kContext[crypto_kdf_CONTEXTBYTES + 1] = "keyhold1";
  SecretBytes key(kKeyBytes);
  // REVEAL: the root key's one use is to derive these.
  crypto_kdf_derive_from_key(key.fill().data(), key.size(), static_cast<std::uint64_t>(id), kContext,
                             root.reveal().data());
  return SubKey::from(std::move(key)).value();
}

}  // namespace keyhold
