// slot: one way into the vault: by passphrase, passkey or recovery code. It wraps the root key under a slot key.
#pragma once

#include <string_view>

#include "crypto/keys.h"
#include "vault/envelope.h"

namespace keyhold {

Bytes seal_slot(std::string_view id, std::int64_t rev, std::string_view vault, const SlotFields& fields,
                const SlotKey& slot_key, const RootKey& root, Rng& rng);

/// ERR_CANNOT_UNLOCK if the slot key is not the right one (or the slot was altered: an AEAD cannot tell).
Result<RootKey> open_slot(const Envelope& envelope, const SlotKey& slot_key);

}  // namespace keyhold
