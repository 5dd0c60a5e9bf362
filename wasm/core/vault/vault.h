// vault: the life cycle of a vault and every change to it. Holds no clock, no storage: rows come in, plans go out.
//
//   absent --create--> unlocked <--unlock/lock--> locked
//
// A change is planned, written by the caller in one transaction, then committed. Until commit nothing changes here.
// Not thread-safe. Pointers and references it gives are valid until the next call that is not const.
#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/function_ref.h"
#include "base/rng.h"
#include "base/time.h"
#include "crypto/subkeys.h"
#include "crypto/ways_in.h"
#include "vault/audit.h"
#include "vault/backup.h"
#include "vault/ledger.h"
#include "vault/manifest.h"
#include "vault/receipt_book.h"
#include "vault/record.h"
#include "vault/settings.h"
#include "vault/slot.h"
#include "vault/usage_book.h"

namespace keyhold {

inline constexpr std::size_t kMaxRecords = 2000;
inline constexpr std::size_t kMaxSlots = 16;

enum class VaultState { absent, locked, unlocked };

/// A change, to be written in ONE transaction that first compares the stored manifest with `base`. Rows whose key begins
/// with "ledger/", "audit/", or what is_usage_row() knows, are stored apart from the others.
struct Plan {
  std::optional<Bytes> base;  // what the manifest row must be, byte for byte; nothing: there must be none
  Rows puts;
  std::vector<std::string> deletes;
  std::string id;  // of what was made or changed
};

/// A way in, as far as it may be seen. Name and time are known only while unlocked.
struct SlotView {
  std::string id;
  SlotFields fields;
  SlotNote note;
  bool damaged = false;  // not as it was written: it may open nothing any more
};

/// A slot about to be made: its key depends on its id.
struct NewSlot {
  std::string id;
  SlotFields fields;
  std::string name;
};

/// What may be spent on a call, and the row that says so, to be written in the transaction in which it was read.
struct Reserved {
  Hold hold;
  Bytes row;
};

class Vault {
 public:
  explicit Vault(Rng& rng) : rng_(rng) {}

  VaultState state() const noexcept;

  // --- opening and closing ---

  /// Takes all stored rows, replacing those from before. While unlocked it re-reads them with the keys it has, or, if
  /// they do not fit any more, locks and returns ERR_LOCKED.
  Result<VaultState> load(Rows envelopes, Rows ledger);
  /// All but the ledger's and the audit trail's, as stored.
  const Rows& rows() const noexcept { return rows_; }
  /// The copy of this vault that is kept elsewhere: only its manifest is remembered, to notice that an older state of
  /// everything was put back.
  void know_copy(const Rows& copy);
  /// The ways in, passphrases first; those that cannot be read are left out. Also while locked.
  std::vector<SlotView> slots() const;
  /// What the passphrase must be derived with. ERR_WRONG_STATE if absent, else what is wrong with the slot;
  /// ERR_NOT_FOUND if there is none.
  Result<SlotKdf> passphrase_slot() const;
  /// ERR_NOT_FOUND without that slot, ERR_PASSKEY_PRF.
  Result<SlotKey> passkey_key(std::string_view slot, const SecretBytes& prf) const;
  Result<SlotKey> recovery_key(const RecoveryCode& code) const;
  /// ERR_CANNOT_UNLOCK for a wrong key, ERR_SLOT_DAMAGED if no slot is as it was written. What does not
  /// fit the manifest is in findings(); sound records are usable. `failed_before`: wrong attempts since the last unlock.
  Result<void> unlock(const SlotKey& slot_key, UnixMs now = 0, std::int64_t failed_before = 0);
  /// Wipes every key. Allowed in any state.
  void lock() noexcept;

  // --- looking (empty unless unlocked) ---

  Findings findings() const;
  std::vector<const Record*> records() const;  // in the user's order, then oldest first
  const Record* find(std::string_view id) const;
  /// The key used for a provider when none is named; null if there is none.
  const Record* default_record(std::string_view provider) const;
  const Settings& settings() const;
  /// What a page of this origin may do; null if nothing. It may be over.
  const Grant* grant_to(std::string_view origin) const;
  const Grant* find_grant(std::string_view id) const;
  /// Of a key or a grant; null if there is none of that id.
  const Caps* caps_of(std::string_view id) const;
  /// May this provider's keys stand in for one another?
  bool has_failover(std::string_view provider) const;
  LedgerRow ledger(std::string_view id) const;
  /// This vault's id; empty while locked.
  std::string_view id() const;
  /// The slot this vault was opened by.
  std::string_view opened_by() const;
  /// Has any key changed since the last backup?
  bool backup_is_current() const;
  /// Differs when any key was added, changed or deleted. Not to be asked while locked.
  Digest keys_digest() const;
  /// An older state of everything was put back, and nobody has said yet what is to be done. Notes wait until then.
  bool is_rolled_back() const;
  /// `rows`: the audit entries as stored. ERR_LOCKED.
  Result<AuditTrail> audit(const Rows& rows) const;

