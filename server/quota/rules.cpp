#include "server/quota/rules.h"

#include <algorithm>
#include <chrono>

namespace keyhold::server {
namespace {

using std::chrono::sys_days;

UnixMs ms_of(sys_days day) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(day.time_since_epoch()).count();
}

}  // namespace

Period period_of(PeriodKind kind, UnixMs now) {
  if (kind == PeriodKind::once) return {0, kMaxTime};
  if (kind == PeriodKind::day) {
    const UnixMs start = now - now % kDayMs;
    return {start, start + kDayMs};
  }
  const sys_days today{std::chrono::days{now / kDayMs}};
  const std::chrono::year_month_day date{today};
  const auto month = date.year() / date.month();
  return {ms_of(month / 1), ms_of((month + std::chrono::months{1}) / 1)};
}

MicroUsd available(const AccountRow& account) {
  return std::max<MicroUsd>(0, account.limit - account.settled - account.held);
}

void roll_over(AccountRow& account, UnixMs now) {
  if (!account.kind || now < account.period.end) return;
  account.period = period_of(*account.kind, now);
  account.settled = 0;
}

std::optional<ReserveOutcome> refusal(const AccountRow& account, const PlanTerms& terms, MicroUsd amount) {
  if (account.status != AccountStatus::active) return Suspended{account.status};
  if (account.settled + amount > account.limit) {
    const bool resets = account.kind != PeriodKind::once;
    return QuotaExceeded{amount, available(account), resets ? account.period.end : 0};
  }
  if (account.running >= terms.max_concurrent) return TooManyRunning{account.running, terms.max_concurrent};
  if (account.settled + account.held + amount > account.limit) return QuotaHeld{available(account), account.held};
  return std::nullopt;
}

}  // namespace keyhold::server
