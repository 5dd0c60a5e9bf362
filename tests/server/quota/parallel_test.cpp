// Exactness when many ask at once: threads with a connection each, on one file.
#include <atomic>
#include <thread>
#include <vector>

#include "fixture.h"

using namespace keyhold::server;
using namespace keyhold::server::test;

namespace {

constexpr int kThreads = 8;

/// Runs `work(book, number)` for number 0..count-1, spread over threads with a book each.
template <class Work>
void in_parallel(const Folder& folder, int count, Work work) {
  std::vector<QuotaBook> books;
  for (int i = 0; i < kThreads; ++i) books.push_back(open_book(folder.file(), "owner-" + std::to_string(i)));
  std::atomic<int> next{0};
  std::vector<std::thread> threads;
  for (QuotaBook& book : books) {
    threads.emplace_back([&] {
      for (int number = next++; number < count; number = next++) work(book, number);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace

TEST_CASE("exactly 37: of 1,000 parallel calls on a limit for 37, 37 are held and no more") {
  const Folder folder;
  const PlanTable plans = one_plan(37 * 1000 + 999);
  std::atomic<int> held{0};
  std::atomic<int> refused{0};
  std::atomic<int> broken{0};
  in_parallel(folder, 1000, [&](QuotaBook& book, int) {
    // Assertions of the test framework are not for several threads: only counting here.
    const auto answer = book.reserve(call_of(1000), plans, kNow);
    if (!answer.ok()) {
      ++broken;
    } else if (const auto* call = std::get_if<Held>(&answer.value())) {
      ++held;
      const auto ending = book.settle(call->call, 1000, Figures::reported, 200, kNow);
      if (!ending.ok() || !ending->changed || ending->clamped) ++broken;
    } else {
      ++refused;
    }
  });
  CHECK(held == 37);
  CHECK(refused == 963);
  CHECK(broken == 0);
  RawDatabase raw(folder.file());
  CHECK(raw.number("SELECT settled FROM accounts") == 37'000);
  CHECK(raw.number("SELECT held + running FROM accounts") == 0);
  CHECK(wrong_accounts(raw) == 0);
  CHECK(accounts_over_limit(raw) == 0);
}

TEST_CASE("settled at half, the whole limit becomes usable: what was only held comes back") {
  const Folder folder;
  const PlanTable plans = one_plan(37 * 1000);
  std::atomic<int> settled{0};
  std::atomic<int> waited{0};
  std::atomic<int> broken{0};
  in_parallel(folder, 1000, [&](QuotaBook& book, int) {
    while (broken == 0) {
      const auto answer = book.reserve(call_of(1000), plans, kNow);
      if (!answer.ok()) {
        ++broken;
        return;
      }
      if (std::holds_alternative<QuotaHeld>(answer.value())) {
        ++waited;
        std::this_thread::yield();
        continue;
      }
      const auto* call = std::get_if<Held>(&answer.value());
      if (call == nullptr) return;
      const bool done = book.settle(call->call, 500, Figures::reported, 200, kNow).ok();
      ++(done ? settled : broken);
      return;
    }
  });
  CHECK(broken == 0);
  // The 74th would have to reserve 1,000 where 500 are left.
  CHECK(settled == 73);
  QuotaBook book = open_book(folder.file());
  CHECK(expect<QuotaExceeded>(book.reserve(call_of(501), plans, kNow)).available == 500);
  REQUIRE(book.settle(hold(book, plans, 500), 500, Figures::reported, 200, kNow).ok());
  CHECK(book.account("ann", plans, kNow)->settled == 37 * 1000);
  RawDatabase raw(folder.file());
  CHECK(wrong_accounts(raw) == 0);
}

TEST_CASE("one idempotency key, asked for by all at once, is one call") {
  const Folder folder;
  const PlanTable plans = one_plan(1'000'000);
  std::atomic<int> held{0};
  std::atomic<int> duplicates{0};
  in_parallel(folder, 400, [&](QuotaBook& book, int number) {
    const auto answer = book.reserve(call_of(1, "ann", "key-" + std::to_string(number / 40)), plans, kNow);
    if (!answer.ok()) return;
    if (std::holds_alternative<Held>(answer.value())) ++held;
    if (std::holds_alternative<Duplicate>(answer.value())) ++duplicates;
  });
  CHECK(held == 10);
  CHECK(duplicates == 390);
}

TEST_CASE("one call, settled and released by all at once, ends once") {
  const Folder folder;
  const PlanTable plans = one_plan(1'000'000);
  std::vector<CallId> calls;
  {
    QuotaBook book = open_book(folder.file());
    for (int i = 0; i < 40; ++i) calls.push_back(hold(book, plans, 10));
  }
  std::atomic<int> changed{0};
  in_parallel(folder, 400, [&](QuotaBook& book, int number) {
    const CallId call = calls[static_cast<std::size_t>(number / 10)];
    const auto ending =
        number % 2 == 0 ? book.settle(call, number % 10, Figures::reported, 200, kNow) : book.release(call, 0, kNow);
    if (ending.ok() && ending->changed) ++changed;
  });
  CHECK(changed == 40);
  RawDatabase raw(folder.file());
  CHECK(wrong_accounts(raw) == 0);
  CHECK(raw.number("SELECT held FROM accounts") == 0);
}

TEST_CASE("calls renewed while a repair is under way are not repaired") {
  const Folder folder;
  const PlanTable plans = one_plan(1'000'000);
  QuotaBook owner = open_book(folder.file(), "owner");
  QuotaBook repairer = open_book(folder.file(), "repairer");
  const int step = slow_database() ? 6 : 1;
  for (int round = 0; round < 60; round += step) {
    CAPTURE(round);
    const keyhold::UnixMs now = kNow + 2 * round * kLease;
    for (int i = 0; i < kRepairBatch / 2; ++i) hold(owner, plans, 1, now - kLease);
    int repaired = 0;
    std::thread repairing([&] {
      const auto report = repairer.repair(now);
      if (report.ok()) repaired = report->repaired;
    });
    // Somewhere between the first and the last of them.
    std::this_thread::sleep_for(std::chrono::microseconds(50 * round));
    const auto answer = owner.renew(now);
    repairing.join();
    REQUIRE(answer.ok());
    const std::int64_t renewed = answer.value();
    CHECK(renewed + repaired == kRepairBatch / 2);
    CHECK(owner.account("ann", plans, now)->running == renewed);
    REQUIRE(repairer.repair(now + kLease)->repaired == renewed);
  }
}

TEST_CASE("several starting at once on no database: one makes the schema, all can work") {
  const Folder folder;
  std::atomic<int> opened{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      auto book = try_open(folder.file());
      if (book.ok() && book->reserve(call_of(1), one_plan(100), kNow).ok()) ++opened;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(opened == kThreads);
}