  /// The secret, for a request to `base`. ERR_LOCKED, ERR_NOT_FOUND, ERR_ENDPOINT_MISMATCH, ERR_TAMPERED.
  Result<SecretBytes> open_secret(std::string_view id, std::string_view base) const;

  // --- changing: each is ERR_LOCKED unless unlocked, ERR_WRONG_STATE while another plan is open ---

  /// ERR_WRONG_STATE unless absent.
  Result<Plan> plan_create(const SlotKdf& kdf, const SlotKey& slot_key, UnixMs now);
  /// ERR_BAD_INPUT (label), ERR_TOO_MANY.
  Result<Plan> plan_add(const RecordFields& fields, std::string_view label, std::string_view hint,
                        const SecretBytes& secret, UnixMs now, std::optional<UnixMs> expires_at = {});
  /// A new secret in the old one's place, sealed to the same endpoint. The old key's end is not the new one's.
  Result<Plan> plan_replace(std::string_view id, std::string_view hint, const SecretBytes& secret, UnixMs now,
                            std::optional<UnixMs> expires_at = {});
  Result<Plan> plan_label(std::string_view id, std::string_view label, UnixMs now);
  Result<Plan> plan_expires(std::string_view id, std::optional<UnixMs> at, UnixMs now);
  /// What the key may cost in a day and in a month. ERR_BAD_INPUT outside 0 to kMaxCapMicroUsd.
  Result<Plan> plan_caps(std::string_view id, const Caps& caps, UnixMs now);
  /// In place of an earlier one to the same origin, whose spending goes on. ERR_TOO_MANY.
  Result<Plan> plan_grant(std::string_view origin, const GrantTerms& terms, UnixMs now);
  /// ERR_NOT_FOUND.
  Result<Plan> plan_revoke(std::string_view id, UnixMs now);
  /// Also deletes what is left of a damaged record.
  Result<Plan> plan_delete(std::string_view id, UnixMs now);
  Result<Plan> plan_default(std::string_view id, UnixMs now);
  /// Keys not named keep their order, behind. ERR_BAD_INPUT if one is named twice or is none.
  Result<Plan> plan_order(const std::vector<std::string>& ids, UnixMs now);
  /// May this provider's keys stand in for one another? ERR_NOT_FOUND without a key of it.
  Result<Plan> plan_failover(std::string_view provider, bool on, UnixMs now);
  /// When the app's key is used for this provider (policy/app_key.h). ERR_TOO_MANY above kMaxAppKeyUses.
  Result<Plan> plan_app_key_use(std::string_view provider, std::string_view use, UnixMs now);
  Result<Plan> plan_add_endpoint(CustomEndpoint endpoint, UnixMs now);
  /// ERR_WRONG_STATE while a key is stored for it.
  Result<Plan> plan_remove_endpoint(std::string_view provider, UnixMs now);
  /// ERR_BAD_INPUT outside kMinLockMinutes and kMaxLockMinutes.
  Result<Plan> plan_lock_minutes(std::int64_t minutes, UnixMs now);
  /// What happened since the last plan without changing anything. Nothing to write: a plan without puts, not staged.
  Result<Plan> plan_notes();

  // --- ways in: `proof` opens a slot now, or it is ERR_CANNOT_UNLOCK (vault_slots.cpp) ---

