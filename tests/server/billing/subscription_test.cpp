#include "server/billing/subscription.h"

#include <algorithm>
#include <map>
#include <random>

#include "billing/events.h"

using namespace keyhold;
using namespace keyhold::server;
using namespace keyhold::server::test;

namespace {

using Status = SubscriptionStatus;
const PlanOrder kPlans = {"free", "pro", "max"};

SubscriptionChange change(std::int64_t created, Status status, std::string event = "e", std::int64_t rank = 1) {
  return {.plan = "pro", .status = status, .created = created, .rank = rank, .event = std::move(event)};
}

Subscription with(Status status, std::string plan = "pro") {
  Subscription one{.id = "sub_" + plan};
  one.now = change(1, status);
  one.now.plan = std::move(plan);
  return one;
}

std::optional<Entitlement> gives(std::initializer_list<Subscription> all) {
  return entitlement_of(std::vector<Subscription>(all), kPlans);
}

}  // namespace

TEST_CASE("subscription: an older event never changes what a newer one said") {
  Subscription one{.id = "sub_1"};
  CHECK(take(one, change(10, Status::active)));
  CHECK_FALSE(take(one, change(9, Status::past_due)));
  CHECK_FALSE(take(one, change(9, Status::canceled, "e", 2)));
  CHECK_FALSE(take(one, change(10, Status::active)));
  CHECK(one.now.status == Status::active);
  CHECK(take(one, change(11, Status::past_due)));
  CHECK(one.now.status == Status::past_due);
}

TEST_CASE("subscription: within one second the rule of the header decides, in its order") {
  const auto a_after_b = [](const SubscriptionChange& a, const SubscriptionChange& b) {
    return is_newer(a, b) && !is_newer(b, a);
  };
  CHECK(a_after_b(change(1, Status::canceled, "a", 0), change(1, Status::active, "z", 2)));
  CHECK(a_after_b(change(1, Status::incomplete_expired, "a", 0), change(1, Status::active, "z", 2)));
  CHECK(a_after_b(change(1, Status::incomplete, "a", 1), change(1, Status::active, "z", 0)));
  SubscriptionChange later = change(1, Status::incomplete, "a");
  later.period_end = 5;
  CHECK(a_after_b(later, change(1, Status::active, "z")));
  CHECK(a_after_b(change(1, Status::active, "a"), change(1, Status::past_due, "z")));
  CHECK(a_after_b(change(1, Status::active, "b"), change(1, Status::active, "a")));
  CHECK_FALSE(is_newer(change(1, Status::active), change(1, Status::active)));
}

TEST_CASE("subscription: what each status gives") {
  for (const Status status : {Status::active, Status::trialing, Status::past_due}) {
    CHECK(gives({with(status)}) == Entitlement{"pro", true});
  }
  for (const Status status : {Status::unpaid, Status::paused})
    CHECK(gives({with(status)}) == Entitlement{"pro", false});
  for (const Status status : {Status::none, Status::incomplete, Status::incomplete_expired, Status::canceled}) {
    CHECK(gives({with(status)}) == std::nullopt);
  }
  CHECK(gives({}) == std::nullopt);
}

TEST_CASE("subscription: of several the plan further down counts, and one that is paid for before one that is not") {
  CHECK(gives({with(Status::active, "max"), with(Status::active, "pro")}) == Entitlement{"max", true});
  CHECK(gives({with(Status::active, "pro"), with(Status::unpaid, "max")}) == Entitlement{"pro", true});
  CHECK(gives({with(Status::canceled, "max"), with(Status::active, "pro")}) == Entitlement{"pro", true});
  CHECK(gives({with(Status::active, "gone"), with(Status::active, "")}) == std::nullopt);
}

TEST_CASE("subscription: the one to show is the living one, else the last that ended") {
  Subscription old = with(Status::canceled, "max");
  old.now.created = 99;
  const std::vector<Subscription> both = {old, with(Status::past_due)};
  REQUIRE(most_telling(both) != nullptr);
  CHECK(most_telling(both)->id == "sub_pro");
  const std::vector<Subscription> socks = {with(Status::active, "")};
  CHECK(most_telling(socks) == nullptr);
}

TEST_CASE("subscription: every order of the same events, with repeats, ends in the same state") {
  constexpr int kOrders = 2000;
  std::mt19937 random(20'260'210);  // NOLINT(cert-msc51-cpp): the same orders in each run
  const Status statuses[] = {Status::incomplete, Status::trialing,           Status::unpaid, Status::paused,
                             Status::past_due,   Status::incomplete_expired, Status::active, Status::canceled};
  int distinct_ends = 0;
  std::map<std::string, int> ends;
  for (int round = 0; round < 20; ++round) {
    // Few seconds and few ids, so that ties are the rule.
    std::vector<SubscriptionChange> changes;
    std::vector<CheckoutDone> checkouts;
    for (int i = 0; i < 12; ++i) {
      SubscriptionChange one = change(static_cast<std::int64_t>(random() % 2), statuses[random() % 8],
                                      "evt_" + std::to_string(i), static_cast<std::int64_t>(random() % 2));
      one.period_end = static_cast<UnixMs>(random() % 2);
      one.user = random() % 2 == 0 ? "" : "ann";
      changes.push_back(one);
      if (i < 3) checkouts.push_back({"user" + std::to_string(random() % 2), "cus", static_cast<int>(random() % 2)});
    }
    std::optional<Subscription> end;
    for (int order = 0; order < kOrders / 20; ++order) {
      std::vector<int> at(2 * (changes.size() + checkouts.size()));
      for (std::size_t i = 0; i < at.size(); ++i) at[i] = static_cast<int>(i / 2);
      std::shuffle(at.begin(), at.end(), random);
      Subscription one{.id = "sub_1"};
      for (const int i : at) {
        const auto place = static_cast<std::size_t>(i);
        if (place < changes.size()) {
          take(one, changes[place]);
        } else {
          take(one, checkouts[place - changes.size()]);
        }
      }
      if (!end) end = one;
      REQUIRE(one == *end);
    }
    ends[std::string(name_of(end->now.status)) + end->user()]++;
  }
  distinct_ends = static_cast<int>(ends.size());
  // Positive control: the rounds were not all alike.
  CHECK(distinct_ends > 2);
}
