// vault_copy: what the copy kept beside the vault is good for: noticing that an older state of everything was put back,
// putting back rows that were lost, and becoming the vault when there is none.
#include <algorithm>

#include "vault/draft.h"

namespace keyhold {

void Vault::know_copy(const Rows& copy) {
  const auto manifest = copy.find("manifest");
  copy_manifest_ = manifest == copy.end() ? Bytes() : manifest->second;
}

void Vault::look_for_rollback(Opened& opened) const {
  if (!opened.head_sound) return;
  const auto copy = parse_row("manifest", copy_manifest_, opened.manifest.vault);
  if (!copy || !copy->header.manifest) return;
  const ManifestFields& seen = *copy->header.manifest;
  // One of a later root key does not open with this one: its header alone must do.
  const bool genuine = seen.epoch > opened.manifest.epoch ||
                       open_manifest(copy_manifest_, opened.manifest.vault, opened.keys.manifest).ok();
  if (genuine && seen.generation > opened.manifest.generation) {
    report(opened.findings, Errc::ERR_ROLLED_BACK, Finding::Kind::rolled_back, "manifest");
  }
}

bool Vault::copy_must_stay() const { return is_rolled_back() || (opened_ && !opened_->manifest_sound()); }

Rows Vault::rows_to_copy(const Rows& copy) const {
  Rows rows = rows_;
  if (!opened_) return rows;
  for (const Finding& finding : opened_->findings) {
    const auto entry = opened_->manifest.entries.find(finding.key);
    const auto copied = copy.find(finding.key);
    if (entry == opened_->manifest.entries.end() || copied == copy.end()) continue;
    if (digest_of(copied->second) == entry->second.digest) rows.insert_or_assign(finding.key, copied->second);
  }
  return rows;
}

bool Vault::is_rolled_back() const {
  return opened_ && std::any_of(opened_->findings.begin(), opened_->findings.end(),
                                [](const Finding& finding) { return finding.kind == Finding::Kind::rolled_back; });
}

Result<Plan> Vault::plan_repair(const Rows& copy, UnixMs now) {
  if (!opened_) return Errc::ERR_LOCKED;
  if (staged_) return Errc::ERR_WRONG_STATE;
  const auto stored = rows_.find("manifest");
  const auto base = stored == rows_.end() ? std::optional<Bytes>() : std::optional(stored->second);
  Manifest manifest = opened_->manifest;
  const bool rolled_back = is_rolled_back();
  const bool of_copy = !opened_->head_sound || rolled_back;
  if (of_copy) {
    const auto copied = copy.find("manifest");
    if (copied == copy.end()) return Errc::ERR_NOT_FOUND;
    KEYHOLD_TRY(manifest, open_manifest(copied->second, opened_->manifest.vault, opened_->keys.manifest));
  }
  ++manifest.generation;
  Draft draft(manifest, base);
  if (rolled_back) {
    // The entries since then went with the state they told of, and those before do not lead to the copy's head.
    AuditHead older = opened_->manifest.audit;
    for (std::string& entry : restart_audit(older)) draft.drop_apart(std::move(entry));
    restart_audit(draft.manifest().audit);
  }
  bool helps = of_copy;
  std::int64_t put = 0;
  const auto read = [&](const Rows& rows, const std::string& row, const ManifestEntry& entry) {
    return read_listed(manifest, rows, row, entry, opened_->keys.manifest, [](const auto&, const auto&) {}).ok();
  };
  for (const auto& [row, entry] : manifest.entries) {
    if (read(rows_, row, entry)) continue;
    const auto copied = copy.find(row);
    if (copied != copy.end() && read(copy, row, entry)) {
      draft.put_apart(row, copied->second);
      ++put;
    } else if (is_page(row)) {
      if (rolled_back) return Errc::ERR_NOT_FOUND;  // half of a later state is none
      if (of_copy || copied == copy.end()) continue;
      // The copy's own page for these records, for want of the one that is listed: all else stays as it is.
      const auto envelope = parse_row(row, copied->second, draft.vault());
      if (!envelope || !read(copy, row, manifest_entry(envelope->header, copied->second))) continue;
      draft.put(copied->second);
      ++put;
    }
  }
  for (const auto& [row, bytes] : rows_) {
    if (row == "manifest" || manifest.entries.contains(row) || !(rolled_back || is_page(row))) continue;
    draft.drop_apart(row);
    helps = true;
  }
  if (put == 0 && !helps) return Errc::ERR_NOT_FOUND;
  AuditEvent event{AuditAction::repair, now};
  event.count = put;
  KEYHOLD_TRY(Plan plan, stage(std::move(draft), event));
  staged_->reread = !opened_->manifest_sound() || rolled_back;
  return plan;
}

Result<Plan> Vault::plan_keep_state(UnixMs now) {
  KEYHOLD_TRY(Draft draft, this->draft());
  if (!is_rolled_back()) return Errc::ERR_WRONG_STATE;
  return stage(std::move(draft), {AuditAction::repair, now});
}

Result<Plan> Vault::plan_restart_trail(UnixMs now) {
  KEYHOLD_TRY(Draft draft, this->draft());
  AuditHead& trail = draft.manifest().audit;
  if (trail.last < trail.first) return Errc::ERR_WRONG_STATE;
  for (std::string& key : restart_audit(trail)) draft.drop_apart(std::move(key));
  return stage(std::move(draft), {AuditAction::trail_restart, now});
}

bool Vault::can_be_opened() const {
  if (opened_) return true;
  if (const auto head = stored_head()) {
    for (const auto& [id, digest] : head->slots) {
      const auto row = rows_.find(row_key(Purpose::slot, id));
      if (row != rows_.end() && digest_of(row->second) == digest) return true;
    }
  }
  return false;
}

Result<Plan> Vault::plan_recover(const Rows& copy) const {
  if (can_be_opened() || staged_) return Errc::ERR_WRONG_STATE;
  const auto stored = rows_.find("manifest");
  const auto manifest = copy.find("manifest");
  if (manifest == copy.end()) return Errc::ERR_BAD_FORMAT;
  KEYHOLD_TRY(const Envelope envelope, parse_envelope(manifest->second));
  if (!envelope.header.manifest) return Errc::ERR_BAD_FORMAT;
  Plan plan;
  if (stored != rows_.end()) plan.base = stored->second;
  bool slot = false;
  for (const auto& [key, bytes] : copy) {
    // What the copy holds is listed by its manifest, which says at the next unlock what is wrong with it.
    const auto row = parse_row(key, bytes, envelope.header.vault);
    slot = slot || (row && row->header.purpose == Purpose::slot);
    plan.puts.emplace(key, bytes);
  }
  if (!slot) return Errc::ERR_BAD_FORMAT;
  for (const auto& [key, bytes] : rows_) {
    if (!copy.contains(key)) plan.deletes.push_back(key);
  }
  return plan;
}

}  // namespace keyhold
