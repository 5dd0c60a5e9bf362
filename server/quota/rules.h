// rules: when a period begins and ends, and whether a call fits into it. Pure: no clock, no database.
#pragma once

#include <optional>
#include <string>

#include "server/quota/types.h"

namespace keyhold::server {

struct Period {
  UnixMs start = 0;
  UnixMs end = 0;  // exclusive
  bool operator==(const Period&) const = default;
};

/// The period of the UTC calendar that `now` (0..kMaxTime) is in.
Period period_of(PeriodKind kind, UnixMs now);

/// An account as the database keeps it.
struct AccountRow {
  std::string user = {};
  std::string plan = {};
  AccountStatus status = AccountStatus::active;
  std::optional<PeriodKind> kind = {};  // none: it has not had a period yet
  Period period = {};
  MicroUsd limit = 0;
  MicroUsd settled = 0;  // charges of the calls that ended in the period
  MicroUsd held = 0;     // reserved by running calls
  std::int64_t running = 0;
  bool operator==(const AccountRow&) const = default;
};

/// What is left; never negative, though a limit may have been lowered below what was settled.
MicroUsd available(const AccountRow& account);

/// Begins the period of `now` if the account's has ended. A clock that lags behind (another machine's) changes nothing.
void roll_over(AccountRow& account, UnixMs now);

/// Why `amount` cannot be held under the account's limit, if so.
std::optional<ReserveOutcome> refusal(const AccountRow& account, const PlanTerms& terms, MicroUsd amount);

}  // namespace keyhold::server
