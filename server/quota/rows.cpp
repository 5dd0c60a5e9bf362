#include "server/quota/rows.h"

#include <array>
#include <stdexcept>
#include <utility>

namespace keyhold::server {
namespace {

constexpr std::array<std::string_view, 3> kStatuses = {"active", "lapsed", "suspended"};
constexpr std::array<std::string_view, 3> kPeriods = {"day", "month", "once"};
constexpr std::array<std::string_view, 3> kStates = {"held", "settled", "released"};
constexpr std::array<std::string_view, 4> kFigures = {"", "reported", "estimated", "unknown"};

template <class Enum, std::size_t N>
Enum parse(const std::array<std::string_view, N>& names, std::string_view name) {
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  throw std::runtime_error("the database has a word this version does not know");
}

template <class Enum, std::size_t N>
std::string name(const std::array<std::string_view, N>& names, Enum value) {
  return std::string(names.at(static_cast<std::size_t>(value)));
}

}  // namespace

std::string_view name_of(AccountStatus status) { return kStatuses.at(static_cast<std::size_t>(status)); }

#define KEYHOLD_ACCOUNT                                                                            \
  "SELECT plan, status, period, period_start, period_end, limit_micro_usd, settled, held, running" \
  " FROM accounts WHERE user_id = :user"

std::optional<AccountRow> load_account(Database& database, const std::string& user) {
  AccountRow account{.user = user};
  std::string status;
  std::string period;
  const bool found = database.row(database.locks_rows() ? KEYHOLD_ACCOUNT " FOR UPDATE" : KEYHOLD_ACCOUNT,
                                  std::tie(account.plan, status, period, account.period.start, account.period.end,
                                           account.limit, account.settled, account.held, account.running),
                                  user);
  if (!found) return std::nullopt;
  account.status = parse<AccountStatus>(kStatuses, status);
  if (!period.empty()) account.kind = parse<PeriodKind>(kPeriods, period);
  return account;
}

bool add_account(Database& database, const AccountRow& account) {
  const std::string status = name(kStatuses, account.status);
  return database.change(
             "INSERT INTO accounts"
             " (user_id, plan, status, period, period_start, period_end, limit_micro_usd, settled, held, running)"
             " VALUES (:user, :plan, :status, '', 0, 0, 0, 0, 0, 0) ON CONFLICT (user_id) DO NOTHING",
             account.user, account.plan, status) == 1;
}

void store_account(Database& database, const AccountRow& account) {
  const std::string status = name(kStatuses, account.status);
  const std::string period = account.kind ? name(kPeriods, *account.kind) : "";
  database.change(
      "UPDATE accounts SET plan = :plan, status = :status, period = :period, period_start = :start, period_end = :end,"
      " limit_micro_usd = :limit, settled = :settled, held = :held, running = :running WHERE user_id = :user",
      account.plan, status, period, account.period.start, account.period.end, account.limit, account.settled,
      account.held, account.running, account.user);
}

void apply_terms(Database& database, AccountRow& account, const PlanTerms& terms, UnixMs now) {
  account.limit = terms.limit_micro_usd;
  if (account.kind == terms.period) return roll_over(account, now);
  // Counted afresh, or changing the plan back and forth would wipe out what was used.
  account.kind = terms.period;
  account.period = period_of(terms.period, now);
  account.settled = 0;
  database.row(
      "SELECT CAST(COALESCE(SUM(charged), 0) AS BIGINT) FROM calls"
      " WHERE user_id = :user AND state = 'settled' AND ended_at >= :start AND ended_at < :end",
      std::tie(account.settled), account.user, account.period.start, account.period.end);
}

CallId add_call(Database& database, const Reservation& call, const std::string& owner, UnixMs lease_until, UnixMs now) {
  return CallId{database.insert(
      "INSERT INTO calls (user_id, idempotency_key, provider, model, reserved, least, charged, figures, state,"
      " http_status, owner, lease_until, created_at, ended_at, address, organisation, markup)"
      " VALUES (:user, NULLIF(:key, ''), :provider, :model, :reserved, 0, 0, '', 'held', 0, :owner, :lease, :now, 0,"
      " :address, :organisation, :markup) RETURNING id",
      call.user, call.idempotency_key, call.provider, call.model, call.amount, owner, lease_until, now, call.address,
      call.organisation, call.markup)};
}

std::optional<CallRow> load_call(Database& database, CallId call) {
  const auto id = static_cast<std::int64_t>(call);
  CallRow found;
  std::string state;
  if (!database.row("SELECT user_id, state, reserved, least, charged FROM calls WHERE id = :id",
                    std::tie(found.user, state, found.reserved, found.least, found.charged), id)) {
    return std::nullopt;
  }
  found.state = parse<CallState>(kStates, state);
  return found;
}

std::optional<CallBill> load_bill(Database& database, const std::string& user, CallId call) {
  const auto id = static_cast<std::int64_t>(call);
  CallBill found{.call = call, .user = user};
  std::string state;
  std::string figures;
  if (!database.row("SELECT provider, model, organisation, state, figures, charged, http_status, created_at, ended_at"
                    " FROM calls WHERE id = :id AND user_id = :user",
                    std::tie(found.provider, found.model, found.organisation, state, figures, found.charged,
                             found.http_status, found.created_at, found.ended_at),
                    id, user)) {
    return std::nullopt;
  }
  found.state = parse<CallState>(kStates, state);
  found.figures = parse<Figures>(kFigures, figures);
  return found;
}

std::optional<Duplicate> find_duplicate(Database& database, const std::string& user,
                                        const std::string& idempotency_key) {
  Duplicate first;
  std::int64_t id = 0;
  std::string state;
  if (!database.row(
          "SELECT id, state, http_status, charged FROM calls WHERE user_id = :user AND idempotency_key = :key",
          std::tie(id, state, first.http_status, first.charged), user, idempotency_key)) {
    return std::nullopt;
  }
  first.call = CallId{id};
  first.state = parse<CallState>(kStates, state);
  return first;
}

bool end_call(Database& database, CallId call, CallState state, MicroUsd charged, Figures figures, int http_status,
              UnixMs ended_at) {
  const std::string state_name = name(kStates, state);
  const std::string figures_name = name(kFigures, figures);
  const auto id = static_cast<std::int64_t>(call);
  return database.change(
             "UPDATE calls SET state = :state, charged = :charged, figures = :figures, http_status = :status,"
             " ended_at = :ended WHERE id = :id AND state = 'held'",
             state_name, charged, figures_name, http_status, ended_at, id) == 1;
}

bool end_expired_call(Database& database, CallId call, MicroUsd least, UnixMs now, UnixMs ended_at) {
  const auto id = static_cast<std::int64_t>(call);
  return database.change(
             "UPDATE calls SET state = 'settled', charged = :charged, figures = 'estimated', ended_at = :ended"
             " WHERE id = :id AND state = 'held' AND lease_until <= :now AND least = :least",
             least, ended_at, id, now, least) == 1;
}

}  // namespace keyhold::server
