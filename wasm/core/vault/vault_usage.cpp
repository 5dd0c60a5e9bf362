// vault_usage: what calls used and what keys may cost, as far as the vault's keys are needed for it.
#include "vault/vault.h"

namespace keyhold {

Sealing Vault::usage_sealing() const { return {opened_->manifest.vault, opened_->keys.ledger, rng_}; }

bool Vault::is_resealing() const { return staged_ && staged_->next; }

Result<Plan> Vault::plan_caps(std::string_view id, const Caps& caps, UnixMs now) {
  for (const auto& cap : {caps.day, caps.month}) {
    if (cap && (*cap < 0 || *cap > kMaxCapMicroUsd)) return Errc::ERR_BAD_INPUT;
  }
  return change_record(id, AuditAction::key_caps, now, [&](Record& record) { record.caps = caps; });
}

void Vault::note_usage(UnixMs at, const UsageKey& key, const UsageSum& sum) {
  if (opened_) opened_->usage.add(at, key, sum);
}

void Vault::note_charge(std::string_view id, Charge charge) {
  // Of a key deleted meanwhile a row would stay for ever.
  if (find(id) != nullptr) opened_->usage.charge(id, std::move(charge));
}

std::vector<std::string> Vault::usage_rows(const Rows& late) const {
  return opened_ && !is_resealing() ? opened_->usage.wanted(late, usage_sealing()) : std::vector<std::string>();
}

UsageChange Vault::take_usage(const Rows& late, const Rows& stored) {
  return opened_ && !is_resealing() ? opened_->usage.write(late, stored, usage_sealing()) : UsageChange();
}

void Vault::usage_written(bool done) {
  if (opened_) opened_->usage.written(done);
}

Rows Vault::last_usage() { return opened_ && !is_resealing() ? opened_->usage.write_late(usage_sealing()) : Rows(); }

Result<Reserved> Vault::reserve(std::string_view id, std::int64_t micro_usd, const Bytes* stored, UnixMs now,
                                std::optional<CapHit>& hit) {
  KEYHOLD_TRY(Spend spend, spending(id, stored));
  if (is_resealing()) return Errc::ERR_WRONG_STATE;
  hit = spend.over(find(id)->caps, micro_usd, now);
  if (hit) return Errc::ERR_CAP_REACHED;
  Reserved reserved{{make_id(), now + kHoldLeaseMs, micro_usd}, {}};
  // What waits is only counted, not written: it comes with its own row of the day.
  Spend before = UsageBook::open_spend(id, stored, usage_sealing());
  KEYHOLD_CHECK(before.hold(reserved.hold, now));
  reserved.row = UsageBook::seal_spend(id, before, usage_sealing());
  return reserved;
}

Result<Bytes> Vault::renew(std::string_view id, Hold& hold, const Bytes* stored, UnixMs now) {
  if (!opened_) return Errc::ERR_LOCKED;
  if (is_resealing()) return Errc::ERR_WRONG_STATE;
  hold.until = now + kHoldLeaseMs;
  Spend spend = UsageBook::open_spend(id, stored, usage_sealing());
  spend.renew(hold, now);
  return UsageBook::seal_spend(id, spend, usage_sealing());
}

Result<Spend> Vault::spending(std::string_view id, const Bytes* stored) const {
  if (!opened_) return Errc::ERR_LOCKED;
  if (find(id) == nullptr) return Errc::ERR_NOT_FOUND;
  return opened_->usage.spend_of(id, stored, usage_sealing());
}

Result<UsageHistory> Vault::usage(const Rows& rows) const {
  if (!opened_) return Errc::ERR_LOCKED;
  return UsageBook::read(rows, usage_sealing());
}

}  // namespace keyhold
