// vault_auto_save: a backup file that is kept up to date. The vault keeps the file's root key, sealed, so that the file can be
// written anew without its passphrase; whoever sets it up shows a way in, since what is sealed leaves the vault.
#include "vault/draft.h"

namespace keyhold {

namespace {

constexpr std::string_view kId = "autosave";

}  // namespace

Result<Plan> Vault::plan_auto_save(const SlotKey& proof, const BackupKey& file, UnixMs now) {
  KEYHOLD_TRY(Draft draft, this->draft());
  KEYHOLD_CHECK(prove(proof));
  // It would begin with a file that is not written.
  if (!opened_->findings.empty()) return opened_->findings.front().code;
  const Header header{.purpose = Purpose::backup, .vault = draft.vault(), .id = std::string(kId)};
  // REVEAL: the file's root key is sealed for the vault.
  const Body body{"{}", SecretBytes::copy_of(file.root.reveal())};
  Settings settings = opened_->settings;
  settings.auto_save = AutoSave{file.slot, seal_envelope(header, body, opened_->keys.backup.reveal(), rng_)};
  AuditEvent event{AuditAction::auto_save, now};
  event.count = static_cast<std::int64_t>(opened_->records.size());
  return put_settings(std::move(draft), std::move(settings), event);
}

Result<Plan> Vault::plan_end_auto_save(UnixMs now) {
  KEYHOLD_TRY(Draft draft, this->draft());
  Settings settings = opened_->settings;
  if (!settings.auto_save) return Errc::ERR_NOT_FOUND;
  settings.auto_save.reset();
  return put_settings(std::move(draft), std::move(settings), {AuditAction::auto_save_end, now});
}

Result<BackupKey> Vault::auto_save_key() const {
  if (!opened_) return Errc::ERR_LOCKED;
  const auto& kept = opened_->settings.auto_save;
  if (!kept) return Errc::ERR_NOT_FOUND;
  if (!opened_->findings.empty()) return Errc::ERR_TAMPERED;
  KEYHOLD_TRY(const Envelope slot, parse_envelope(kept->slot));
  if (!slot.header.slot) return Errc::ERR_BAD_FORMAT;
  KEYHOLD_TRY(const Envelope envelope, parse_envelope(kept->key));
  if (envelope.header.vault != opened_->manifest.vault || envelope.header.id != kId) return Errc::ERR_SWAPPED;
  // REVEAL: the subkey opens.
  KEYHOLD_TRY(Body body, open_envelope(envelope, opened_->keys.backup.reveal()));
  auto root = RootKey::from(std::move(body.secret));
  if (!root) return Errc::ERR_BAD_FORMAT;
  return BackupKey{kept->slot, *std::move(root)};
}

}  // namespace keyhold
