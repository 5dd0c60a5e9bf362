// session_keeping: the vault's ways in, its backups and the copy beside it, as the worker asks for them.
#include "session/session.h"
#include "vault/archive.h"

namespace keyhold {

// --- ways in -------------------------------------------------------------------------------------------------------

Result<SlotKey> Session::recovery_key(const SecretBytes& typed) const {
  KEYHOLD_TRY(const RecoveryCode code, RecoveryCode::parse(typed));
  return vault_.recovery_key(code);
}

NewPasskey Session::make_passkey() {
  PasskeyFields fields;
  NewPasskey made{vault_.make_id(), {}, {}};
  for (auto& salt : fields.salts) rng_.fill(salt);
  rng_.fill(made.user_id);
  made.salts = fields.salts;
  passkey_.emplace(NewSlot{made.slot, std::move(fields), {}});
  return made;
}

Result<Plan> Session::plan_add_passkey(const SlotKey& proof, ByteView credential, std::string_view rp,
                                       const SecretBytes& prf, std::string_view name, UnixMs now) {
  if (!passkey_) return Errc::ERR_WRONG_STATE;
  if (credential.empty() || credential.size() > kMaxCredentialBytes || rp.empty() || rp.size() > kMaxRpBytes) {
    return Errc::ERR_BAD_INPUT;
  }
  NewSlot slot = *passkey_;
  slot.name = name;
  auto& fields = *std::get_if<PasskeyFields>(&slot.fields);
  fields.credential = to_bytes(credential);
  fields.rp = rp;
  KEYHOLD_TRY(const SlotKey key, passkey_slot_key(prf, vault_.id(), slot.id));
  return vault_.plan_put_slot(proof, slot, key, now);
}

SecretBytes Session::make_recovery() { return recovery_.emplace(RecoveryCode::make(rng_)).text(); }

Result<Plan> Session::plan_add_recovery(const SlotKey& proof, const SecretBytes& typed, UnixMs now) {
  if (!recovery_) return Errc::ERR_WRONG_STATE;
  if (!recovery_->ends_with(typed)) return Errc::ERR_RECOVERY_TYPED;
  const NewSlot slot{vault_.make_id(), RecoveryFields{}, {}};
  return vault_.plan_put_slot(proof, slot, recovery_->slot_key(vault_.id(), slot.id), now);
}

Result<Plan> Session::plan_change_passphrase(const SlotKey& proof, const SlotKdf& kdf, const SlotKey& slot_key,
                                             UnixMs now) {
  return vault_.plan_put_slot(proof, {vault_.make_id(), kdf, {}}, slot_key, now);
}

Result<Plan> Session::plan_rotate_root(std::span<const SlotKey> kept, const SecretBytes& typed, const Rows& audit,
                                       UnixMs now) {
  if (!recovery_) return Errc::ERR_WRONG_STATE;
  if (!recovery_->ends_with(typed)) return Errc::ERR_RECOVERY_TYPED;
  const NewSlot slot{vault_.make_id(), RecoveryFields{}, {}};
  return vault_.plan_rotate_root(kept, slot, recovery_->slot_key(vault_.id(), slot.id), audit, now);
}

std::optional<SlotKdf> Session::stronger_kdf() {
  const auto present = vault_.passphrase_slot();
  const KdfParams standard = KdfParams::standard();
  if (!present || (present->kdf.passes() >= standard.passes() && present->kdf.mem_kib() >= standard.mem_kib()))
    return {};
  return make_kdf(standard);
}

// --- backup and import ---------------------------------------------------------------------------------------------

SlotKdf Session::make_backup_kdf() {
  const auto own = vault_.passphrase_slot();
  return make_kdf(own ? own->kdf : KdfParams::standard());
}

// A file goes further than the vault, so it is never weaker.
Result<void> Session::check_file_kdf(const SlotKdf& kdf) const {
  if (const auto own = vault_.passphrase_slot();
      own && (kdf.kdf.passes() < own->kdf.passes() || kdf.kdf.mem_kib() < own->kdf.mem_kib())) {
    return Errc::ERR_KDF_BOUNDS;
  }
  return {};
}

Result<Backup> Session::everything(UnixMs now) const {
  Backup backup;
  backup.made_at = now;
  backup.endpoints = vault_.settings().endpoints;
  for (const Record* record : vault_.records()) {
    KEYHOLD_TRY(SecretBytes secret, vault_.open_secret(record->id, record->fields.base));
    backup.keys.push_back({*record, std::move(secret)});
  }
  return backup;
}

Result<Bytes> Session::make_backup(const SlotKey& proof, const SlotKdf& kdf, const SlotKey& file_key, UnixMs now) {
  KEYHOLD_CHECK(vault_.prove(proof));
  KEYHOLD_CHECK(check_file_kdf(kdf));
  KEYHOLD_TRY(const Backup backup, everything(now));
  return seal_backup(backup, make_backup_key(kdf, file_key, rng_), rng_);
}

Result<Plan> Session::plan_auto_save(const SlotKey& proof, const SlotKdf& kdf, const SlotKey& file_key, UnixMs now) {
  KEYHOLD_CHECK(check_file_kdf(kdf));
  return vault_.plan_auto_save(proof, make_backup_key(kdf, file_key, rng_), now);
}

Result<Bytes> Session::auto_save_file(UnixMs now) {
  KEYHOLD_TRY(const BackupKey key, vault_.auto_save_key());
  KEYHOLD_TRY(const Backup backup, everything(now));
  return seal_backup(backup, key, rng_);
}

Result<void> Session::open_backup(ByteView file, const SlotKey& file_key) {
  if (state() != VaultState::unlocked) return Errc::ERR_LOCKED;
  KEYHOLD_TRY(Backup backup, keyhold::open_backup(file, file_key));
  std::erase_if(backup.endpoints, [this](const CustomEndpoint& endpoint) {
    const auto base = Endpoint::parse(endpoint.base);
    return !base || !permits(*base);
  });
  import_ = import_of(std::move(backup), catalogue_, vault_);
  return {};
}

Result<void> Session::open_env(const SecretBytes& text, UnixMs now) {
  if (state() != VaultState::unlocked) return Errc::ERR_LOCKED;
  KEYHOLD_TRY(EnvFile file, read_env_file(catalogue_, text));
  import_ = import_of(std::move(file), vault_, now);
  return {};
}

Result<Plan> Session::plan_import(const std::vector<ImportChoice>& choices, UnixMs now) {
  if (!import_) return Errc::ERR_WRONG_STATE;
  KEYHOLD_TRY(std::vector<OpenedRecord> records, chosen(*import_, choices));
  // Only the endpoints that a key taken over needs.
  std::vector<CustomEndpoint> needed;
  for (const CustomEndpoint& endpoint : import_->endpoints) {
    for (const OpenedRecord& key : records) {
      if (key.record.fields.provider != endpoint.id) continue;
      needed.push_back(endpoint);
      break;
    }
  }
  return vault_.plan_import(std::move(records), needed, now);
}

// --- the copy kept elsewhere ---------------------------------------------------------------------------------------

Result<void> Session::know_copy(ByteView archive) {
  vault_.know_copy({});
  KEYHOLD_TRY(const Rows rows, parse_archive(archive));
  vault_.know_copy(rows);
  return {};
}

Result<Plan> Session::plan_repair(ByteView archive, UnixMs now) {
  KEYHOLD_TRY(const Rows rows, parse_archive(archive));
  return vault_.plan_repair(rows, now);
}

Bytes Session::copy(ByteView before) const {
  if (vault_.copy_must_stay()) return {};
  const auto copied = parse_archive(before);
  return encode_archive(vault_.rows_to_copy(copied ? *copied : Rows()));
}

Result<Plan> Session::plan_recover(ByteView archive) const {
  KEYHOLD_TRY(const Rows rows, parse_archive(archive));
  return vault_.plan_recover(rows);
}

}  // namespace keyhold
