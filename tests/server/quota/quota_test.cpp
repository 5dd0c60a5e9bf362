// Each outcome of the book, its bounds, and calls that run across the end of a period.
#include "server/quota/quota.h"

#include "fixture.h"

using namespace keyhold::server;
using namespace keyhold::server::test;
using keyhold::kDayMs;
using keyhold::kMaxTime;
using keyhold::UnixMs;

TEST_CASE("reserve: what fits exactly is held, one micro-USD more is not") {
  const Folder folder;
  QuotaBook book = open_book(folder.file());
  const PlanTable plans = one_plan(100);
  const auto exceeded = expect<QuotaExceeded>(book.reserve(call_of(101), plans, kNow));
  CHECK(exceeded.needed == 101);
  CHECK(exceeded.available == 100);
  CHECK(exceeded.resets_at == kMarch);
  hold(book, plans, 99);
  const auto held = expect<QuotaHeld>(book.reserve(call_of(2), plans, kNow));
  CHECK(held.available == 1);
  CHECK(held.held == 99);
  hold(book, plans, 1);
  hold(book, plans, 0);
  CHECK(expect<QuotaHeld>(book.reserve(call_of(1), plans, kNow)).available == 0);
}

TEST_CASE("reserve: what was settled is exceeded, what is only held is not") {
  const Folder folder;
  QuotaBook book = open_book(folder.file());
  const PlanTable plans = one_plan(100);
  const CallId call = hold(book, plans, 60);
  expect<QuotaHeld>(book.reserve(call_of(41), plans, kNow));
  REQUIRE(book.settle(call, 60, Figures::reported, 200, kNow).ok());
  CHECK(expect<QuotaExceeded>(book.reserve(call_of(41), plans, kNow)).available == 40);
  hold(book, plans, 40);
}

TEST_CASE("reserve: as many calls run at once as the plan says") {
  const Folder folder;
  QuotaBook book = open_book(folder.file());
  const PlanTable plans = one_plan(100, PeriodKind::month, 2);
  const CallId first = hold(book, plans, 1);
  hold(book, plans, 1);
  const auto refused = expect<TooManyRunning>(book.reserve(call_of(1), plans, kNow));
  CHECK(refused.running == 2);
  CHECK(refused.max_concurrent == 2);
  hold(book, plans, 1, kNow, "bob");
  REQUIRE(book.release(first, 0, kNow).ok());
  hold(book, plans, 1);
}

TEST_CASE("reserve: a suspended or lapsed account holds nothing, and says which it is") {
  const Folder folder;
  QuotaBook book = open_book(folder.file());
  const PlanTable plans = one_plan(100);
  REQUIRE(book.set_plan("ann", "free", AccountStatus::suspended, kNow).ok());
  CHECK(expect<Suspended>(book.reserve(call_of(1), plans, kNow)).status == AccountStatus::suspended);
  REQUIRE(book.set_plan("ann", "free", AccountStatus::lapsed, kNow).ok());
  CHECK(expect<Suspended>(book.reserve(call_of(1), plans, kNow)).status == AccountStatus::lapsed);
  REQUIRE(book.set_plan("ann", "free", AccountStatus::active, kNow).ok());
  hold(book, plans, 1);
}

TEST_CASE("reserve: a used idempotency key tells of the first call in each of its states and reserves nothing") {
  const Folder folder;
  QuotaBook book = open_book(folder.file());
  const PlanTable plans = one_plan(100);
  const auto again = [&] { return expect<Duplicate>(book.reserve(call_of(10, "ann", "key"), plans, kNow + 1)); };
  const CallId first = hold(book, plans, 10, kNow, "ann", "key");
  CHECK(again().call == first);
  CHECK(again().state == CallState::held);
  CHECK(again().http_status == 0);
  SECTION("settled") {
    REQUIRE(book.settle(first, 7, Figures::reported, 206, kNow).ok());
    CHECK(again().state == CallState::settled);
    CHECK(again().charged == 7);
    CHECK(again().http_status == 206);
  }
  SECTION("released") {
    REQUIRE(book.release(first, 502, kNow).ok());
    CHECK(again().state == CallState::released);
    CHECK(again().charged == 0);
    CHECK(again().http_status == 502);
  }
  SECTION("repaired") {
    REQUIRE(book.repair(kNow + kLease).ok());
    CHECK(again().state == CallState::settled);
    CHECK(again().charged == 0);
  }
  SECTION("suspended since") {
    REQUIRE(book.set_plan("ann", "free", AccountStatus::suspended, kNow).ok());
    CHECK(again().call == first);
  }
  RawDatabase raw(folder.file());
  CHECK(raw.number("SELECT COUNT(*) FROM calls") == 1);
  CHECK(wrong_accounts(raw) == 0);
  // Another user's key of the same name is another key, and a call that was refused did not use its key up.
  hold(book, plans, 10, kNow, "bob", "key");
  expect<QuotaExceeded>(book.reserve(call_of(101, "bob", "other"), plans, kNow));
  hold(book, plans, 10, kNow, "bob", "other");
}

