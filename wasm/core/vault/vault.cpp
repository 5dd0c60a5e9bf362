// vault.cpp: opening, closing and looking. Changes are in vault_changes.cpp.
#include "vault/vault.h"

#include <algorithm>

namespace keyhold {

namespace {

constexpr std::string_view kRecordPrefix = "record/";
constexpr std::string_view kLedgerPrefix = "ledger/";

constexpr std::size_t kMaxNotes = 1'000;

const Settings kNoSettings;

}  // namespace

Vault::Keys::Keys(const RootKey& root)
    : record(derive_subkey(root, SubKeyId::record)),
      manifest(derive_subkey(root, SubKeyId::manifest)),
      settings(derive_subkey(root, SubKeyId::settings)),
      ledger(derive_subkey(root, SubKeyId::ledger)),
      audit(derive_subkey(root, SubKeyId::audit)),
      backup(derive_subkey(root, SubKeyId::backup)) {}

VaultState Vault::state() const noexcept {
  if (opened_) return VaultState::unlocked;
  // Any row at all counts: a damaged vault is never taken for an absent one and written over.
  return rows_.empty() ? VaultState::absent : VaultState::locked;
}

Result<VaultState> Vault::load(Rows envelopes, Rows ledger) {
  rows_ = std::move(envelopes);
  ledger_rows_ = std::move(ledger);
  staged_.reset();
  if (opened_) {
    const std::string vault = opened_->manifest.vault;
    Opened before = *std::move(opened_);
    opened_.reset();
    Opened fresh(std::move(before.keys));
    fresh.slot = before.slot;
    // The keys must still open the manifest: otherwise this is another vault, or one with a new root key.
    const auto manifest = rows_.find("manifest");
    if (manifest == rows_.end() || !open_manifest(manifest->second, vault, fresh.keys.manifest))
      return Errc::ERR_LOCKED;
    read_rows(fresh, vault);
    look_for_rollback(fresh);
    carry_over(before, 0, fresh);
    opened_.emplace(std::move(fresh));
  }
  return state();
}

Result<void> Vault::unlock(const SlotKey& slot_key, UnixMs now, std::int64_t failed_before) {
  if (state() != VaultState::locked) return Errc::ERR_WRONG_STATE;
  if (slot_rows().empty()) {
    // What is wrong with the slot that is there.
    KEYHOLD_TRY([[maybe_unused]] const SlotKdf kdf, passphrase_slot());
  }
  KEYHOLD_TRY(const Proven proven, open_slot_with(slot_key));
  Opened opened{Keys(proven.root)};
  opened.slot = proven.slot;
  const std::string vault = parse_envelope(rows_.find(row_key(Purpose::slot, proven.slot))->second)->header.vault;
  read_rows(opened, vault);
  look_for_rollback(opened);
  opened_.emplace(std::move(opened));
  if (failed_before > 0) {
    AuditEvent failed(AuditAction::unlock_failed, now);
    failed.code = name(Errc::ERR_CANNOT_UNLOCK);
    failed.count = failed_before;
    note(std::move(failed));
  }
  AuditEvent event{AuditAction::unlock, now};
  event.subject = proven.slot;
  note(std::move(event));
  for (auto& [id, row] : opened_->ledger) close_day(id, row, now);
  return {};
}

void Vault::lock() noexcept {
  opened_.reset();
  staged_.reset();
}

// Reads the manifest and every row it vouches for. A damaged row becomes a finding and spoils nothing else.
void Vault::read_rows(Opened& into, std::string_view vault) const {
  into.manifest.vault = vault;
  const auto read = [&](const std::string& key, const Envelope& envelope) {
    if (const auto outcome = read_row(into, envelope); !outcome) {
      report(into.findings, outcome.error(), Finding::Kind::altered, key);
    }
  };
  const auto row = rows_.find("manifest");
  auto manifest = row == rows_.end() ? Result<Manifest>(Errc::ERR_NOT_FOUND)
                                     : open_manifest(row->second, vault, into.keys.manifest);
  if (manifest) {
    into.manifest = *std::move(manifest);
    into.head_sound = true;
    compare(into.manifest, rows_, into.keys.manifest, read, into.findings);
  } else {
    const auto kind = row == rows_.end() ? Finding::Kind::missing : Finding::Kind::altered;
    report(into.findings, manifest.error(), kind, "manifest");
    for (const auto& [key, bytes] : rows_) {
      if (const auto envelope = parse_row(key, bytes, vault)) read(key, *envelope);
    }
  }
  for (const auto& [key, bytes] : ledger_rows_) {
    if (const auto outcome = read_ledger_row(into, key, bytes); !outcome) {
      report(into.findings, outcome.error(), Finding::Kind::altered, key);
    }
  }
}

// What was noted and is not stored yet, but for the first `taken` notes, goes along into a new reading of the rows.
void Vault::carry_over(Opened& from, std::size_t taken, Opened& into) {
  into.used = std::move(from.used);
  into.on_their_way = from.on_their_way;
  into.notes.assign(from.notes.begin() + static_cast<std::ptrdiff_t>(taken), from.notes.end());
  for (const std::string& id : from.ledger_changed) {
    if (!into.records.contains(id)) continue;
    LedgerRow& row = into.ledger[id];
    const std::int64_t rev = std::max(row.rev, from.ledger[id].rev);
    row = from.ledger[id];
    row.rev = rev;
    into.ledger_changed.emplace(id);
  }
}

// Opens a record or the settings; other rows hold nothing to read.
Result<void> Vault::read_row(Opened& into, const Envelope& envelope) {
  if (envelope.header.purpose == Purpose::record) {
    KEYHOLD_TRY(OpenedRecord opened, open_record(envelope, into.keys.record));
    into.records.insert_or_assign(envelope.header.id, std::move(opened.record));
  } else if (envelope.header.purpose == Purpose::settings) {
    KEYHOLD_TRY(into.settings, open_settings(envelope, into.keys.settings));
  }
  return {};
}

Result<void> Vault::read_ledger_row(Opened& into, const std::string& key, ByteView bytes) {
  KEYHOLD_TRY(const Envelope envelope, parse_row(key, bytes, into.manifest.vault));
  if (envelope.header.purpose != Purpose::ledger) return Errc::ERR_SWAPPED;
  KEYHOLD_TRY(LedgerRow row, open_ledger_row(envelope, into.keys.ledger));
  into.ledger.insert_or_assign(envelope.header.id, std::move(row));
  return {};
}

Findings Vault::findings() const { return opened_ ? opened_->findings : Findings(); }

std::vector<const Record*> Vault::records() const {
  std::vector<const Record*> records;
  if (!opened_) return records;
  for (const std::string& id : opened_->settings.order) {
    if (const Record* record = find(id)) records.push_back(record);
  }
  const auto placed = static_cast<std::ptrdiff_t>(records.size());
  const std::set<std::string_view> named(opened_->settings.order.begin(), opened_->settings.order.end());
  for (const auto& [id, record] : opened_->records) {
    if (named.contains(id)) continue;
    // Keys are mostly added one after the other, so the place is near the end.
    auto place = records.end();
    while (place != records.begin() + placed && record.created_at < (*std::prev(place))->created_at) --place;
    records.insert(place, &record);
  }
  return records;
}

const Record* Vault::find(std::string_view id) const {
  if (!opened_) return nullptr;
  const auto found = opened_->records.find(id);
  return found == opened_->records.end() ? nullptr : &found->second;
}

const Record* Vault::default_record(std::string_view provider) const {
  if (!opened_) return nullptr;
  const auto chosen = opened_->settings.defaults.find(provider);
  if (chosen != opened_->settings.defaults.end()) {
    if (const Record* record = find(chosen->second)) return record;
  }
  const Record* oldest = nullptr;
  for (const auto& [id, record] : opened_->records) {
    if (record.fields.provider != provider) continue;
    if (oldest == nullptr || record.created_at < oldest->created_at) oldest = &record;
  }
  return oldest;
}

const Grant* Vault::grant_to(std::string_view origin) const {
  for (const Grant& grant : settings().grants) {
    if (grant.origin == origin) return &grant;
  }
  return nullptr;
}

const Grant* Vault::find_grant(std::string_view id) const {
  for (const Grant& grant : settings().grants) {
    if (grant.id == id) return &grant;
  }
  return nullptr;
}

bool Vault::has_failover(std::string_view provider) const {
  const auto& allowed = settings().failover;
  return std::find(allowed.begin(), allowed.end(), provider) != allowed.end();
}

const Settings& Vault::settings() const { return opened_ ? opened_->settings : kNoSettings; }

LedgerRow Vault::ledger(std::string_view id) const {
  if (!opened_) return {};
  const auto found = opened_->ledger.find(id);
  return found == opened_->ledger.end() ? LedgerRow{} : found->second;
}

Result<SecretBytes> Vault::open_secret(std::string_view id, std::string_view base) const {
  if (!opened_) return Errc::ERR_LOCKED;
  const Record* record = find(id);
  if (record == nullptr) return Errc::ERR_NOT_FOUND;
  if (record->fields.base != base) return Errc::ERR_ENDPOINT_MISMATCH;
  const std::string key = std::string(kRecordPrefix).append(id);
  KEYHOLD_TRY(const Envelope envelope, parse_row(key, rows_.find(key)->second, opened_->manifest.vault));
  KEYHOLD_TRY(OpenedRecord opened, open_record(envelope, opened_->keys.record));
  return std::move(opened.secret);
}

std::string_view Vault::id() const { return opened_ ? std::string_view(opened_->manifest.vault) : std::string_view(); }

std::string_view Vault::opened_by() const { return opened_ ? std::string_view(opened_->slot) : std::string_view(); }

// Over the digests of all records as the manifest lists them.
Digest Vault::keys_digest() const {
  Bytes digests;
  const auto& entries = opened_->manifest.entries;
  for (auto entry = entries.lower_bound(kRecordPrefix);
       entry != entries.end() && entry->first.starts_with(kRecordPrefix); ++entry) {
    append(digests, entry->second.digest);
  }
  return digest_of(digests);
}

bool Vault::backup_is_current() const {
  return opened_ && opened_->settings.backup && opened_->settings.backup->keys == keys_digest();
}

Result<AuditTrail> Vault::audit(const Rows& rows) const {
  if (!opened_) return Errc::ERR_LOCKED;
  return read_audit(opened_->manifest.audit, rows, opened_->manifest.vault, opened_->keys.audit);
}

void Vault::note(AuditEvent event) {
  if (opened_ && opened_->notes.size() < kMaxNotes) opened_->notes.push_back(std::move(event));
}

// Uses are counted by the day; a day that is over goes to the audit trail.
void Vault::close_day(const std::string& id, LedgerRow& row, UnixMs now) {
  if (row.uses == 0 || !row.last_used_at || *row.last_used_at / kDayMs == now / kDayMs) return;
  AuditEvent event{AuditAction::use, *row.last_used_at};
  if (const Record* record = find(id)) event = event_of(event.action, *record, event.at);
  event.count = row.uses;
  note(std::move(event));
  row.uses = 0;
  opened_->ledger_changed.emplace(id);
}

void Vault::note_used(std::string_view id, UnixMs now) {
  if (find(id) == nullptr) return;
  LedgerRow& row = opened_->ledger[std::string(id)];
  close_day(std::string(id), row, now);
  row.last_used_at = now;
  ++row.uses;
  opened_->ledger_changed.emplace(id);
}

void Vault::note_checked(std::string_view id, std::string_view code, UnixMs now) {
  if (find(id) == nullptr) return;
  opened_->ledger[std::string(id)].last_check = LedgerRow::Check{now, std::string(code)};
  opened_->ledger_changed.emplace(id);
  AuditEvent event = event_of(AuditAction::key_check, *find(id), now);
  event.code = code;
  note(std::move(event));
}

void Vault::note_reflected(std::string_view id, UnixMs now) {
  if (const Record* record = find(id)) {
    AuditEvent event = event_of(AuditAction::key_reflected, *record, now);
    event.code = name(Errc::ERR_KEY_REFLECTED);
    note(std::move(event));
  }
}

// Before somebody has decided, nothing may raise the generation of a state that was put back.
std::size_t Vault::waiting_notes() const { return opened_ && !is_rolled_back() ? opened_->notes.size() : 0; }

Rows Vault::take_ledger() {
  Rows rows;
  // Under a new root key that is being written they would be sealed with the old one: they come after it.
  if (!opened_ || is_resealing()) return rows;
  std::set<std::string, std::less<>> later;
  for (const std::string& id : opened_->ledger_changed) {
    if (staged_) {
      const auto change = staged_->changes.find(row_key(Purpose::record, id));
      if (change != staged_->changes.end() && !change->second) {
        later.emplace(id);  // being deleted: a row written behind it would stay for ever
        continue;
      }
    }
    LedgerRow& row = opened_->ledger[id];
    ++row.rev;
    std::string key = std::string(kLedgerPrefix).append(id);
    Bytes bytes = seal_ledger_row(row, opened_->manifest.vault, id, opened_->keys.ledger, rng_);
    ledger_rows_.insert_or_assign(key, bytes);
    rows.emplace(std::move(key), std::move(bytes));
  }
  opened_->ledger_changed = std::move(later);
  return rows;
}

}  // namespace keyhold
