// vault_changes: how a change becomes a plan, and a plan the vault's state.
#include <algorithm>

#include "vault/vault.h"

namespace keyhold {

class Vault::Draft {
 public:
  Draft(Manifest manifest, std::optional<Bytes> base) : manifest_(std::move(manifest)) { plan_.base = std::move(base); }

  const std::string& vault() const { return manifest_.vault; }

  void put(Bytes bytes) {
    const Header header = parse_envelope(bytes)->header;  // sealed a moment ago
    std::string key = row_key(header.purpose, header.id);
    manifest_.entries.insert_or_assign(key, manifest_entry(header, bytes));
    plan_.puts.insert_or_assign(std::move(key), std::move(bytes));
  }

  void drop(std::string key) {
    manifest_.entries.erase(key);
    plan_.deletes.push_back(std::move(key));
  }

  void name(std::string_view id) { plan_.id = id; }

  Staged finish(const SubKey& manifest_key, Rng& rng) && {
    plan_.puts.insert_or_assign("manifest", seal_manifest(manifest_, manifest_key, rng));
    return Staged{std::move(plan_), std::move(manifest_), std::nullopt};
  }

 private:
  Manifest manifest_;
  Plan plan_;
};

Result<Vault::Draft> Vault::draft() {
  if (!opened_) return Errc::ERR_LOCKED;
  if (staged_) return Errc::ERR_WRONG_STATE;
  if (!opened_->manifest_sound) return Errc::ERR_TAMPERED;
  Manifest next = opened_->manifest;
  ++next.generation;
  return Draft(std::move(next), rows_.find("manifest")->second);
}

Result<Plan> Vault::stage(Draft draft) {
  staged_.emplace(std::move(draft).finish(opened_->keys.manifest, rng_));
  return staged_->plan;
}

Result<Plan> Vault::plan_create(const SlotFields& fields, const SlotKey& slot_key) {
  if (state() != VaultState::absent || staged_) return Errc::ERR_WRONG_STATE;
  const RootKey root = RootKey::make(rng_);
  Keys keys(root);
  Manifest manifest;
  manifest.vault = make_id();
  Draft draft(std::move(manifest), std::nullopt);
  const std::string slot_id = make_id();
  draft.put(seal_slot(slot_id, draft.vault(), fields, slot_key, root, rng_));
  draft.name(slot_id);
  staged_.emplace(std::move(draft).finish(keys.manifest, rng_));
  staged_->created.emplace(std::move(keys));
  return staged_->plan;
}

Result<Plan> Vault::plan_add(const RecordFields& fields, std::string_view label, std::string_view hint,
                             const SecretBytes& secret, UnixMs now) {
  KEYHOLD_TRY(Draft draft, this->draft());
  KEYHOLD_CHECK(check_label(label));
  if (opened_->records.size() >= kMaxRecords) return Errc::ERR_TOO_MANY;
  if (secret.size() > kMaxSecretBytes) return Errc::ERR_TOO_LARGE;
  Record record;
  record.id = make_id();
  record.fields = fields;
  record.label = label;
  record.hint = hint;
  record.created_at = now;
  record.changed_at = now;
  draft.put(seal_record(record, draft.vault(), secret, opened_->keys.record, rng_));
  draft.name(record.id);
  return stage(std::move(draft));
}

Result<Plan> Vault::plan_replace(std::string_view id, std::string_view hint, const SecretBytes& secret, UnixMs now) {
  KEYHOLD_TRY(Draft draft, this->draft());
  const Record* current = find(id);
  if (current == nullptr) return Errc::ERR_NOT_FOUND;
  if (secret.size() > kMaxSecretBytes) return Errc::ERR_TOO_LARGE;
  Record record = *current;
  ++record.rev;
  record.hint = hint;
  record.changed_at = now;
  draft.put(seal_record(record, draft.vault(), secret, opened_->keys.record, rng_));
  draft.name(id);
  return stage(std::move(draft));
}

Result<Plan> Vault::plan_label(std::string_view id, std::string_view label) {
  KEYHOLD_TRY(Draft draft, this->draft());
  KEYHOLD_CHECK(check_label(label));
  const Record* current = find(id);
  if (current == nullptr) return Errc::ERR_NOT_FOUND;
  KEYHOLD_TRY(const SecretBytes secret, open_secret(id, current->fields.base));
  Record record = *current;
  ++record.rev;
  record.label = label;
  draft.put(seal_record(record, draft.vault(), secret, opened_->keys.record, rng_));
  draft.name(id);
  return stage(std::move(draft));
}

Result<Plan> Vault::plan_delete(std::string_view id) {
  KEYHOLD_TRY(Draft draft, this->draft());
  const std::string key = row_key(Purpose::record, id);
  if (!opened_->manifest.entries.contains(key) && !rows_.contains(key)) return Errc::ERR_NOT_FOUND;
  draft.drop(key);
  // The ledger is outside the manifest; its row goes in the same transaction.
  const std::string ledger_key = row_key(Purpose::ledger, id);
  if (ledger_rows_.contains(ledger_key)) draft.drop(ledger_key);
  Settings settings = opened_->settings;
  if (std::erase_if(settings.defaults, [&](const auto& entry) { return entry.second == id; }) > 0) {
    ++settings.rev;
    draft.put(seal_settings(settings, draft.vault(), opened_->keys.settings, rng_));
  }
  draft.name(id);
  return stage(std::move(draft));
}

Result<Plan> Vault::plan_default(std::string_view id) {
  KEYHOLD_TRY(Draft draft, this->draft());
  const Record* record = find(id);
  if (record == nullptr) return Errc::ERR_NOT_FOUND;
  Settings settings = opened_->settings;
  ++settings.rev;
  settings.defaults.insert_or_assign(record->fields.provider, std::string(id));
  draft.put(seal_settings(settings, draft.vault(), opened_->keys.settings, rng_));
  draft.name(id);
  return stage(std::move(draft));
}

Result<Plan> Vault::plan_add_endpoint(CustomEndpoint endpoint) {
  KEYHOLD_TRY(Draft draft, this->draft());
  Settings settings = opened_->settings;
  if (settings.endpoints.size() >= kMaxCustomEndpoints) return Errc::ERR_TOO_MANY;
  ++settings.rev;
  draft.name(endpoint.id);
  settings.endpoints.push_back(std::move(endpoint));
  draft.put(seal_settings(settings, draft.vault(), opened_->keys.settings, rng_));
  return stage(std::move(draft));
}

Result<Plan> Vault::plan_remove_endpoint(std::string_view provider) {
  KEYHOLD_TRY(Draft draft, this->draft());
  for (const auto& [id, record] : opened_->records) {
    if (record.fields.provider == provider) return Errc::ERR_WRONG_STATE;
  }
  Settings settings = opened_->settings;
  if (std::erase_if(settings.endpoints, [&](const CustomEndpoint& endpoint) { return endpoint.id == provider; }) == 0) {
    return Errc::ERR_NOT_FOUND;
  }
  ++settings.rev;
  draft.put(seal_settings(settings, draft.vault(), opened_->keys.settings, rng_));
  draft.name(provider);
  return stage(std::move(draft));
}

Result<void> Vault::commit() {
  if (!staged_) return opened_ || rows_.empty() ? Errc::ERR_WRONG_STATE : Errc::ERR_LOCKED;
  Staged staged = *std::move(staged_);
  staged_.reset();
  if (staged.created) opened_.emplace(*std::move(staged.created));
  opened_->manifest = std::move(staged.manifest);
  opened_->manifest_sound = true;
  const auto settled = [&](const std::string& key) {
    std::erase_if(opened_->findings, [&](const Finding& finding) { return finding.key == key; });
  };
  for (auto& [key, bytes] : staged.plan.puts) {
    rows_.insert_or_assign(key, std::move(bytes));
    settled(key);
    // Sealed by this plan a moment ago: it opens.
    if (!read_row(*opened_, *parse_envelope(rows_.find(key)->second))) __builtin_trap();
  }
  for (const std::string& key : staged.plan.deletes) {
    rows_.erase(key);
    ledger_rows_.erase(key);
    settled(key);
    const std::string id = key.substr(key.find('/') + 1);
    opened_->records.erase(id);
    opened_->ledger.erase(id);
    opened_->ledger_changed.erase(id);
  }
  return {};
}

}  // namespace keyhold