TEST_CASE("settle: the charge is clamped to what was reserved, and that is said") {
  const Folder folder;
  QuotaBook book = open_book(folder.file());
  const PlanTable plans = one_plan(1000);
  const auto settled_at = [&](MicroUsd charge) {
    return book.settle(hold(book, plans, 10), charge, Figures::reported, 200, kNow).value();
  };
  for (const MicroUsd charge : {0, 9, 10}) {
    CHECK(settled_at(charge).charged == charge);
    CHECK_FALSE(settled_at(charge).clamped);
  }
  CHECK(settled_at(11).charged == 10);
  CHECK(settled_at(11).clamped);
  CHECK(settled_at(-1).charged == 0);
  CHECK(settled_at(-1).clamped);
}

TEST_CASE("settle, release: a call ends once, and a second end says how the first one was") {
  const Folder folder;
  QuotaBook book = open_book(folder.file());
  const PlanTable plans = one_plan(100);
  const CallId settled = hold(book, plans, 10);
  const CallId released = hold(book, plans, 10);
  CHECK(book.settle(settled, 4, Figures::reported, 200, kNow)->changed);
  CHECK(book.release(released, 0, kNow)->changed);
  for (const CallId call : {settled, released}) {
    for (const bool settle : {true, false}) {
      const auto again = settle ? book.settle(call, 9, Figures::reported, 200, kNow) : book.release(call, 0, kNow);
      CHECK_FALSE(again->changed);
      CHECK(again->state == (call == settled ? CallState::settled : CallState::released));
      CHECK(again->charged == (call == settled ? 4 : 0));
    }
  }
  const AccountView account = book.account("ann", plans, kNow).value();
  CHECK(account.settled == 4);
  CHECK(account.held == 0);
  CHECK(account.running == 0);
  CHECK(book.settle(CallId{99}, 1, Figures::reported, 200, kNow).error() == QuotaError::no_such_call);
  CHECK(book.release(CallId{99}, 0, kNow).error() == QuotaError::no_such_call);
}

TEST_CASE("a call that runs across the end of a day or a month counts in the period in which it ends") {
  const PeriodKind kind = GENERATE(PeriodKind::day, PeriodKind::month);
  const Folder folder;
  QuotaBook book = open_book(folder.file());
  const PlanTable plans = one_plan(100, kind);
  const UnixMs last = kMarch - 1;  // of the day and of the month
  REQUIRE(book.settle(hold(book, plans, 50, last), 50, Figures::reported, 200, last).ok());
  const CallId across = hold(book, plans, 40, last);
  CHECK(expect<QuotaExceeded>(book.reserve(call_of(51), plans, last)).resets_at == kMarch);

  SECTION("seen by the account first") {
    const AccountView after = book.account("ann", plans, kMarch).value();
    CHECK(after.settled == 0);
    CHECK(after.held == 40);
    CHECK(after.available == 60);
    CHECK(after.period_start == kMarch);
  }
  SECTION("by another reservation first") {
    expect<QuotaHeld>(book.reserve(call_of(61), plans, kMarch));
    REQUIRE(book.release(hold(book, plans, 60, kMarch), 0, kMarch).ok());
  }
  SECTION("by nobody") {}
  REQUIRE(book.settle(across, 30, Figures::reported, 200, kMarch).ok());
  const AccountView account = book.account("ann", plans, kMarch).value();
  CHECK(account.settled == 30);
  CHECK(account.held == 0);
  RawDatabase raw(folder.file());
  CHECK(wrong_accounts(raw) == 0);
}

TEST_CASE("a clock that lags behind the account's period charges in that period, by the account and by the ledger") {
  const Folder folder;
  QuotaBook book = open_book(folder.file());
  const PlanTable plans = one_plan(100, PeriodKind::day);
  const CallId settled = hold(book, plans, 40, kMarch);
  const CallId crashed = hold(book, plans, 20, kMarch - kLease);
  CHECK(book.progress(crashed, 5).value());
  CHECK(book.settle(settled, 30, Figures::reported, 200, kMarch - 1)->changed);
  CHECK(book.repair(kMarch - 1)->repaired == 0);
  CHECK(book.repair(kMarch)->repaired == 1);
  CHECK(book.account("ann", plans, kMarch)->settled == 35);
  RawDatabase raw(folder.file());
  CHECK(wrong_accounts(raw) == 0);
}

