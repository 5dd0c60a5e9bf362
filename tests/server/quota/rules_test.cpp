// The calendar's edges and the order of refusals.
#include "server/quota/rules.h"

#include <catch2/catch.hpp>

#include "fixture.h"

using namespace keyhold::server;
using keyhold::kDayMs;
using keyhold::kMaxTime;
using keyhold::server::test::kMarch;
using keyhold::server::test::kNow;

TEST_CASE("period_of: a day begins at 00:00Z and ends with its last millisecond") {
  const Period day = period_of(PeriodKind::day, kMarch - 1);
  CHECK(day.start == kMarch - kDayMs);
  CHECK(day.end == kMarch);
  CHECK(period_of(PeriodKind::day, kMarch).start == kMarch);
  CHECK(period_of(PeriodKind::day, 0).start == 0);
}

TEST_CASE("period_of: months have their own lengths, leap years and all") {
  CHECK(period_of(PeriodKind::month, kMarch - 1).end == kMarch);
  CHECK(period_of(PeriodKind::month, kMarch).start == kMarch);
  CHECK(period_of(PeriodKind::month, kMarch).end == kMarch + 31 * kDayMs);
  CHECK(period_of(PeriodKind::month, kNow).start == kMarch - 28 * kDayMs);
  const std::int64_t leap = 1'835'395'200'000;  // 2028-02-29T00:00Z
  CHECK(period_of(PeriodKind::month, leap).end == leap + kDayMs);
  const std::int64_t december = 1'798'761'600'000 - 1;  // the last millisecond of 2026
  CHECK(period_of(PeriodKind::month, december).end == december + 1);
  CHECK(period_of(PeriodKind::month, 0).start == 0);
}

TEST_CASE("period_of: once never ends") {
  CHECK(period_of(PeriodKind::once, kNow).start == 0);
  CHECK(period_of(PeriodKind::once, kNow).end == kMaxTime);
}

TEST_CASE("roll_over: a clock that lags behind the period changes nothing") {
  AccountRow account{.kind = PeriodKind::day, .period = period_of(PeriodKind::day, kNow), .limit = 9, .settled = 5};
  roll_over(account, kNow - 3 * kDayMs);
  CHECK(account.settled == 5);
  roll_over(account, account.period.end - 1);
  CHECK(account.settled == 5);
  roll_over(account, account.period.end);
  CHECK(account.settled == 0);
}

TEST_CASE("available: a limit lowered below what was settled leaves 0, not a debt") {
  AccountRow account{.limit = 10, .settled = 9, .held = 1};
  CHECK(available(account) == 0);
  account.limit = 3;
  CHECK(available(account) == 0);
  account.limit = 12;
  CHECK(available(account) == 2);
}

TEST_CASE("refusal: the reason that helps most comes first") {
  const PlanTerms terms{.limit_micro_usd = 10, .max_concurrent = 1};
  AccountRow account{.status = AccountStatus::lapsed, .kind = PeriodKind::month, .limit = 10, .held = 5, .running = 1};
  CHECK(std::get<Suspended>(refusal(account, terms, 11).value()).status == AccountStatus::lapsed);
  account.status = AccountStatus::active;
  CHECK(std::holds_alternative<QuotaExceeded>(refusal(account, terms, 11).value()));
  CHECK(std::holds_alternative<TooManyRunning>(refusal(account, terms, 6).value()));
  account.running = 0;
  CHECK(std::holds_alternative<QuotaHeld>(refusal(account, terms, 6).value()));
  CHECK_FALSE(refusal(account, terms, 5).has_value());
}
