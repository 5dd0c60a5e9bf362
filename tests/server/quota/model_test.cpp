// A model: random steps by several books, crashes, other plans and a running clock against plain maps; after each step
// the database must agree with them and with itself. 1,000 steps, on PostgreSQL 500; KEYHOLD_EFFORT=full: 10,000.
#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <vector>

#include "fixture.h"
#include "server/quota/rules.h"

using namespace keyhold::server;
using namespace keyhold::server::test;
using keyhold::kDayMs;
using keyhold::UnixMs;

namespace {

struct ModelCall {
  CallId id{};
  std::string user;
  std::string key;
  std::string owner;
  MicroUsd reserved = 0;
  MicroUsd least = 0;
  MicroUsd charged = 0;
  CallState state = CallState::held;
  UnixMs lease_until = 0;
  UnixMs ended_at = 0;
};

const PlanTable kPlans{
    "free",
    {{"free", {300, PeriodKind::month, 4}}, {"pro", {900, PeriodKind::day, 6}}, {"trial", {200, PeriodKind::once, 3}}}};

class Life {
 public:
  explicit Life(std::uint64_t seed) : rng_(seed), raw_((open_book(folder_.file()), folder_.file())) {
    open();
    open();
  }

  void step(int number) {
    const int what = below(100);
    CAPTURE(number, what, now_);
    if (what < 40) {
      reserve();
    } else if (what < 62) {
      end();
    } else if (what < 72) {
      progress();
    } else if (what < 80) {
      now_ += below(static_cast<int>(kLease));
    } else if (what < 84) {
      now_ += below(2) == 0 ? kDayMs / 2 : 9 * kDayMs;
    } else if (what < 88) {
      renew();
    } else if (what < 92) {
      repair();
    } else if (what < 96) {
      set_plan();
    } else {
      crash();
    }
    agrees();
  }

  /// How often each outcome came, so that the test can say that it saw them all.
  std::map<std::string, int> seen;

 private:
  struct Process {
    std::string owner;
    QuotaBook book;
  };
  struct User {
    std::string plan = "free";
    AccountStatus status = AccountStatus::active;
  };

  int below(int bound) { return static_cast<int>(rng_() % static_cast<std::uint64_t>(bound)); }
  Process& any_process() { return processes_[static_cast<std::size_t>(below(static_cast<int>(processes_.size())))]; }
  std::string any_user() { return std::string("user-") + static_cast<char>('a' + below(3)); }
  ModelCall* any_call() {
    // Mostly a recent one: those are held.
    if (calls_.empty()) return nullptr;
    const int recent = std::min<int>(static_cast<int>(calls_.size()), below(4) == 0 ? 1000 : 12);
    return &calls_[calls_.size() - 1 - static_cast<std::size_t>(below(recent))];
  }
  void open() {
    const std::string owner = "owner-" + std::to_string(++owners_);
    processes_.push_back({owner, open_book(folder_.file(), owner)});
  }

  MicroUsd held(const std::string& user) const {
    MicroUsd sum = 0;
    for (const ModelCall& call : calls_) sum += call.user == user && call.state == CallState::held ? call.reserved : 0;
    return sum;
  }
  int running(const std::string& user) const {
    return static_cast<int>(std::count_if(calls_.begin(), calls_.end(), [&](const ModelCall& call) {
      return call.user == user && call.state == CallState::held;
    }));
  }
  MicroUsd settled(const std::string& user) {
    const Period period = period_of(kPlans.plans.at(users_[user].plan).period, now_);
    MicroUsd sum = 0;
    for (const ModelCall& call : calls_) {
      const bool counts = call.user == user && call.ended_at >= period.start && call.ended_at < period.end;
      if (call.state == CallState::settled && counts) sum += call.charged;
    }
    return sum;
  }

  void reserve() {
    Process& process = any_process();
    const std::string user = any_user();
    const ModelCall* other = any_call();
    std::string key;
    if (below(3) == 0) key = other != nullptr && below(2) == 0 ? other->key : "key-" + std::to_string(++keys_);
    const MicroUsd amount = below(120);
    const auto answer = process.book.reserve(call_of(amount, user, key), kPlans, now_);
    const PlanTerms& terms = kPlans.plans.at(users_[user].plan);
    const auto first = std::find_if(calls_.begin(), calls_.end(), [&](const ModelCall& call) {
      return !key.empty() && call.user == user && call.key == key;
    });
    if (first != calls_.end()) {
      const auto duplicate = expect<Duplicate>(answer);
      CHECK(duplicate.call == first->id);
      CHECK(duplicate.state == first->state);
      CHECK(duplicate.charged == first->charged);
      ++seen["duplicate"];
    } else if (users_[user].status != AccountStatus::active) {
      CHECK(expect<Suspended>(answer).status == users_[user].status);
      ++seen["suspended"];
    } else if (settled(user) + amount > terms.limit_micro_usd) {
      const auto exceeded = expect<QuotaExceeded>(answer);
      CHECK(exceeded.available == std::max<MicroUsd>(0, terms.limit_micro_usd - settled(user) - held(user)));
      ++seen["exceeded"];
    } else if (running(user) >= terms.max_concurrent) {
      expect<TooManyRunning>(answer);
      ++seen["too many"];
    } else if (settled(user) + held(user) + amount > terms.limit_micro_usd) {
      expect<QuotaHeld>(answer);
      ++seen["held by others"];
    } else {
      calls_.push_back({.id = expect<Held>(answer).call,
                        .user = user,
                        .key = key,
                        .owner = process.owner,
                        .reserved = amount,
                        .lease_until = now_ + kLease});
      ++seen["held"];
    }
  }