TEST_CASE("once: what was used stays used") {
  const Folder folder;
  QuotaBook book = open_book(folder.file());
  const PlanTable plans = one_plan(100, PeriodKind::once);
  REQUIRE(book.settle(hold(book, plans, 100), 100, Figures::reported, 200, kNow).ok());
  const auto refused = expect<QuotaExceeded>(book.reserve(call_of(1), plans, kNow + 4000 * kDayMs));
  CHECK(refused.resets_at == 0);
}

TEST_CASE("set_plan: another limit holds at once, and changing the period back and forth wipes nothing out") {
  const Folder folder;
  QuotaBook book = open_book(folder.file());
  const PlanTable plans{"free",
                        {{"free", {100, PeriodKind::once, 9}},
                         {"pro", {1000, PeriodKind::month, 9}},
                         {"small", {20, PeriodKind::month, 9}}}};
  REQUIRE(book.settle(hold(book, plans, 90), 90, Figures::reported, 200, kNow - 20 * kDayMs).ok());
  REQUIRE(book.set_plan("ann", "pro", AccountStatus::active, kNow).ok());
  CHECK(book.account("ann", plans, kNow)->available == 1000);  // the 90 were last month
  REQUIRE(book.settle(hold(book, plans, 300), 300, Figures::reported, 200, kNow).ok());
  REQUIRE(book.set_plan("ann", "free", AccountStatus::active, kNow).ok());
  CHECK(book.account("ann", plans, kNow)->settled == 390);
  CHECK(book.account("ann", plans, kNow)->available == 0);
  expect<QuotaExceeded>(book.reserve(call_of(1), plans, kNow));
  REQUIRE(book.set_plan("ann", "small", AccountStatus::active, kNow).ok());
  CHECK(book.account("ann", plans, kNow)->settled == 300);
  CHECK(book.account("ann", plans, kNow)->available == 0);
  REQUIRE(book.set_plan("ann", "gone", AccountStatus::active, kNow).ok());
  CHECK(book.reserve(call_of(1), plans, kNow).error() == QuotaError::unknown_plan);
  CHECK(book.account("ann", plans, kNow).error() == QuotaError::unknown_plan);
}

TEST_CASE("account: a user nobody has seen is shown as a new one, and nothing is written") {
  const Folder folder;
  QuotaBook book = open_book(folder.file());
  const AccountView account = book.account("new", one_plan(100), kNow).value();
  CHECK(account.plan == "free");
  CHECK(account.available == 100);
  CHECK(account.period_end == kMarch);
  RawDatabase raw(folder.file());
  CHECK(raw.number("SELECT COUNT(*) FROM accounts") == 0);
}

TEST_CASE("a limit lowered while calls run: nothing is negative, and they end as they were reserved") {
  const Folder folder;
  QuotaBook book = open_book(folder.file());
  const CallId call = hold(book, one_plan(100), 80);
  const PlanTable lowered = one_plan(50);
  CHECK(book.account("ann", lowered, kNow)->available == 0);
  CHECK(expect<QuotaHeld>(book.reserve(call_of(10), lowered, kNow)).available == 0);
  CHECK(book.settle(call, 80, Figures::reported, 200, kNow)->charged == 80);
  CHECK(book.account("ann", lowered, kNow)->available == 0);
  CHECK(expect<QuotaExceeded>(book.reserve(call_of(0), lowered, kNow)).available == 0);
}

TEST_CASE("ids and amounts out of bounds are bad input, and change nothing") {
  const Folder folder;
  QuotaBook book = open_book(folder.file());
  const PlanTable plans = one_plan(kMaxMicroUsd);
  const auto accepted = [&](auto change) {
    Reservation call = call_of(1);
    change(call);
    const auto answer = book.reserve(call, plans, kNow);
    if (!answer.ok()) CHECK(answer.error() == QuotaError::bad_input);
    return answer.ok();
  };
  const auto bounds = [&](std::string Reservation::*field, std::size_t most) {
    for (const std::size_t size : {most - 1, most}) {
      CHECK(accepted([&](Reservation& call) { call.*field = std::string(size, 'x'); }));
    }
    CHECK_FALSE(accepted([&](Reservation& call) { call.*field = std::string(most + 1, 'x'); }));
    CHECK_FALSE(accepted([&](Reservation& call) { call.*field = std::string("a\0b", 3); }));
  };
  bounds(&Reservation::user, kMaxUserBytes);
  bounds(&Reservation::idempotency_key, kMaxIdempotencyKeyBytes);
  bounds(&Reservation::provider, kMaxProviderBytes);
  bounds(&Reservation::model, kMaxModelBytes);
  CHECK_FALSE(accepted([](Reservation& call) { call.user.clear(); }));
  CHECK_FALSE(accepted([](Reservation& call) { call.idempotency_key = "not UTF-8: \xff"; }));
  CHECK_FALSE(accepted([](Reservation& call) { call.idempotency_key = "a\nb"; }));
  CHECK_FALSE(accepted([](Reservation& call) { call.amount = -1; }));
  CHECK_FALSE(accepted([](Reservation& call) { call.amount = kMaxMicroUsd + 1; }));
  CHECK(accepted([](Reservation& call) { call.user = "rich", call.amount = kMaxMicroUsd; }));
  CHECK(book.reserve(call_of(1), plans, -1).error() == QuotaError::bad_input);
  CHECK(book.reserve(call_of(1), plans, kMaxTime).error() == QuotaError::bad_input);
  CHECK(book.account(std::string_view("a\0b", 3), plans, kNow).error() == QuotaError::bad_input);
  CHECK(book.set_plan("ann", std::string(kMaxPlanBytes + 1, 'x'), AccountStatus::active, kNow).error() ==
        QuotaError::bad_input);
  CHECK(try_open(folder.file(), "").error() == QuotaError::bad_input);
}

