// vault_changes: how a change of keys or settings becomes a plan, and a plan the vault's state.
#include <algorithm>

#include "vault/draft.h"

namespace keyhold {

Result<Vault::Draft> Vault::draft() {
  if (!opened_) return Errc::ERR_LOCKED;
  if (staged_) return Errc::ERR_WRONG_STATE;
  if (!opened_->manifest_sound()) return Errc::ERR_TAMPERED;
  Draft draft(opened_->manifest, rows_.find("manifest")->second);
  std::int64_t& generation = draft.manifest().generation;
  // A change settles a rollback: what it makes is later than what the copy has seen.
  if (is_rolled_back()) generation = std::max(generation, parse_envelope(copy_manifest_)->header.rev);
  ++generation;
  return draft;
}

Result<Plan> Vault::stage(Draft draft, const AuditEvent& event) {
  for (const AuditEvent& note : opened_->notes) draft.note(note, opened_->keys.audit, rng_);
  draft.note(event, opened_->keys.audit, rng_);
  staged_.emplace(std::move(draft).finish(opened_->keys.manifest, rng_));
  staged_->notes = opened_->notes.size();
  return staged_->plan;
}

AuditEvent Vault::event_of(AuditAction action, const Record& record, UnixMs now) const {
  AuditEvent event{action, now};
  event.provider = record.fields.provider;
  event.subject = record.id;
  event.label = record.label;
  return event;
}

Result<Plan> Vault::put_settings(Draft draft, Settings settings, const AuditEvent& event) {
  ++settings.rev;
  draft.put(seal_settings(settings, draft.vault(), opened_->keys.settings, rng_));
  return stage(std::move(draft), event);
}

Result<Plan> Vault::plan_create(const SlotKdf& kdf, const SlotKey& slot_key, UnixMs now) {
  if (state() != VaultState::absent || staged_) return Errc::ERR_WRONG_STATE;
  const RootKey root = RootKey::make(rng_);
  Opened next{Keys(root)};
  next.slot = make_id();
  const Manifest manifest{{.vault = make_id()}, {}};
  Draft draft(manifest, std::nullopt);
  draft.put(seal_slot(next.slot, 1, draft.vault(), kdf, slot_key, root, rng_));
  Settings settings;
  settings.rev = 1;
  settings.slots[next.slot].created_at = now;
  draft.put(seal_settings(settings, draft.vault(), next.keys.settings, rng_));
  draft.note({AuditAction::create, now}, next.keys.audit, rng_);
  draft.name(next.slot);
  staged_.emplace(std::move(draft).finish(next.keys.manifest, rng_));
  staged_->next.emplace(std::move(next));
  return staged_->plan;
}

Result<Plan> Vault::plan_add(const RecordFields& fields, std::string_view label, std::string_view hint,
                             const SecretBytes& secret, UnixMs now, std::optional<UnixMs> expires_at) {
  KEYHOLD_TRY(Draft draft, this->draft());
  KEYHOLD_CHECK(check_label(label));
  if (opened_->records.size() >= kMaxRecords) return Errc::ERR_TOO_MANY;
  if (secret.size() > kMaxSecretBytes) return Errc::ERR_TOO_LARGE;
  Record record;
  record.id = make_id();
  record.fields = fields;
  record.label = label;
  record.hint = hint;
  record.created_at = record.changed_at = now;
  // Keys are listed by it, and the oldest is its provider's: of two from one millisecond, the first shall be.
  const auto taken = [&](const auto& row) { return row.second.created_at == record.created_at; };
  while (std::any_of(opened_->records.begin(), opened_->records.end(), taken)) ++record.created_at;
  record.expires_at = expires_at;
  draft.put(seal_record(record, draft.vault(), secret, opened_->keys.record, rng_));
  draft.name(record.id);
  return stage(std::move(draft), event_of(AuditAction::key_add, record, now));
}

Result<Plan> Vault::plan_replace(std::string_view id, std::string_view hint, const SecretBytes& secret, UnixMs now,
                                 std::optional<UnixMs> expires_at) {
  KEYHOLD_TRY(Draft draft, this->draft());
  const Record* current = find(id);
  if (current == nullptr) return Errc::ERR_NOT_FOUND;
  if (secret.size() > kMaxSecretBytes) return Errc::ERR_TOO_LARGE;
  Record record = *current;
  ++record.rev;
  record.hint = hint;
  record.changed_at = now;
  record.expires_at = expires_at;
  draft.put(seal_record(record, draft.vault(), secret, opened_->keys.record, rng_));
  draft.name(id);
  return stage(std::move(draft), event_of(AuditAction::key_replace, record, now));
}

// Facts change, the secret stays: sealed anew under the next revision.
Result<Plan> Vault::change_record(std::string_view id, AuditAction action, UnixMs now,
                                  FunctionRef<void(Record&)> change) {
  KEYHOLD_TRY(Draft draft, this->draft());
  const Record* current = find(id);
  if (current == nullptr) return Errc::ERR_NOT_FOUND;
  KEYHOLD_TRY(const SecretBytes secret, open_secret(id, current->fields.base));
  Record record = *current;
  ++record.rev;
  change(record);
  draft.put(seal_record(record, draft.vault(), secret, opened_->keys.record, rng_));
  draft.name(id);
  return stage(std::move(draft), event_of(action, record, now));
}

Result<Plan> Vault::plan_label(std::string_view id, std::string_view label, UnixMs now) {
  if (!opened_) return Errc::ERR_LOCKED;
  KEYHOLD_CHECK(check_label(label));
  return change_record(id, AuditAction::key_label, now, [&](Record& record) { record.label = label; });
}

Result<Plan> Vault::plan_expires(std::string_view id, std::optional<UnixMs> at, UnixMs now) {
  if (at && (*at < 0 || *at > kMaxTime)) return Errc::ERR_BAD_INPUT;
  return change_record(id, AuditAction::key_expires, now, [&](Record& record) { record.expires_at = at; });
}

Result<Plan> Vault::plan_delete(std::string_view id, UnixMs now) {
  KEYHOLD_TRY(Draft draft, this->draft());
  const std::string key = row_key(Purpose::record, id);
  if (!opened_->manifest.entries.contains(key) && !rows_.contains(key)) return Errc::ERR_NOT_FOUND;
  draft.drop(key);
  // The ledger is outside the manifest; its row goes in the same transaction.
  const std::string ledger_key = row_key(Purpose::ledger, id);
  if (ledger_rows_.contains(ledger_key)) draft.drop(ledger_key);
  draft.drop_apart(row_key(Purpose::spend, id));
  draft.name(id);
  AuditEvent event{AuditAction::key_delete, now};
  event.subject = id;
  if (const Record* record = find(id)) event = event_of(event.action, *record, now);
  Settings settings = opened_->settings;
  std::size_t changed = std::erase_if(settings.defaults, [&](const auto& entry) { return entry.second == id; });
  changed += std::erase(settings.order, id);
  // With a provider's last key what was decided about its keys goes, too.
  if (!has_key_of(event.provider, id)) changed += std::erase(settings.failover, event.provider);
  if (changed == 0) return stage(std::move(draft), event);
  return put_settings(std::move(draft), std::move(settings), event);
}

Result<Plan> Vault::plan_default(std::string_view id, UnixMs now) {
  KEYHOLD_TRY(Draft draft, this->draft());
  const Record* record = find(id);
  if (record == nullptr) return Errc::ERR_NOT_FOUND;
  Settings settings = opened_->settings;
  settings.defaults.insert_or_assign(record->fields.provider, std::string(id));
  draft.name(id);
  return put_settings(std::move(draft), std::move(settings), event_of(AuditAction::key_default, *record, now));
}

Result<Plan> Vault::plan_order(const std::vector<std::string>& ids, UnixMs now) {
  KEYHOLD_TRY(Draft draft, this->draft());
  const std::set<std::string_view> once(ids.begin(), ids.end());
  const bool known = std::all_of(ids.begin(), ids.end(), [&](const std::string& id) { return find(id) != nullptr; });
  if (once.size() != ids.size() || !known) return Errc::ERR_BAD_INPUT;
  Settings settings = opened_->settings;
  settings.order = ids;
  return put_settings(std::move(draft), std::move(settings), {AuditAction::key_order, now});
}

bool Vault::has_key_of(std::string_view provider, std::string_view other_than) const {
  return std::any_of(opened_->records.begin(), opened_->records.end(), [&](const auto& entry) {
    return entry.second.fields.provider == provider && entry.first != other_than;
  });
}

Result<Plan> Vault::plan_failover(std::string_view provider, bool on, UnixMs now) {
  KEYHOLD_TRY(Draft draft, this->draft());
  if (!has_key_of(provider)) return Errc::ERR_NOT_FOUND;
  Settings settings = opened_->settings;
  std::erase(settings.failover, provider);
  if (on) settings.failover.emplace_back(provider);
  AuditEvent event{on ? AuditAction::failover : AuditAction::failover_end, now};
  event.provider = provider;
  return put_settings(std::move(draft), std::move(settings), event);
}

Result<Plan> Vault::plan_app_key_use(std::string_view provider, std::string_view use, UnixMs now) {
  KEYHOLD_TRY(Draft draft, this->draft());
  Settings settings = opened_->settings;
  settings.app_keys.insert_or_assign(std::string(provider), std::string(use));
  if (settings.app_keys.size() > kMaxAppKeyUses) return Errc::ERR_TOO_MANY;
  AuditEvent event{AuditAction::app_key, now};
  event.provider = provider;
  event.label = use;
  return put_settings(std::move(draft), std::move(settings), event);
}

Result<Plan> Vault::plan_grant(std::string_view origin, const GrantTerms& terms, UnixMs now) {
  KEYHOLD_TRY(Draft draft, this->draft());
  Settings settings = opened_->settings;
  const Grant* earlier = grant_to(origin);
  const Grant grant{earlier == nullptr ? make_id() : earlier->id, std::string(origin), terms, now};
  std::erase_if(settings.grants, [&](const Grant& one) { return one.origin == origin; });
  if (settings.grants.size() >= kMaxGrants) return Errc::ERR_TOO_MANY;
  AuditEvent event{AuditAction::grant, now};
  event.subject = grant.id;
  event.label = origin;
  draft.name(grant.id);
  settings.grants.push_back(grant);
  return put_settings(std::move(draft), std::move(settings), event);
}

Result<Plan> Vault::plan_revoke(std::string_view id, UnixMs now) {
  KEYHOLD_TRY(Draft draft, this->draft());
  const Grant* grant = find_grant(id);
  if (grant == nullptr) return Errc::ERR_NOT_FOUND;
  AuditEvent event{AuditAction::grant_end, now};
  event.subject = grant->id;
  event.label = grant->origin;
  Settings settings = opened_->settings;
  std::erase_if(settings.grants, [&](const Grant& one) { return one.id == id; });
  draft.drop_apart(row_key(Purpose::spend, id));
  return put_settings(std::move(draft), std::move(settings), event);
}

Result<Plan> Vault::plan_add_endpoint(CustomEndpoint endpoint, UnixMs now) {
  KEYHOLD_TRY(Draft draft, this->draft());
  Settings settings = opened_->settings;
  if (settings.endpoints.size() >= kMaxCustomEndpoints) return Errc::ERR_TOO_MANY;
  AuditEvent event{AuditAction::endpoint_add, now};
  event.subject = endpoint.id;
  event.label = endpoint.name;
  draft.name(endpoint.id);
  settings.endpoints.push_back(std::move(endpoint));
  return put_settings(std::move(draft), std::move(settings), event);
}

Result<Plan> Vault::plan_remove_endpoint(std::string_view provider, UnixMs now) {
  KEYHOLD_TRY(Draft draft, this->draft());
  if (has_key_of(provider)) return Errc::ERR_WRONG_STATE;
  Settings settings = opened_->settings;
  const auto found = std::find_if(settings.endpoints.begin(), settings.endpoints.end(),
                                  [&](const CustomEndpoint& endpoint) { return endpoint.id == provider; });
  if (found == settings.endpoints.end()) return Errc::ERR_NOT_FOUND;
  AuditEvent event{AuditAction::endpoint_remove, now};
  event.subject = provider;
  event.label = found->name;
  settings.endpoints.erase(found);
  draft.name(provider);
  return put_settings(std::move(draft), std::move(settings), event);
}

Result<Plan> Vault::plan_lock_minutes(std::int64_t minutes, UnixMs now) {
  KEYHOLD_TRY(Draft draft, this->draft());
  if (minutes < kMinLockMinutes || minutes > kMaxLockMinutes) return Errc::ERR_BAD_INPUT;
  Settings settings = opened_->settings;
  settings.lock_minutes = minutes;
  return put_settings(std::move(draft), std::move(settings), {AuditAction::settings, now});
}

Result<Plan> Vault::plan_notes() {
  KEYHOLD_TRY(Draft draft, this->draft());
  if (waiting_notes() == 0) return Plan{};
  AuditEvent last = std::move(opened_->notes.back());
  opened_->notes.pop_back();
  // It is staged as the plan's own event; should the plan fail, it is the newest of those that wait.
  auto plan = stage(std::move(draft), last);
  opened_->notes.push_back(std::move(last));
  ++staged_->notes;
  return plan;
}

Result<Plan> Vault::plan_backed_up(std::string_view copied_to, UnixMs now) {
  KEYHOLD_TRY(Draft draft, this->draft());
  Settings settings = opened_->settings;
  if (copied_to.empty()) settings.backup = BackupNote{now, keys_digest()};
  AuditEvent event{AuditAction::exported, now};
  event.label = copied_to;
  event.count = static_cast<std::int64_t>(opened_->records.size());
  return put_settings(std::move(draft), std::move(settings), event);
}

Result<Plan> Vault::plan_import(std::vector<OpenedRecord> records, const std::vector<CustomEndpoint>& endpoints,
                                UnixMs now) {
  KEYHOLD_TRY(Draft draft, this->draft());
  const auto fresh =
      std::count_if(records.begin(), records.end(), [](const OpenedRecord& one) { return one.record.id.empty(); });
  if (opened_->records.size() + static_cast<std::size_t>(fresh) > kMaxRecords) return Errc::ERR_TOO_MANY;
  for (OpenedRecord& imported : records) {
    Record& record = imported.record;
    KEYHOLD_CHECK(check_label(record.label));
    if (imported.secret.size() > kMaxSecretBytes) return Errc::ERR_TOO_LARGE;
    record.rev = 1;
    if (record.id.empty()) {
      record.id = make_id();
    } else {
      const Record* current = find(record.id);
      if (current == nullptr) return Errc::ERR_NOT_FOUND;
      record.rev = current->rev + 1;
      record.caps = current->caps;
    }
    draft.put(seal_record(record, draft.vault(), imported.secret, opened_->keys.record, rng_));
  }
  AuditEvent event{AuditAction::imported, now};
  event.count = static_cast<std::int64_t>(records.size());
  Settings settings = opened_->settings;
  const std::size_t before = settings.endpoints.size();
  for (const CustomEndpoint& endpoint : endpoints) {
    const bool known = std::any_of(settings.endpoints.begin(), settings.endpoints.end(),
                                   [&](const CustomEndpoint& own) { return own.id == endpoint.id; });
    if (!known) settings.endpoints.push_back(endpoint);
  }
  if (settings.endpoints.size() > kMaxCustomEndpoints) return Errc::ERR_TOO_MANY;
  if (settings.endpoints.size() == before) return stage(std::move(draft), event);
  return put_settings(std::move(draft), std::move(settings), event);
}

Result<void> Vault::commit() {
  if (!staged_) return opened_ || rows_.empty() ? Errc::ERR_WRONG_STATE : Errc::ERR_LOCKED;
  Staged staged = *std::move(staged_);
  staged_.reset();
  for (const std::string& key : staged.plan.deletes) {
    rows_.erase(key);
    ledger_rows_.erase(key);
  }
  std::vector<std::string> put;
  for (auto& [key, bytes] : staged.plan.puts) {
    if (key.starts_with("audit/") || is_usage_row(key)) continue;
    (key.starts_with("ledger/") ? ledger_rows_ : rows_).insert_or_assign(key, std::move(bytes));
    put.push_back(key);
  }
  if (staged.next) {
    read_rows(*staged.next, staged.manifest.vault);
    if (opened_) carry_over(*opened_, staged.notes, *staged.next);
    opened_.emplace(*std::move(staged.next));
    return {};
  }
  if (staged.reread) {
    // The copy's manifest took the place of another: what it does not list was taken for sound until now.
    Opened before = *std::move(opened_);
    opened_.emplace(std::move(before.keys)).slot = before.slot;
    read_rows(*opened_, staged.manifest.vault);
    carry_over(before, staged.notes, *opened_);
    return {};
  }
  static_cast<ManifestHead&>(opened_->manifest) = std::move(staged.manifest);
  keyhold::apply(staged.changes, opened_->manifest.entries);
  opened_->notes.erase(opened_->notes.begin(), opened_->notes.begin() + static_cast<std::ptrdiff_t>(staged.notes));
  const auto settled = [&](const std::string& key) {
    std::erase_if(opened_->findings, [&](const Finding& finding) { return finding.key == key; });
  };
  for (const std::string& key : put) {
    settled(key);
    // Sealed by this plan a moment ago, or the very bytes the manifest lists: it opens.
    if (!read_row(*opened_, *parse_envelope(rows_.find(key)->second))) __builtin_trap();
  }
  for (const std::string& key : staged.plan.deletes) {
    settled(key);
    const std::string id = key.substr(key.find('/') + 1);
    opened_->records.erase(id);
    opened_->ledger.erase(id);
    opened_->ledger_changed.erase(id);
  }
  return {};
}

}  // namespace keyhold
