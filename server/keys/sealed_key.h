// sealed_key: a provider's key as it lies in the database: sealed under the operator's master key, for one provider and one
// organisation, and of no use anywhere else.
#pragma once

#include <string>
#include <string_view>

#include "crypto/keys.h"
#include "server/quota/types.h"

namespace keyhold::server {

inline constexpr std::size_t kMaxKeyBytes = 8192;
inline constexpr std::size_t kHintLength = 4;

/// The operator's, from the environment. It seals, and opens, keys of providers.
using MasterKey = Key<struct MasterRole>;

/// As `keyhold-server key new-master` prints one: 32 bytes in base64url, 43 characters. Nothing for any other text.
std::optional<MasterKey> parse_master_key(std::string_view text);

/// `key` is 1..kMaxKeyBytes. XChaCha20-Poly1305 (the core's), in base64url; `place` is what it is bound to.
std::string seal_key(const MasterKey& master, const KeyPlace& place, ByteView key, Rng& rng);
/// Nothing if it was sealed for another place or under another master key, or if anything of it was changed.
std::optional<SecretBytes> open_key(const MasterKey& master, const KeyPlace& place, std::string_view sealed);

/// Why this cannot be a provider's key, for whoever entered it; "" if it can: 8..kMaxKeyBytes of printable ASCII without spaces.
std::string_view fault_of_key(std::string_view key) noexcept;
/// The last characters, to tell a key by.
std::string hint_of_key(std::string_view key);

}  // namespace keyhold::server
