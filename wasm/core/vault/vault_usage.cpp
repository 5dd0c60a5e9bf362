// vault_usage: what calls used and what keys may cost, as far as the vault's keys are needed for it.
#include "vault/vault.h"

namespace keyhold {

Sealing Vault::usage_sealing() const { return {opened_->manifest.vault, opened_->keys.ledger, rng_}; }

bool Vault::is_resealing() const { return staged_ && staged_->next; }

Result<Plan> Vault::plan_caps(std::string_view id, const Caps& caps, UnixMs now) {
  if (!caps.in_bounds()) return Errc::ERR_BAD_INPUT;
  return change_record(id, AuditAction::key_caps, now, [&](Record& record) { record.caps = caps; });
}

void Vault::note_call(UsedCall call) {
  if (opened_) add_call(opened_->used, opened_->on_their_way, std::move(call));
}

/// What waits, and is not on its way.
UsageBook Vault::usage_book() const {
  UsageBook book;
  for (std::size_t i = opened_->on_their_way; i < opened_->used.size(); ++i) {
    const UsedCall& call = opened_->used[i];
    if (call.sum.requests > 0) book.add(call.at, call.key, call.sum);
    // Of a key or grant that is gone meanwhile a row would stay for ever.
    if (find(call.key.record) != nullptr) book.charge(call.key.record, {call.at, call.charged, call.hold});
    if (find_grant(call.grant) != nullptr) book.charge(call.grant, {call.at, call.charged, call.grant_hold});
  }
  return book;
}

std::vector<std::string> Vault::usage_rows(const Rows& late) const {
  if (!opened_ || is_resealing()) return {};
  return usage_book().wanted(late, usage_sealing());
}

UsageChange Vault::take_usage(const Rows& late, const Rows& stored) {
  if (!opened_ || is_resealing()) return {};
  UsageChange change = usage_book().write(late, stored, usage_sealing());
  opened_->on_their_way = opened_->used.size();
  return change;
}

void Vault::usage_written(bool done) {
  if (!opened_) return;
  const auto begin = opened_->used.begin();
  if (done) opened_->used.erase(begin, begin + static_cast<std::ptrdiff_t>(opened_->on_their_way));
  opened_->on_their_way = 0;
}

Rows Vault::last_usage() {
  if (!opened_ || is_resealing()) return {};
  Rows rows = usage_book().write_late(usage_sealing());
  opened_->used.resize(opened_->on_their_way);
  return rows;
}

const Caps* Vault::caps_of(std::string_view id) const {
  if (const Record* record = find(id)) return &record->caps;
  const Grant* grant = find_grant(id);
  return grant == nullptr ? nullptr : &grant->terms.caps;
}

Result<Reserved> Vault::reserve(std::string_view id, std::int64_t micro_usd, const Bytes* stored, UnixMs now,
                                std::optional<CapHit>& hit) {
  KEYHOLD_TRY(Spend spend, spending(id, stored));
  if (is_resealing()) return Errc::ERR_WRONG_STATE;
  hit = spend.over(*caps_of(id), micro_usd, now);
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
  if (caps_of(id) == nullptr) return Errc::ERR_NOT_FOUND;
  return usage_book().spend_of(id, stored, usage_sealing());
}

Result<UsageHistory> Vault::usage(const Rows& rows) const {
  if (!opened_) return Errc::ERR_LOCKED;
  return UsageBook::read(rows, usage_sealing());
}

UsageChange Vault::keep_receipt(const KeptReceipt& receipt, const Rows& stored, UnixMs now) {
  if (!opened_ || is_resealing()) return {};
  if (receipt.refused()) {
    AuditEvent event{AuditAction::receipt_refused, now};
    event.provider = receipt.provider;
    event.label = receipt.state;
    note(std::move(event));
  }
  return put_receipt(receipt, stored, usage_sealing());
}

Result<ReceiptHistory> Vault::receipts(const Rows& rows) const {
  if (!opened_) return Errc::ERR_LOCKED;
  return read_receipts(rows, usage_sealing());
}

}  // namespace keyhold
