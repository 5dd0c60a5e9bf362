// vault_slots: the ways in. Each change needs a slot opened now, which gives the root key for as long as the plan is made.
#include <algorithm>

#include "vault/draft.h"

namespace keyhold {

namespace {

constexpr std::string_view kSlotPrefix = "slot/";

bool is_passkey(const SlotFields& fields) { return std::holds_alternative<PasskeyFields>(fields); }

AuditEvent slot_event(AuditAction action, const NewSlot& slot, UnixMs now) {
  AuditEvent event{action, now};
  event.subject = slot.id;
  event.label = slot.name;
  return event;
}

}  // namespace

// What the manifest's header says, which can be read while locked; nothing if it cannot.
std::optional<ManifestFields> Vault::stored_head() const {
  const auto row = rows_.find("manifest");
  if (row == rows_.end()) return std::nullopt;
  auto envelope = parse_envelope(row->second);
  if (!envelope) return std::nullopt;
  return std::move(envelope->header.manifest);
}

// Slots in their own place, in the order of their kinds; of a kind, those the manifest lists come first, so that a row that
// somebody put there does not stand for the vault's own. Others are damaged: nothing can be opened with them.
std::vector<Envelope> Vault::slot_rows() const {
  const auto head = stored_head();
  std::vector<Envelope> slots;
  for (std::size_t kind = 0; kind < std::variant_size_v<SlotFields>; ++kind) {
    auto listed_end = static_cast<std::ptrdiff_t>(slots.size());
    for (auto row = rows_.lower_bound(kSlotPrefix); row != rows_.end() && row->first.starts_with(kSlotPrefix); ++row) {
      auto envelope = parse_envelope(row->second);
      if (!envelope || row_key(envelope->header.purpose, envelope->header.id) != row->first) continue;
      if (envelope->header.slot->index() != kind) continue;
      const bool listed = head && head->slots.contains(envelope->header.id);
      slots.insert(listed ? slots.begin() + listed_end++ : slots.end(), *std::move(envelope));
    }
  }
  return slots;
}

std::vector<SlotView> Vault::slots() const {
  std::vector<SlotView> views;
  const auto head = stored_head();
  for (Envelope& slot : slot_rows()) {
    SlotView view{slot.header.id, *std::move(slot.header.slot), {}};
    if (head) {
      const auto digest = head->slots.find(view.id);
      view.damaged = digest != head->slots.end() &&
                     digest->second != digest_of(rows_.find(row_key(Purpose::slot, view.id))->second);
    }
    if (const auto note = settings().slots.find(view.id); note != settings().slots.end()) view.note = note->second;
    views.push_back(std::move(view));
  }
  return views;
}

Result<SlotKdf> Vault::passphrase_slot() const {
  if (state() == VaultState::absent) return Errc::ERR_WRONG_STATE;
  for (const SlotView& slot : slots()) {
    if (const auto* kdf = std::get_if<SlotKdf>(&slot.fields)) return *kdf;
  }
  return unreadable_slot();
}

// None of the kind can be read: what is wrong with one that is there says more than that.
Errc Vault::unreadable_slot() const {
  Errc error = rows_.contains("manifest") ? Errc::ERR_NOT_FOUND : Errc::ERR_BAD_FORMAT;
  for (auto row = rows_.lower_bound(kSlotPrefix); row != rows_.end() && row->first.starts_with(kSlotPrefix); ++row) {
    const auto envelope = parse_envelope(row->second);
    if (!envelope) {
      error = envelope.error();
    } else if (row_key(envelope->header.purpose, envelope->header.id) != row->first) {
      error = Errc::ERR_SWAPPED;
    }
  }
  return error;
}

Result<SlotKey> Vault::passkey_key(std::string_view slot, const SecretBytes& prf) const {
  for (const Envelope& row : slot_rows()) {
    if (row.header.id == slot && is_passkey(*row.header.slot)) return passkey_slot_key(prf, row.header.vault, slot);
  }
  return Errc::ERR_NOT_FOUND;
}

Result<SlotKey> Vault::recovery_key(const RecoveryCode& code) const {
  for (const Envelope& row : slot_rows()) {
    if (std::holds_alternative<RecoveryFields>(*row.header.slot)) return code.slot_key(row.header.vault, row.header.id);
  }
  return unreadable_slot();
}

Result<Vault::Proven> Vault::open_slot_with(const SlotKey& key) const {
  // Which of several was meant cannot be told: that one of them is damaged is for slots() to say.
  Errc error = Errc::ERR_SLOT_DAMAGED;
  for (const SlotView& view : slots()) {
    const auto row = rows_.find(row_key(Purpose::slot, view.id));
    auto root = open_slot(*parse_envelope(row->second), key);
    if (root) return Proven{*std::move(root), view.id};
    if (root.error() != Errc::ERR_CANNOT_UNLOCK) {
      error = root.error();
    } else if (!view.damaged && error == Errc::ERR_SLOT_DAMAGED) {
      error = Errc::ERR_CANNOT_UNLOCK;
    }
  }
  return error;
}

// A slot that is not listed was removed once: it opens what it always opened, yet allows nothing new.
Result<Vault::Proven> Vault::proven(const SlotKey& proof) const {
  if (!opened_) return Errc::ERR_LOCKED;
  KEYHOLD_TRY(Proven proven, open_slot_with(proof));
  if (opened_->head_sound && !is_listed(proven.slot)) return Errc::ERR_CANNOT_UNLOCK;
  return proven;
}

bool Vault::is_listed(std::string_view slot) const {
  const std::string key = row_key(Purpose::slot, slot);
  const auto entry = opened_->manifest.entries.find(key);
  const auto row = rows_.find(key);
  return entry != opened_->manifest.entries.end() && row != rows_.end() &&
         entry->second.digest == digest_of(row->second);
}

Result<void> Vault::prove(const SlotKey& proof) const {
  KEYHOLD_TRY([[maybe_unused]] const Proven proven, this->proven(proof));
  return {};
}

Result<Plan> Vault::plan_put_slot(const SlotKey& proof, const NewSlot& slot, const SlotKey& slot_key, UnixMs now) {
  KEYHOLD_TRY(Draft draft, this->draft());
  if (!slot.name.empty()) KEYHOLD_CHECK(check_label(slot.name));
  if (slot.name.size() > kMaxNameBytes) return Errc::ERR_BAD_INPUT;
  KEYHOLD_TRY(const Proven proven, this->proven(proof));
  const std::vector<SlotView> present = slots();
  Settings settings = opened_->settings;
  AuditAction action = AuditAction::slot_add;
  std::size_t stay = present.size();
  for (const SlotView& other : present) {
    // One passphrase, one recovery code; any number of passkeys.
    if (is_passkey(other.fields) || other.fields.index() != slot.fields.index()) continue;
    if (std::holds_alternative<SlotKdf>(slot.fields)) action = AuditAction::passphrase_change;
    draft.drop(row_key(Purpose::slot, other.id));
    settings.slots.erase(other.id);
    --stay;
  }
  if (stay >= kMaxSlots) return Errc::ERR_TOO_MANY;
  draft.put(seal_slot(slot.id, 1, draft.vault(), slot.fields, slot_key, proven.root, rng_));
  draft.name(slot.id);
  settings.slots.insert_or_assign(slot.id, SlotNote{slot.name, now});
  return put_settings(std::move(draft), std::move(settings), slot_event(action, slot, now));
}

Result<Plan> Vault::plan_remove_slot(const SlotKey& proof, std::string_view slot, UnixMs now) {
  KEYHOLD_TRY(Draft draft, this->draft());
  KEYHOLD_TRY([[maybe_unused]] const Proven proven, this->proven(proof));
  const std::string key = row_key(Purpose::slot, slot);
  if (!opened_->manifest.entries.contains(key) && !rows_.contains(key)) return Errc::ERR_NOT_FOUND;
  const std::vector<SlotView> present = slots();
  const bool another = std::any_of(present.begin(), present.end(), [&](const SlotView& other) {
    return other.id != slot && !is_passkey(other.fields) && is_listed(other.id);
  });
  if (!another) return Errc::ERR_LAST_SLOT;
  draft.drop(key);
  draft.name(slot);
  Settings settings = opened_->settings;
  AuditEvent event{AuditAction::slot_remove, now};
  event.subject = slot;
  if (const auto note = settings.slots.find(slot); note != settings.slots.end()) {
    event.label = note->second.name;
    settings.slots.erase(note);
  }
  return put_settings(std::move(draft), std::move(settings), event);
}

Result<Plan> Vault::plan_name_slot(std::string_view slot, std::string_view name, UnixMs now) {
  KEYHOLD_TRY(Draft draft, this->draft());
  KEYHOLD_CHECK(check_label(name));
  if (name.size() > kMaxNameBytes) return Errc::ERR_BAD_INPUT;
  if (!opened_->manifest.entries.contains(row_key(Purpose::slot, slot))) return Errc::ERR_NOT_FOUND;
  Settings settings = opened_->settings;
  settings.slots[std::string(slot)].name = name;
  draft.name(slot);
  AuditEvent event{AuditAction::slot_name, now};
  event.subject = slot;
  event.label = name;
  return put_settings(std::move(draft), std::move(settings), event);
}

Result<Plan> Vault::plan_rotate_root(std::span<const SlotKey> kept, const NewSlot& recovery,
                                     const SlotKey& recovery_key, const Rows& audit_rows, UnixMs now) {
  KEYHOLD_TRY(Draft draft, this->draft());
  // A row that does not open cannot be sealed anew, and must not be lost on the way.
  if (!opened_->findings.empty()) return opened_->findings.front().code;
  const RootKey root = RootKey::make(rng_);
  Opened next{Keys(root)};
  ++draft.manifest().epoch;

  Settings settings = opened_->settings;
  std::size_t stay = 0;
  bool proven = false;
  for (const Envelope& slot : slot_rows()) {
    const std::string& id = slot.header.id;
    const auto key =
        std::find_if(kept.begin(), kept.end(), [&](const SlotKey& one) { return open_slot(slot, one).ok(); });
    proven = proven || key != kept.end();
    // The old recovery code goes, shown or not: a new one is made.
    if (key == kept.end() || std::holds_alternative<RecoveryFields>(*slot.header.slot)) {
      draft.drop(row_key(Purpose::slot, id));
      settings.slots.erase(id);
      continue;
    }
    draft.put(seal_slot(id, slot.header.rev + 1, draft.vault(), *slot.header.slot, *key, root, rng_));
    if (next.slot.empty()) next.slot = id;
    ++stay;
  }
  if (!proven) return Errc::ERR_CANNOT_UNLOCK;
  if (stay >= kMaxSlots) return Errc::ERR_TOO_MANY;
  draft.put(seal_slot(recovery.id, 1, draft.vault(), recovery.fields, recovery_key, root, rng_));
  if (next.slot.empty()) next.slot = recovery.id;
  settings.slots.insert_or_assign(recovery.id, SlotNote{recovery.name, now});
  // Its key may be known to whoever knew the old root key.
  settings.auto_save.reset();
  ++settings.rev;
  draft.put(seal_settings(settings, draft.vault(), next.keys.settings, rng_));

  for (const auto& [id, record] : opened_->records) {
    KEYHOLD_TRY(const SecretBytes secret, open_secret(id, record.fields.base));
    Record again = record;
    ++again.rev;
    draft.put(seal_record(again, draft.vault(), secret, next.keys.record, rng_));
  }
  for (const auto& [id, row] : opened_->ledger) {
    LedgerRow again = row;
    ++again.rev;
    draft.put_apart(row_key(Purpose::ledger, id), seal_ledger_row(again, draft.vault(), id, next.keys.ledger, rng_));
  }

  for (const auto& [key, row] : audit_rows) {
    if (!is_usage_row(key)) continue;
    if (auto again = reseal(key, row, draft.vault(), opened_->keys.ledger, next.keys.ledger, rng_)) {
      draft.put_apart(key, *std::move(again));
    }
  }

  const AuditTrail trail = read_audit(draft.manifest().audit, audit_rows, draft.vault(), opened_->keys.audit);
  const std::int64_t last = draft.manifest().audit.last;
  draft.manifest().audit = AuditHead{.first = trail.first, .last = trail.first - 1};
  for (const AuditTrail::Entry& entry : trail.entries) draft.note(entry.event, next.keys.audit, rng_);
  for (const AuditEvent& note : opened_->notes) draft.note(note, next.keys.audit, rng_);
  AuditEvent event{AuditAction::root_rotate, now};
  if (trail.broken) event.code = name(Errc::ERR_TAMPERED);
  draft.note(event, next.keys.audit, rng_);
  for (std::int64_t seq = draft.manifest().audit.last + 1; seq <= last; ++seq) draft.drop(audit_row_key(seq));

  staged_.emplace(std::move(draft).finish(next.keys.manifest, rng_));
  staged_->notes = opened_->notes.size();
  staged_->next.emplace(std::move(next));
  return staged_->plan;
}

}  // namespace keyhold
