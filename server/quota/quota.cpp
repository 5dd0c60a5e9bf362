#include "server/quota/quota.h"

#include <algorithm>
#include <utility>

#include "server/quota/rows.h"
#include "server/quota/schema.h"

namespace keyhold::server {
namespace {

constexpr int kMaxHttpStatus = 999;
/// What a client was told whose call was held in doubt.
constexpr int kNotMade = 503;

/// Text that is somebody's id. SQLite would keep a NUL, PostgreSQL refuses it.
bool is_id(std::string_view text, std::size_t max_bytes) {
  return !text.empty() && text.size() <= max_bytes && text.find('\0') == std::string_view::npos;
}

/// As a header carries it: printable ASCII. PostgreSQL would refuse bytes that are not UTF-8.
bool is_idempotency_key(std::string_view key) {
  return key.size() <= kMaxIdempotencyKeyBytes &&
         std::all_of(key.begin(), key.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

/// Text that may be empty.
bool is_note(std::string_view text, std::size_t max_bytes) { return text.empty() || is_id(text, max_bytes); }

bool is_time(UnixMs time) { return time >= 0 && time < kMaxTime; }

bool is_amount(MicroUsd amount) { return amount >= 0 && amount <= kMaxMicroUsd; }

const PlanTerms* terms_of(const PlanTable& plans, std::string_view plan) {
  const auto found = plans.plans.find(plan);
  return found != plans.plans.end() && is_amount(found->second.limit_micro_usd) ? &found->second : nullptr;
}

}  // namespace

struct QuotaBook::End {
  CallState state = CallState::settled;
  MicroUsd charged = 0;
  Figures figures = Figures::none;
  int http_status = 0;
};

QuotaBook::QuotaBook(std::unique_ptr<Database> database, BookOptions options)
    : database_(std::move(database)), options_(std::move(options)) {}
QuotaBook::QuotaBook(QuotaBook&&) noexcept = default;
QuotaBook& QuotaBook::operator=(QuotaBook&&) noexcept = default;
QuotaBook::~QuotaBook() = default;

const std::string& QuotaBook::trouble() const { return database_->trouble(); }
std::int64_t QuotaBook::failures() const { return database_->failures(); }

Answer<QuotaBook> QuotaBook::open(BookOptions options, std::string* trouble) {
  if (!is_id(options.owner, kMaxOwnerBytes) || options.lease_ms <= 0 || options.lease_ms > kDayMs) {
    return QuotaError::bad_input;
  }
  auto database = std::make_unique<Database>(options.connection);
  if (auto done = migrate(*database); !done) {
    if (trouble != nullptr) *trouble = database->trouble();
    return done.error();
  }
  return QuotaBook(std::move(database), std::move(options));
}

Answer<ReserveOutcome> QuotaBook::reserve(const Reservation& call, const PlanTable& plans, UnixMs now) {
  if (!is_id(call.user, kMaxUserBytes) || !is_id(call.provider, kMaxProviderBytes) ||
      !is_id(call.model, kMaxModelBytes) || !is_idempotency_key(call.idempotency_key) || !is_amount(call.amount) ||
      !is_note(call.organisation, kMaxOrganisationBytes) || call.markup < 0 || call.markup > kMaxMarkup ||
      !is_time(now) || !is_id(plans.first, kMaxPlanBytes)) {
    return QuotaError::bad_input;
  }
  let_go_of_doubtful(now);
  auto answer = database_->writing([&] { return reserve_locked(call, plans, now); });
  if (!answer && database_->in_doubt() && added_) doubtful_.push_back(*added_);
  return answer;
}

void QuotaBook::let_go_of_doubtful(UnixMs now) {
  while (!doubtful_.empty()) {
    const Added added = doubtful_.back();
    const auto id = static_cast<std::int64_t>(added.call);
    const auto found = database_->reading([&]() -> Answer<bool> {
      long long count = 0;
      database_->row("SELECT COUNT(*) FROM calls WHERE id = :id AND owner = :owner AND created_at = :created",
                     std::tie(count), id, options_.owner, added.at);
      return count > 0;
    });
    if (!found) return;
    if (found.value() && !release(added.call, kNotMade, now)) return;
    doubtful_.pop_back();
  }
}

Answer<ReserveOutcome> QuotaBook::reserve_locked(const Reservation& call, const PlanTable& plans, UnixMs now) {
  added_.reset();
  auto account = load_account(*database_, call.user);
  if (!account) {
    if (add_account(*database_, {.user = call.user, .plan = plans.first})) {
      add_audit(*database_, {AuditAction::account_added, call.user, plan_detail(plans.first)},
                by_user(call.user, call.address, call.request_id), now);
    }
    account = load_account(*database_, call.user).value();
  }
  const AccountRow before = *account;
  if (!call.idempotency_key.empty()) {
    if (auto first = find_duplicate(*database_, call.user, call.idempotency_key)) return ReserveOutcome(*first);
  }
  const PlanTerms* terms = terms_of(plans, account->plan);
  if (terms == nullptr) return QuotaError::unknown_plan;
  apply_terms(*database_, *account, *terms, now);
  if (auto refused = refusal(*account, *terms, call.amount)) {
    if (*account != before) store_account(*database_, *account);
    return *std::move(refused);
  }
  const CallId id = add_call(*database_, call, options_.owner, now + options_.lease_ms, now);
  added_ = Added{id, now};
  account->held += call.amount;
  ++account->running;
  store_account(*database_, *account);
  return ReserveOutcome(Held{id});
}

Answer<Ending> QuotaBook::settle(CallId call, MicroUsd charged, Figures figures, int http_status, UnixMs now) {
  if (figures == Figures::none) return QuotaError::bad_input;
  return end(call, {CallState::settled, charged, figures, http_status}, now);
}

Answer<Ending> QuotaBook::release(CallId call, int http_status, UnixMs now) {
  return end(call, {CallState::released, 0, Figures::none, http_status}, now);
}

Answer<Ending> QuotaBook::end(CallId call, const End& how, UnixMs now) {
  if (!is_time(now) || how.http_status < 0 || how.http_status > kMaxHttpStatus) return QuotaError::bad_input;
  return database_->writing([&]() -> Answer<Ending> {
    const auto found = load_call(*database_, call);
    if (!found) return QuotaError::no_such_call;
    auto account = load_account(*database_, found->user).value();
    roll_over(account, now);
    Ending ending{.state = how.state, .charged = std::clamp<MicroUsd>(how.charged, 0, found->reserved)};
    ending.clamped = ending.charged != how.charged;
    // A clock that lags must not put the end before the period that the charge counts in.
    const UnixMs ended_at = std::max(now, account.period.start);
    if (!end_call(*database_, call, how.state, ending.charged, how.figures, how.http_status, ended_at)) {
      const auto before = load_call(*database_, call).value();
      return Ending{.state = before.state, .charged = before.charged};
    }
    account.held -= found->reserved;
    account.settled += ending.charged;
    --account.running;
    store_account(*database_, account);
    ending.changed = true;
    return ending;
  });
}

Answer<bool> QuotaBook::progress(CallId call, MicroUsd least) {
  const auto id = static_cast<std::int64_t>(call);
  return database_->writing([&]() -> Answer<bool> {
    const auto found = load_call(*database_, call);
    if (!found) return QuotaError::no_such_call;
    const MicroUsd raised = std::min(least, found->reserved);
    if (found->state != CallState::held || raised <= found->least) return found->state == CallState::held;
    return database_->change("UPDATE calls SET least = :least WHERE id = :id AND state = 'held' AND least < :before",
                             raised, id, raised) == 1;
  });
}

Answer<std::int64_t> QuotaBook::renew(UnixMs now) {
  if (!is_time(now)) return QuotaError::bad_input;
  let_go_of_doubtful(now);
  const UnixMs lease_until = now + options_.lease_ms;
  return database_->writing([&]() -> Answer<std::int64_t> {
    return static_cast<std::int64_t>(database_->change(
        "UPDATE calls SET lease_until = :lease WHERE owner = :owner AND state = 'held'", lease_until, options_.owner));
  });
}

Answer<RepairReport> QuotaBook::repair(UnixMs now) {
  if (!is_time(now)) return QuotaError::bad_input;
  let_go_of_doubtful(now);
  std::vector<CallId> expired;
  const auto listed = database_->reading([&]() -> Answer<Done> {
    expired.clear();
    std::int64_t id = 0;
    const int batch = kRepairBatch;
    database_->rows(
        "SELECT id FROM calls WHERE state = 'held' AND lease_until <= :now ORDER BY lease_until LIMIT :batch",
        std::tie(id),
        [&] {
          expired.push_back(CallId{id});
          return true;
        },
        now, batch);
    return Done{};
  });
  if (!listed) return listed.error();
  RepairReport report{.more = expired.size() == static_cast<std::size_t>(kRepairBatch)};
  // One transaction each: the write lock is held for microseconds, and never two accounts' locks at a time.
  for (const CallId call : expired) {
    const auto repaired = database_->writing([&]() -> Answer<bool> { return end_expired(call, now); });
    if (!repaired) return repaired.error();
    report.repaired += repaired.value() ? 1 : 0;
  }
  return report;
}

bool QuotaBook::end_expired(CallId call, UnixMs now) {
  const auto found = load_call(*database_, call);
  if (!found) return false;
  auto account = load_account(*database_, found->user).value();
  roll_over(account, now);
  const UnixMs ended_at = std::max(now, account.period.start);
  if (!end_expired_call(*database_, call, found->least, now, ended_at)) return false;
  account.held -= found->reserved;
  account.settled += found->least;
  --account.running;
  store_account(*database_, account);
  return true;
}

Answer<AccountView> QuotaBook::account(std::string_view user, const PlanTable& plans, UnixMs now) {
  if (!is_id(user, kMaxUserBytes) || !is_time(now) || !is_id(plans.first, kMaxPlanBytes)) return QuotaError::bad_input;
  const std::string name(user);
  return database_->reading([&]() -> Answer<AccountView> {
    AccountRow account = load_account(*database_, name).value_or(AccountRow{.user = name, .plan = plans.first});
    const PlanTerms* terms = terms_of(plans, account.plan);
    if (terms == nullptr) return QuotaError::unknown_plan;
    apply_terms(*database_, account, *terms, now);
    return AccountView{.plan = account.plan,
                       .status = account.status,
                       .period = terms->period,
                       .period_start = account.period.start,
                       .period_end = account.period.end,
                       .limit = account.limit,
                       .settled = account.settled,
                       .held = account.held,
                       .available = available(account),
                       .running = account.running};
  });
}

Answer<std::optional<CallBill>> QuotaBook::bill(std::string_view user, CallId call) {
  if (!is_id(user, kMaxUserBytes)) return QuotaError::bad_input;
  const std::string name(user);
  return database_->reading([&]() -> Answer<std::optional<CallBill>> { return load_bill(*database_, name, call); });
}

Answer<Done> QuotaBook::set_plan(std::string_view user, std::string_view plan, AccountStatus status, UnixMs now,
                                 const ActedBy& by) {
  if (!is_id(user, kMaxUserBytes) || !is_id(plan, kMaxPlanBytes) || !is_time(now)) return QuotaError::bad_input;
  const std::string name(user);
  return database_->writing([&]() -> Answer<Done> {
    if (add_account(*database_, {.user = name, .plan = std::string(plan)})) {
      add_audit(*database_, {AuditAction::account_added, name, plan_detail(plan)}, by, now);
    }
    AccountRow account = load_account(*database_, name).value();
    add_audit(*database_, {AuditAction::plan_set, name, changed_detail("plan", account.plan, plan)}, by, now);
    if (account.status != status) {
      add_audit(*database_,
                {AuditAction::status_changed, name, changed_detail("status", name_of(account.status), name_of(status))},
                by, now);
    }
    account.plan = plan;
    account.status = status;
    roll_over(account, now);
    store_account(*database_, account);
    return Done{};
  });
}

}  // namespace keyhold::server
