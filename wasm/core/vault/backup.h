// backup: all keys of a vault in one file, under a passphrase of its own. A random key seals the content, a slot wraps
// that key, as in a vault; nothing in the file opens the vault it came from. Format: docs/vault-format.md.
#pragma once

#include "vault/record.h"
#include "vault/settings.h"
#include "vault/slot.h"

namespace keyhold {

inline constexpr std::size_t kMaxBackupBytes = 8 << 20;
/// A file that asks for more memory than this is opened only when the user says so.
inline constexpr std::uint32_t kUsualMemKib = 256 * 1024;

struct Backup {
  UnixMs made_at = 0;
  std::vector<OpenedRecord> keys;
  std::vector<CustomEndpoint> endpoints;
};

/// What a file is sealed with, and the slot in it that leads there.
struct BackupKey {
  Bytes slot;
  RootKey root;
};

/// `key` was derived from the file's own passphrase, as `kdf` says.
BackupKey make_backup_key(const SlotKdf& kdf, const SlotKey& key, Rng& rng);
Bytes seal_backup(const Backup& backup, const BackupKey& key, Rng& rng);
/// What the file's passphrase must be derived with. ERR_BAD_FORMAT, ERR_KDF_BOUNDS, ERR_TOO_LARGE; ERR_KDF_LARGE above
/// kUsualMemKib, unless `large`.
Result<SlotKdf> backup_kdf(ByteView file, bool large);
/// ERR_CANNOT_UNLOCK for the wrong passphrase; ERR_TAMPERED, ERR_SWAPPED, ERR_BAD_FORMAT. The content is checked for its
/// form only: which provider an address belongs to is the catalogue's to say.
Result<Backup> open_backup(ByteView file, const SlotKey& key);

}  // namespace keyhold
