// How long pages of other origins can keep a vault open.
#include "policy/auto_lock.h"

#include <catch2/catch.hpp>

using namespace keyhold;

namespace {

constexpr std::int64_t kIdleMs = 15 * kMinuteMs;
Clocks at(std::int64_t minutes) { return {1'000'000 + minutes * kMinuteMs, minutes * kMinuteMs}; }

}  // namespace

TEST_CASE("auto lock: the own page holds it off as long as it is used, other pages for an hour after it was opened") {
  AutoLock own;
  AutoLock host;
  own.start(at(0));
  host.start(at(0));
  for (int minute = 10; minute <= 120; minute += 10) {
    own.touch(at(minute));
    host.touch(at(minute), true);
  }
  CHECK(own.due_in_ms(at(125), kIdleMs, AutoLock::Busy::no) == 10 * kMinuteMs);
  // Last used at 50 minutes.
  CHECK(host.due_in_ms(at(64), kIdleMs, AutoLock::Busy::no) == kMinuteMs);
  CHECK(host.due_in_ms(at(65), kIdleMs, AutoLock::Busy::no) == 0);
  // Somebody comes back to the vault's page.
  host.touch(at(64));
  CHECK(host.due_in_ms(at(65), kIdleMs, AutoLock::Busy::no) == 14 * kMinuteMs);
}

TEST_CASE("auto lock: an answer that arrives holds it off, for other pages in the first hour only") {
  AutoLock lock;
  lock.start(at(0));
  CHECK(lock.due_in_ms(at(59), kIdleMs, AutoLock::Busy::host) == kIdleMs);
  CHECK(lock.due_in_ms(at(60), kIdleMs, AutoLock::Busy::host) == 0);
  CHECK(lock.due_in_ms(at(60), kIdleMs, AutoLock::Busy::own_page) == kIdleMs);
  CHECK(lock.due_in_ms(at(12 * 60), kIdleMs, AutoLock::Busy::own_page) == 0);
}
