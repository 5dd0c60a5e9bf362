// vault.cpp: opening, closing and looking. Changes are in vault_changes.cpp.
#include "vault/vault.h"

#include <algorithm>

namespace keyhold {

namespace {

constexpr std::string_view kRecordPrefix = "record/";
constexpr std::string_view kSlotPrefix = "slot/";
constexpr std::string_view kLedgerPrefix = "ledger/";

const Settings kNoSettings;

}  // namespace

Vault::Keys::Keys(const RootKey& root)
    : record(derive_subkey(root, SubKeyId::record)),
      manifest(derive_subkey(root, SubKeyId::manifest)),
      settings(derive_subkey(root, SubKeyId::settings)),
      ledger(derive_subkey(root, SubKeyId::ledger)) {}

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
    Opened fresh(std::move(opened_->keys));
    opened_.reset();
    // The keys must still open the manifest: otherwise this is another vault, or one with a new root key.
    const auto manifest = rows_.find("manifest");
    if (manifest == rows_.end() || !open_manifest(manifest->second, vault, fresh.keys.manifest))
      return Errc::ERR_LOCKED;
    read_rows(fresh, vault);
    opened_.emplace(std::move(fresh));
  }
  return state();
}

Result<SlotFields> Vault::passphrase_slot() const {
  if (state() != VaultState::locked) return Errc::ERR_WRONG_STATE;
  Errc error = Errc::ERR_BAD_FORMAT;  // no slot at all
  for (const auto& [key, bytes] : rows_) {
    if (!key.starts_with(kSlotPrefix)) continue;
    const auto envelope = parse_envelope(bytes);
    if (envelope && row_key(envelope->header.purpose, envelope->header.id) == key) return *envelope->header.slot;
    error = envelope ? Errc::ERR_SWAPPED : envelope.error();
  }
  return error;
}

Result<void> Vault::unlock(const SlotKey& slot_key) {
  KEYHOLD_TRY([[maybe_unused]] const SlotFields fields, passphrase_slot());
  Errc error = Errc::ERR_CANNOT_UNLOCK;
  for (const auto& [key, bytes] : rows_) {
    if (!key.starts_with(kSlotPrefix)) continue;
    const auto envelope = parse_envelope(bytes);
    if (!envelope || row_key(envelope->header.purpose, envelope->header.id) != key) continue;
    const auto root = open_slot(*envelope, slot_key);
    if (!root) {
      error = root.error();
      continue;
    }
    Opened opened{Keys(*root)};
    read_rows(opened, envelope->header.vault);
    opened_.emplace(std::move(opened));
    return {};
  }
  return error;
}

void Vault::lock() noexcept {
  opened_.reset();
  staged_.reset();
}

// Reads the manifest and every row it vouches for. A damaged row becomes a finding and spoils nothing else.
void Vault::read_rows(Opened& into, std::string_view vault) const {
  into.manifest.vault = vault;
  std::vector<Finding> findings;
  const auto read = [&](const std::string& key, const Envelope& envelope) {
    if (const auto outcome = read_row(into, envelope); !outcome) {
      findings.push_back({outcome.error(), Finding::Kind::altered, key});
    }
  };
  const auto row = rows_.find("manifest");
  auto manifest = row == rows_.end() ? Result<Manifest>(Errc::ERR_NOT_FOUND)
                                     : open_manifest(row->second, vault, into.keys.manifest);
  if (manifest) {
    into.manifest = *std::move(manifest);
    into.manifest_sound = true;
    into.findings = compare(into.manifest, rows_, read);
  } else {
    const auto kind = row == rows_.end() ? Finding::Kind::missing : Finding::Kind::altered;
    findings.push_back({manifest.error(), kind, "manifest"});
    for (const auto& [key, bytes] : rows_) {
      if (const auto envelope = parse_row(key, bytes, vault)) read(key, *envelope);
    }
  }
  for (const auto& [key, bytes] : ledger_rows_) {
    if (const auto outcome = read_ledger_row(into, key, bytes); !outcome) {
      findings.push_back({outcome.error(), Finding::Kind::altered, key});
    }
  }
  into.findings.insert(into.findings.end(), findings.begin(), findings.end());
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

std::vector<Finding> Vault::findings() const { return opened_ ? opened_->findings : std::vector<Finding>(); }

std::vector<const Record*> Vault::records() const {
  std::vector<const Record*> records;
  if (!opened_) return records;
  for (const auto& [id, record] : opened_->records) {
    // Keys are mostly added one after the other, so the place is near the end.
    auto place = records.end();
    while (place != records.begin() && record.created_at < (*std::prev(place))->created_at) --place;
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

void Vault::note_used(std::string_view id, UnixMs now) {
  if (find(id) == nullptr) return;
  opened_->ledger[std::string(id)].last_used_at = now;
  opened_->ledger_changed.emplace(id);
}

void Vault::note_checked(std::string_view id, std::string_view code, UnixMs now) {
  if (find(id) == nullptr) return;
  opened_->ledger[std::string(id)].last_check = LedgerRow::Check{now, std::string(code)};
  opened_->ledger_changed.emplace(id);
}

Rows Vault::take_ledger() {
  Rows rows;
  if (!opened_) return rows;
  for (const std::string& id : opened_->ledger_changed) {
    LedgerRow& row = opened_->ledger[id];
    ++row.rev;
    std::string key = std::string(kLedgerPrefix).append(id);
    Bytes bytes = seal_ledger_row(row, opened_->manifest.vault, id, opened_->keys.ledger, rng_);
    ledger_rows_.insert_or_assign(key, bytes);
    rows.emplace(std::move(key), std::move(bytes));
  }
  opened_->ledger_changed.clear();
  return rows;
}

}  // namespace keyhold