  void end() {
    ModelCall* call = any_call();
    if (call == nullptr) return;
    const bool settle = below(4) != 0;
    const MicroUsd asked = below(static_cast<int>(call->reserved) + 20) - 5;
    const auto ending = settle ? any_process().book.settle(call->id, asked, Figures::reported, 200, now_)
                               : any_process().book.release(call->id, 0, now_);
    REQUIRE(ending.ok());
    CHECK(ending->changed == (call->state == CallState::held));
    if (call->state == CallState::held) {
      call->state = settle ? CallState::settled : CallState::released;
      call->charged = settle ? std::clamp<MicroUsd>(asked, 0, call->reserved) : 0;
      call->ended_at = now_;
      CHECK(ending->clamped == (settle && call->charged != asked));
      ++seen[settle ? "settled" : "released"];
    } else {
      ++seen["ended before"];
    }
    CHECK(ending->state == call->state);
    CHECK(ending->charged == call->charged);
  }

  void progress() {
    ModelCall* call = any_call();
    if (call == nullptr) return;
    const MicroUsd least = below(static_cast<int>(call->reserved) + 10);
    const auto still_held = any_process().book.progress(call->id, least);
    REQUIRE(still_held.ok());
    CHECK(still_held.value() == (call->state == CallState::held));
    if (call->state == CallState::held) call->least = std::max(call->least, std::min(least, call->reserved));
  }

  void renew() {
    Process& process = any_process();
    std::int64_t renewed = 0;
    for (ModelCall& call : calls_) {
      if (call.state != CallState::held || call.owner != process.owner) continue;
      call.lease_until = now_ + kLease;
      ++renewed;
    }
    CHECK(process.book.renew(now_).value() == renewed);
  }

  void repair() {
    int repaired = 0;
    for (ModelCall& call : calls_) {
      if (call.state != CallState::held || call.lease_until > now_) continue;
      call.state = CallState::settled;
      call.charged = call.least;
      call.ended_at = now_;
      ++repaired;
    }
    CHECK(any_process().book.repair(now_)->repaired == repaired);
    seen["repaired"] += repaired;
  }

  void set_plan() {
    const std::string user = any_user();
    auto plan = kPlans.plans.begin();
    std::advance(plan, below(static_cast<int>(kPlans.plans.size())));
    const AccountStatus status = below(4) == 0 ? AccountStatus::suspended : AccountStatus::active;
    REQUIRE(any_process().book.set_plan(user, plan->first, status, now_).ok());
    lowered_[user] = true;
    users_[user] = {plan->first, status};
  }

  void crash() {
    processes_.erase(processes_.begin() + below(static_cast<int>(processes_.size())));
    open();
    ++seen["crash"];
  }

  void agrees() {
    REQUIRE(wrong_accounts(raw_) == 0);
    REQUIRE(raw_.number("SELECT COUNT(*) FROM calls") == static_cast<std::int64_t>(calls_.size()));
    REQUIRE(raw_.number("SELECT COUNT(*) FROM calls WHERE charged > reserved OR (state = 'held') != (ended_at = 0)") ==
            0);
    MicroUsd charged = 0;
    for (const ModelCall& call : calls_) charged += call.charged;
    REQUIRE(raw_.number("SELECT COALESCE(SUM(charged), 0) FROM calls") == charged);
    for (const std::string user : {"user-a", "user-b", "user-c"}) {
      const AccountView view = any_process().book.account(user, kPlans, now_).value();
      CAPTURE(user, view.plan);
      REQUIRE(view.plan == users_[user].plan);
      REQUIRE(view.status == users_[user].status);
      REQUIRE(view.settled == settled(user));
      REQUIRE(view.held == held(user));
      REQUIRE(view.running == running(user));
      REQUIRE(view.available == std::max<MicroUsd>(0, view.limit - view.settled - view.held));
      // Another plan may leave more used or held than its limit; from then on it only shrinks until it fits again.
      if (view.settled + view.held <= view.limit) lowered_[user] = false;
      if (!lowered_[user]) REQUIRE(view.settled + view.held <= view.limit);
    }
  }

  std::mt19937_64 rng_;
  Folder folder_;
  RawDatabase raw_;
  std::vector<Process> processes_;
  std::map<std::string, User> users_;
  std::map<std::string, bool> lowered_;
  std::vector<ModelCall> calls_;
  UnixMs now_ = kNow;
  int owners_ = 0;
  int keys_ = 0;
};

}  // namespace

TEST_CASE("model: random steps, crashes and changes of plan agree with plain maps") {
  // In lives of 500 steps, each with another beginning.
  const int lives = full_effort() ? 20 : slow_database() ? 1 : 2;
  std::map<std::string, int> seen;
  for (int life = 0; life < lives; ++life) {
    CAPTURE(life);
    Life one(static_cast<std::uint64_t>(life) + 1);
    for (int number = 0; number < 500; ++number) one.step(number);
    for (const auto& [what, times] : one.seen) seen[what] += times;
  }
  for (const char* what : {"held", "duplicate", "suspended", "exceeded", "too many", "held by others", "settled",
                           "released", "ended before", "repaired", "crash"}) {
    CAPTURE(what);
    CHECK(seen[what] > 0);
  }
}
