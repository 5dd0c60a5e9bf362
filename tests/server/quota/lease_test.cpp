// Leases: what happens to calls whose process has gone.
#include "fixture.h"

using namespace keyhold::server;
using namespace keyhold::server::test;

TEST_CASE("repair: an expired lease is settled at the least the call had come to; an unexpired one is never touched") {
  const Folder folder;
  QuotaBook book = open_book(folder.file());
  const PlanTable plans = one_plan(100);
  const CallId call = hold(book, plans, 40);
  CHECK(book.progress(call, 15).value());
  CHECK(book.repair(kNow + kLease - 1)->repaired == 0);
  CHECK(book.account("ann", plans, kNow)->held == 40);
  CHECK(book.repair(kNow + kLease)->repaired == 1);
  CHECK(book.account("ann", plans, kNow)->held == 0);
  CHECK(book.account("ann", plans, kNow)->settled == 15);
  CHECK(book.repair(kNow + kLease)->repaired == 0);
  RawDatabase raw(folder.file());
  CHECK(raw.text("SELECT figures FROM calls") == "estimated");
  CHECK(wrong_accounts(raw) == 0);

  const Ending late = book.settle(call, 40, Figures::reported, 200, kNow + kLease + 1).value();
  CHECK_FALSE(late.changed);
  CHECK(late.charged == 15);
}

TEST_CASE("renew: keeps all calls of this owner, and no other's") {
  const Folder folder;
  QuotaBook one = open_book(folder.file(), "one");
  QuotaBook also_one = open_book(folder.file(), "one");
  QuotaBook two = open_book(folder.file(), "two");
  const PlanTable plans = one_plan(100);
  hold(one, plans, 1);
  hold(also_one, plans, 2);
  hold(two, plans, 4);
  CHECK(one.renew(kNow + kLease - 1).value() == 2);
  CHECK(two.repair(kNow + kLease)->repaired == 1);
  CHECK(two.account("ann", plans, kNow)->held == 3);
  CHECK(two.repair(kNow + 2 * kLease - 2)->repaired == 0);
  CHECK(two.repair(kNow + 2 * kLease - 1)->repaired == 2);
}

TEST_CASE("progress: only ever up, never past what was reserved, and not after the end") {
  const Folder folder;
  QuotaBook book = open_book(folder.file());
  const CallId call = hold(book, one_plan(100), 40);
  RawDatabase raw(folder.file());
  const auto least_after = [&](MicroUsd least) {
    CHECK(book.progress(call, least).value());
    return raw.number("SELECT least FROM calls");
  };
  CHECK(least_after(-5) == 0);
  CHECK(least_after(10) == 10);
  CHECK(least_after(9) == 10);
  CHECK(least_after(39) == 39);
  CHECK(least_after(40) == 40);
  CHECK(least_after(41) == 40);
  REQUIRE(book.settle(call, 20, Figures::reported, 200, kNow).ok());
  CHECK_FALSE(book.progress(call, 40).value());
  CHECK(book.progress(CallId{9}, 1).error() == QuotaError::no_such_call);
}

TEST_CASE("repair: in batches, and says when there is more") {
  const Folder folder;
  QuotaBook book = open_book(folder.file());
  const PlanTable plans = one_plan(1000);
  for (int i = 0; i < kRepairBatch + 1; ++i) hold(book, plans, 1);
  const RepairReport first = book.repair(kNow + kLease).value();
  CHECK(first.repaired == kRepairBatch);
  CHECK(first.more);
  const RepairReport second = book.repair(kNow + kLease).value();
  CHECK(second.repaired == 1);
  CHECK_FALSE(second.more);
  CHECK(book.account("ann", plans, kNow)->running == 0);
}

TEST_CASE("repair: a call that ran into the next period is charged there") {
  const Folder folder;
  QuotaBook book = open_book(folder.file());
  const PlanTable plans = one_plan(100);
  const CallId call = hold(book, plans, 40, kMarch - 1);
  CHECK(book.progress(call, 10).value());
  CHECK(book.repair(kMarch + kLease)->repaired == 1);
  CHECK(book.account("ann", plans, kMarch + kLease)->settled == 10);
}
