// vault: the life cycle of a vault and every change to it. Holds no clock, no storage: rows come in, plans go out.
//
//   absent --create--> unlocked <--unlock/lock--> locked
//
// A change is planned, written by the caller in one transaction, then committed. Until commit nothing changes here.
// Not thread-safe. Pointers and references it gives are valid until the next call that is not const.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/rng.h"
#include "base/time.h"
#include "crypto/subkeys.h"
#include "vault/ledger.h"
#include "vault/manifest.h"
#include "vault/record.h"
#include "vault/settings.h"
#include "vault/slot.h"

namespace keyhold {

inline constexpr std::size_t kMaxRecords = 2000;

enum class VaultState { absent, locked, unlocked };

/// A change, to be written in ONE transaction that first compares the stored manifest with `base`.
struct Plan {
  std::optional<Bytes> base;  // what the manifest row must be, byte for byte; nothing: there must be none
  Rows puts;
  std::vector<std::string> deletes;
  std::string id;  // of what was made or changed
};

class Vault {
 public:
  explicit Vault(Rng& rng) : rng_(rng) {}

  VaultState state() const noexcept;

  // --- opening and closing ---

  /// Takes all stored rows, replacing those from before. While unlocked it re-reads them with the keys it has, or, if
  /// they do not fit any more, locks and returns ERR_LOCKED.
  Result<VaultState> load(Rows envelopes, Rows ledger);
  /// What the passphrase must be derived with. ERR_WRONG_STATE unless locked, else what is wrong with the slot.
  Result<SlotFields> passphrase_slot() const;
  /// ERR_CANNOT_UNLOCK for a wrong key. What does not fit the manifest is in findings(); sound records are usable.
  Result<void> unlock(const SlotKey& slot_key);
  /// Wipes every key. Allowed in any state.
  void lock() noexcept;

  // --- looking (empty unless unlocked) ---

  std::vector<Finding> findings() const;
  std::vector<const Record*> records() const;  // oldest first
  const Record* find(std::string_view id) const;
  /// The key used for a provider when none is named; null if there is none.
  const Record* default_record(std::string_view provider) const;
  const Settings& settings() const;
  LedgerRow ledger(std::string_view id) const;

  /// The secret, for a request to `base`. ERR_LOCKED, ERR_NOT_FOUND, ERR_ENDPOINT_MISMATCH, ERR_TAMPERED.
  Result<SecretBytes> open_secret(std::string_view id, std::string_view base) const;

  // --- changing: each is ERR_LOCKED unless unlocked, ERR_WRONG_STATE while another plan is open ---

  /// ERR_WRONG_STATE unless absent.
  Result<Plan> plan_create(const SlotFields& fields, const SlotKey& slot_key);
  /// ERR_BAD_INPUT (label), ERR_TOO_MANY.
  Result<Plan> plan_add(const RecordFields& fields, std::string_view label, std::string_view hint,
                        const SecretBytes& secret, UnixMs now);
  /// A new secret in the old one's place, sealed to the same endpoint.
  Result<Plan> plan_replace(std::string_view id, std::string_view hint, const SecretBytes& secret, UnixMs now);
  Result<Plan> plan_label(std::string_view id, std::string_view label);
  /// Also deletes what is left of a damaged record.
  Result<Plan> plan_delete(std::string_view id);
  Result<Plan> plan_default(std::string_view id);
  Result<Plan> plan_add_endpoint(CustomEndpoint endpoint);
  /// ERR_WRONG_STATE while a key is stored for it.
  Result<Plan> plan_remove_endpoint(std::string_view provider);

  /// The plan is on disk. ERR_WRONG_STATE without a plan, ERR_LOCKED if the vault was locked meanwhile.
  Result<void> commit();
  /// The plan was not written: forget it.
  void abandon() noexcept { staged_.reset(); }

  // --- the ledger: written outside plans, without the manifest ---

  void note_used(std::string_view id, UnixMs now);
  void note_checked(std::string_view id, std::string_view code, UnixMs now);
  /// Rows that changed since last taken, sealed.
  Rows take_ledger();

  /// A new id for a record or a custom endpoint.
  std::string make_id() { return keyhold::make_id(rng_); }

 private:
  struct Keys {
    explicit Keys(const RootKey& root);
    SubKey record, manifest, settings, ledger;
  };
  // All that exists only while unlocked.
  struct Opened {
    explicit Opened(Keys with) : keys(std::move(with)) {}
    Keys keys;
    Manifest manifest;
    bool manifest_sound = false;  // without a sound manifest nothing can be changed, only used
    Settings settings;
    std::map<std::string, Record, std::less<>> records;
    std::map<std::string, LedgerRow, std::less<>> ledger;
    std::set<std::string, std::less<>> ledger_changed;
    std::vector<Finding> findings;
  };
  struct Staged {
    Plan plan;
    Manifest manifest;
    std::optional<Keys> created;  // of a vault being made
  };
  // A plan being put together: a copy of the manifest that follows each put and drop.
  class Draft;

  void read_rows(Opened& into, std::string_view vault) const;
  static Result<void> read_row(Opened& into, const Envelope& envelope);
  static Result<void> read_ledger_row(Opened& into, const std::string& key, ByteView bytes);
  Result<Draft> draft();
  Result<Plan> stage(Draft draft);

  Rng& rng_;
  Rows rows_;
  Rows ledger_rows_;
  std::optional<Opened> opened_;
  std::optional<Staged> staged_;
};

}  // namespace keyhold
