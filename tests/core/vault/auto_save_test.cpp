// The backup file that follows every change: what opens it, who may set it up, and when it is better left alone.
#include "vault/all_ways.h"
#include "vault/backup.h"

using namespace keyhold;
using namespace keyhold::test;

namespace {

struct Saving : Ways {
  SlotKey file_passphrase = slot_key(77);

  void begin() {
    apply(vault, shelf, vault.plan_auto_save(slot_key(), make_backup_key(slot_fields(), file_passphrase, rng), 3000));
  }
  /// As the session writes it; only names and secrets matter here.
  Bytes file_of(const Vault& of) {
    auto key = of.auto_save_key();
    REQUIRE(key.ok());
    Backup backup;
    for (const Record* record : of.records()) {
      backup.keys.push_back({*record, *of.open_secret(record->id, record->fields.base)});
    }
    return seal_backup(backup, *key, rng);
  }
  std::set<std::string> secrets_in(ByteView file, const SlotKey& with) {
    const auto backup = open_backup(file, with);
    REQUIRE(backup.ok());
    std::set<std::string> secrets;
    for (const OpenedRecord& key : backup->keys) secrets.insert(text_of(key.secret));
    return secrets;
  }
};

}  // namespace

TEST_CASE_METHOD(Saving,
                 "auto-save: each file opens with the passphrase of the first, in any later life of the vault") {
  begin();
  CHECK(secrets_in(file_of(vault), file_passphrase) == std::set<std::string>{"sk-first-key", "sk-second-key"});
  add(vault, shelf, "third", "sk-third-key");
  const Bytes later = file_of(vault);
  CHECK(secrets_in(later, file_passphrase).contains("sk-third-key"));
  CHECK(open_backup(later, slot_key()).error() == Errc::ERR_CANNOT_UNLOCK);
  // Nothing but the vault's own ways leads to the file's key again.
  Vault again = opened(rng, shelf, by_code());
  CHECK(secrets_in(file_of(again), file_passphrase).size() == 3);
  require_whole(again, shelf);
  CHECK(again.audit(shelf.audit)->entries.back().event.action == AuditAction::key_add);
}

TEST_CASE_METHOD(Saving, "auto-save: two files of the same keys share no sealed content, only the slot") {
  begin();
  const Bytes one = file_of(vault);
  const Bytes other = file_of(vault);
  REQUIRE(one.size() == other.size());
  const auto differs = std::mismatch(one.begin(), one.end(), other.begin()).first - one.begin();
  CHECK(static_cast<std::size_t>(differs) >= vault.settings().auto_save->slot.size());
  CHECK(one != other);
}

TEST_CASE_METHOD(Saving, "auto-save: it begins with a proof, and with nothing less") {
  const BackupKey key = make_backup_key(slot_fields(), file_passphrase, rng);
  CHECK(vault.plan_auto_save(slot_key(9), key, 3000).error() == Errc::ERR_CANNOT_UNLOCK);
  CHECK_FALSE(vault.settings().auto_save.has_value());
  CHECK(vault.auto_save_key().error() == Errc::ERR_NOT_FOUND);
  CHECK(vault.plan_end_auto_save(3000).error() == Errc::ERR_NOT_FOUND);
  begin();
  CHECK(vault.audit(shelf.audit)->entries.back().event.action == AuditAction::auto_save);
  vault.lock();
  CHECK(vault.auto_save_key().error() == Errc::ERR_LOCKED);
  CHECK(vault.plan_auto_save(slot_key(), key, 3000).error() == Errc::ERR_LOCKED);
}

TEST_CASE_METHOD(Saving, "auto-save: a vault that lost a key writes nothing over the file that still has it") {
  begin();
  REQUIRE(vault.auto_save_key().ok());
  shelf.envelopes.erase("record/" + first);
  Vault damaged = opened(rng, shelf, slot_key());
  REQUIRE_FALSE(damaged.findings().empty());
  CHECK(damaged.auto_save_key().error() == Errc::ERR_TAMPERED);
  const BackupKey another = make_backup_key(slot_fields(), file_passphrase, rng);
  CHECK(damaged.plan_auto_save(slot_key(), another, 4000).error() == damaged.findings().front().code);
  // Given up knowingly, it is a change like any other.
  apply(damaged, shelf, damaged.plan_delete(first, 4000));
  CHECK(secrets_in(file_of(damaged), file_passphrase) == std::set<std::string>{"sk-second-key"});
}

TEST_CASE_METHOD(Saving, "auto-save: it ends on demand, and with the root key, which could have told its own") {
  begin();
  apply(vault, shelf, vault.plan_end_auto_save(5000));
  CHECK(vault.auto_save_key().error() == Errc::ERR_NOT_FOUND);
  CHECK(vault.audit(shelf.audit)->entries.back().event.action == AuditAction::auto_save_end);
  begin();
  change_passphrase(vault, shelf, slot_key(), 3);
  CHECK(vault.auto_save_key().ok());
  const NewSlot recovery = new_recovery(vault);
  const SlotKey recovery_key = recovery_code(2).slot_key(vault_id(shelf), recovery.id);
  apply(vault, shelf, vault.plan_rotate_root(kept(slot_key(3)), recovery, recovery_key, shelf.audit, 6000));
  CHECK(vault.auto_save_key().error() == Errc::ERR_NOT_FOUND);
  require_whole(opened(rng, shelf, slot_key(3)), shelf);
}

TEST_CASE_METHOD(Saving, "auto-save: what the settings say of it is refused in any other form") {
  begin();
  const std::string id = vault_id(shelf);
  const SubKey key = derive_subkey(RootKey::make(rng), SubKeyId::settings);
  const auto reopened = [&](AutoSave kept) {
    Settings settings = vault.settings();
    settings.auto_save = std::move(kept);
    return open_settings(*parse_envelope(seal_settings(settings, id, key, rng)), key);
  };
  const AutoSave sound = *vault.settings().auto_save;
  REQUIRE(reopened(sound).ok());
  CHECK(reopened(sound)->auto_save->slot == sound.slot);
  // 768 bytes are 1,024 characters.
  CHECK(reopened({Bytes(768, 1), sound.key}).ok());
  CHECK(reopened({Bytes(769, 1), sound.key}).error() == Errc::ERR_BAD_JSON);
  CHECK(reopened({sound.slot, Bytes(769, 1)}).error() == Errc::ERR_BAD_JSON);
}