  /// A second passphrase or recovery code takes the place of the first. ERR_TOO_MANY, ERR_BAD_INPUT (name).
  Result<Plan> plan_put_slot(const SlotKey& proof, const NewSlot& slot, const SlotKey& slot_key, UnixMs now);
  /// Also a slot that somebody put back. ERR_LAST_SLOT for the last one that is not a passkey, ERR_NOT_FOUND.
  Result<Plan> plan_remove_slot(const SlotKey& proof, std::string_view slot, UnixMs now);
  Result<Plan> plan_name_slot(std::string_view slot, std::string_view name, UnixMs now);
  /// A new root key: everything is sealed anew. `kept` opens the slots that stay, `recovery` is made. Other slots go, the
  /// old recovery code with them. `audit_rows` are the entries as stored; those that do not open are left out, and the
  /// new entry says so. The rows of usage may be among them; those that do not open are left as they lie. ERR_TOO_MANY, or
  /// the first of findings().
  Result<Plan> plan_rotate_root(std::span<const SlotKey> kept, const NewSlot& recovery, const SlotKey& recovery_key,
                                const Rows& audit_rows, UnixMs now);
  /// ERR_CANNOT_UNLOCK unless the key opens a slot.
  Result<void> prove(const SlotKey& proof) const;

  // --- the copy kept elsewhere (vault_copy.cpp) ---

  /// Nothing may take the copy's place: it holds a later state, or what is listed in a part of the manifest that is lost.
  bool copy_must_stay() const;
  /// What to keep as the copy from now on: rows() as they are, but for each that is missing or damaged the one of the
  /// copy until now, if that has it as the manifest lists it. What is broken here stays whole there.
  Rows rows_to_copy(const Rows& copy) const;
  /// Puts back rows that are missing or damaged and are in the copy exactly as the manifest lists them; the manifest
  /// itself, or a page of it, if it is damaged and the copy's is sound. After a rollback: all of the later state.
  /// ERR_NOT_FOUND if the copy has nothing that helps.
  Result<Plan> plan_repair(const Rows& copy, UnixMs now);
  /// It is open, or has a slot as its manifest lists it: somebody can open this vault.
  bool can_be_opened() const;
  /// Makes the copy the vault, locked. Only while there is no vault, or one that nothing can open: else ERR_WRONG_STATE.
  /// ERR_BAD_FORMAT for a copy without a slot and a manifest.
  Result<Plan> plan_recover(const Rows& copy) const;

  /// The older state that was put back stays. ERR_WRONG_STATE without a rollback.
  Result<Plan> plan_keep_state(UnixMs now);
  /// All entries of the activity are lost, as after plan_recover: it begins anew, and says so. ERR_WRONG_STATE if there
  /// were none.
  Result<Plan> plan_restart_trail(UnixMs now);

  // --- backup (backup.h makes the file) ---

  /// A backup was made: remembers when, and of which keys.
  /// `copied_to`: for a page of that origin, and nothing that is kept as a backup; empty for one.
  Result<Plan> plan_backed_up(std::string_view copied_to, UnixMs now);
  /// From now on a file under this key is written after each change. ERR_CANNOT_UNLOCK, ERR_LOCKED; the first finding's
  /// code while there is one.
  Result<Plan> plan_auto_save(const SlotKey& proof, const BackupKey& file, UnixMs now);
  /// ERR_NOT_FOUND if none is written.
  Result<Plan> plan_end_auto_save(UnixMs now);
  /// That file's. ERR_NOT_FOUND; ERR_TAMPERED while there are findings: the file may be all that still has a lost key.
  Result<BackupKey> auto_save_key() const;
  /// All in one transaction. A record's id is that of the one it replaces, or empty for a new one. ERR_TOO_MANY,
  /// ERR_BAD_INPUT (label).
  Result<Plan> plan_import(std::vector<OpenedRecord> records, const std::vector<CustomEndpoint>& endpoints, UnixMs now);

  /// The plan is on disk. ERR_WRONG_STATE without a plan, ERR_LOCKED if the vault was locked meanwhile.
  Result<void> commit();
  /// The plan was not written: forget it.
  void abandon() noexcept { staged_.reset(); }

  // --- the ledger and the audit trail's waiting entries ---

  /// For the audit trail, with the next plan.
  void note(AuditEvent event);

  void note_used(std::string_view id, UnixMs now);
  void note_checked(std::string_view id, std::string_view code, UnixMs now);
  /// An answer held the key itself.
  void note_reflected(std::string_view id, UnixMs now);
  /// How many notes wait for plan_notes().
  std::size_t waiting_notes() const;
  /// Rows that changed since last taken, sealed.
  Rows take_ledger();

  // --- what calls used (vault_usage.cpp; usage_book.h says how it comes to be stored) ---