TEST_CASE("text that is SQL is text") {
  const Folder folder;
  QuotaBook book = open_book(folder.file());
  const std::string user = "'; DROP TABLE calls; -- :user \xf0\x9f\x94\x91";
  hold(book, one_plan(100), 10, kNow, user, "' OR 1=1 --");
  CHECK(book.account(user, one_plan(100), kNow)->held == 10);
  expect<Held>(book.reserve(call_of(10, user, "other"), one_plan(100), kNow));
}

TEST_CASE("usage: by day, provider and model, of the time asked for") {
  const Folder folder;
  QuotaBook book = open_book(folder.file());
  const PlanTable plans = one_plan(1000);
  const auto used = [&](std::string model, MicroUsd charged, Figures figures, UnixMs now) {
    Reservation call = call_of(charged);
    call.model = std::move(model);
    const CallId id = expect<Held>(book.reserve(call, plans, now)).call;
    REQUIRE(book.settle(id, charged, figures, 200, now).ok());
  };
  const UnixMs day = kNow - kNow % kDayMs;
  used("a", 1, Figures::reported, day);
  used("a", 2, Figures::estimated, day + kDayMs - 1);
  used("b", 4, Figures::unknown, day + 5);
  used("a", 8, Figures::reported, day + kDayMs);
  hold(book, plans, 16, day);
  REQUIRE(book.release(hold(book, plans, 32, day), 0, day).ok());
  hold(book, plans, 64, day, "bob");

  const Usage all = book.usage("ann", day, day + 2 * kDayMs).value();
  REQUIRE(all.rows.size() == 3);
  CHECK_FALSE(all.more);
  CHECK(all.rows[0].day == day);
  CHECK(all.rows[0].model == "a");
  CHECK(all.rows[0].calls == 2);
  CHECK(all.rows[0].charged == 3);
  CHECK(all.rows[0].estimated == 1);
  CHECK(all.rows[1].model == "b");
  CHECK(all.rows[1].estimated == 1);
  CHECK(all.rows[2].day == day + kDayMs);
  CHECK(all.rows[2].charged == 8);
  CHECK(book.usage("ann", day + 1, day + kDayMs)->rows.size() == 2);
  CHECK(book.usage("ann", day, day)->rows.empty());
  CHECK(book.usage("nobody", 0, kMaxTime)->rows.empty());
  CHECK(book.usage("ann", day + 1, day).error() == QuotaError::bad_input);
}

TEST_CASE("usage: never more rows than its bound, and says that there were more") {
  const Folder folder;
  QuotaBook book = open_book(folder.file());
  const PlanTable plans = one_plan(1000);
  hold(book, plans, 0);
  RawDatabase raw(folder.file());
  const auto add = [&](std::size_t first, std::size_t last) {
    raw.run(
        "WITH RECURSIVE n(i) AS (SELECT " + std::to_string(first) + " UNION ALL SELECT i + 1 FROM n WHERE i < " +
        std::to_string(last) +
        ") INSERT INTO calls (user_id, provider, model, reserved, least, charged, figures, state, http_status, owner,"
        " lease_until, created_at, ended_at) SELECT 'ann', 'p', 'm' || i, 1, 0, 1, 'reported', 'settled', 200, 'o', 0,"
        " 0, 1 FROM n");
  };
  add(1, kMaxUsageRows);
  CHECK(book.usage("ann", 0, kNow)->rows.size() == kMaxUsageRows);
  CHECK_FALSE(book.usage("ann", 0, kNow)->more);
  add(kMaxUsageRows + 1, kMaxUsageRows + 1);
  CHECK(book.usage("ann", 0, kNow)->rows.size() == kMaxUsageRows);
  CHECK(book.usage("ann", 0, kNow)->more);
}