  /// A call is over.
  void note_call(UsedCall call);
  bool usage_waits() const { return opened_ && !opened_->used.empty(); }
  /// None under a new root key that is being written: they would be sealed with the old one, and come after it.
  std::vector<std::string> usage_rows(const Rows& late) const;
  UsageChange take_usage(const Rows& late, const Rows& stored);
  /// What came of it: until then it is on its way, and read again if it was not written.
  void usage_written(bool done);
  /// At a lock, when nothing can be read any more.
  Rows last_usage();
  /// Holds `micro_usd` for a call. `stored`: the row "spend/" and the key's id, null where there is none. ERR_CAP_REACHED,
  /// saying more in `hit`; ERR_TOO_MANY, ERR_NOT_FOUND, ERR_LOCKED, ERR_WRONG_STATE under a new root key.
  Result<Reserved> reserve(std::string_view id, std::int64_t micro_usd, const Bytes* stored, UnixMs now,
                           std::optional<CapHit>& hit);
  /// The call goes on: its hold is put off.
  Result<Bytes> renew(std::string_view id, Hold& hold, const Bytes* stored, UnixMs now);
  Result<Spend> spending(std::string_view id, const Bytes* stored) const;
  Result<UsageHistory> usage(const Rows& rows) const;
  /// Of a call by the app's key (receipt_book.h). Nothing to write while locked, or under a new root key. One that was
  /// refused is noted in the activity.
  UsageChange keep_receipt(const KeptReceipt& receipt, const Rows& stored, UnixMs now);
  Result<ReceiptHistory> receipts(const Rows& rows) const;

  /// A new id for a record or a custom endpoint.
  std::string make_id() { return keyhold::make_id(rng_); }

 private:
  struct Keys {
    explicit Keys(const RootKey& root);
    SubKey record, manifest, settings, ledger, audit, backup;
  };
  // All that exists only while unlocked.
  struct Opened {
    explicit Opened(Keys with) : keys(std::move(with)) {}
    Keys keys;
    std::string slot;  // it was opened by
    /// Else nothing can be changed, only used.
    bool manifest_sound() const { return head_sound && manifest.unread_pages.empty(); }
    Manifest manifest;
    bool head_sound = false;  // the manifest's own row is; its pages are, too, if it has no unread ones
    Settings settings;
    std::map<std::string, Record, std::less<>> records;
    std::map<std::string, LedgerRow, std::less<>> ledger;
    std::set<std::string, std::less<>> ledger_changed;
    Findings findings;
    std::vector<AuditEvent> notes;  // not yet in the trail
    UsedCalls used;                 // not yet in the rows of usage
    std::size_t on_their_way = 0;   // the first of them
  };
  struct Staged {
    Plan plan;
    ManifestHead manifest;
    EntryChanges changes;
    std::size_t notes = 0;       // of Opened::notes, how many the plan takes along
    std::optional<Opened> next;  // of a vault being made, or sealed under a new root key
    bool reread = false;         // what was read before this plan counts no more
  };
  struct Proven {
    RootKey root;
    std::string slot;
  };
  // A plan being put together.
  class Draft;

  void read_rows(Opened& into, std::string_view vault) const;
  static Result<void> read_row(Opened& into, const Envelope& envelope);
  static Result<void> read_ledger_row(Opened& into, const std::string& key, ByteView bytes);
  void look_for_rollback(Opened& opened) const;
  static void carry_over(Opened& from, std::size_t taken, Opened& into);
  void close_day(const std::string& id, LedgerRow& row, UnixMs now);
  std::optional<ManifestFields> stored_head() const;
  std::vector<Envelope> slot_rows() const;
  Errc unreadable_slot() const;
  Result<Proven> open_slot_with(const SlotKey& key) const;
  Result<Proven> proven(const SlotKey& proof) const;
  bool is_listed(std::string_view slot) const;
  Sealing usage_sealing() const;
  UsageBook usage_book() const;
  bool is_resealing() const;
  bool has_key_of(std::string_view provider, std::string_view other_than = {}) const;
  Result<Draft> draft();
  Result<Plan> stage(Draft draft, const AuditEvent& event);
  AuditEvent event_of(AuditAction action, const Record& record, UnixMs now) const;
  Result<Plan> put_settings(Draft draft, Settings settings, const AuditEvent& event);
  Result<Plan> change_record(std::string_view id, AuditAction action, UnixMs now, FunctionRef<void(Record&)> change);

  Rng& rng_;
  Rows rows_;
  Rows ledger_rows_;
  Bytes copy_manifest_;
  std::optional<Opened> opened_;
  std::optional<Staged> staged_;
};

}  // namespace keyhold
