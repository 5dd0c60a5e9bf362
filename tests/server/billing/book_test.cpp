// book_test: events of Stripe and the account they change, in the database.
#include <algorithm>
#include <numeric>
#include <random>
#include <thread>

#include "billing/events.h"
#include "quota/fixture.h"

using namespace keyhold;
using namespace keyhold::server;
using namespace keyhold::server::test;

namespace {

const PlanOrder kOrder = {"free", "pro", "max"};
const PlanTable kTable = {"free", {{"free", {100}}, {"pro", {1000}}, {"max", {5000}}}};

EventTaken took(QuotaBook& book, const BillingEvent& event) {
  const auto taken = book.take_event(event, kOrder, kNow);
  REQUIRE(taken.ok());
  return taken.value();
}

std::string plan_and_status(QuotaBook& book, const std::string& user) {
  const auto view = book.account(user, kTable, kNow);
  REQUIRE(view.ok());
  constexpr const char* kNames[] = {" active", " lapsed", " suspended"};
  return view.value().plan + kNames[static_cast<int>(view.value().status)];
}

}  // namespace

TEST_CASE("billing book: an event is counted once, with its effect") {
  const Folder folder;
  QuotaBook book = open_book(folder.file());
  const BillingEvent event = event_of(SubscriptionText{});
  const EventTaken first = took(book, event);
  CHECK(first.account);
  CHECK(plan_and_status(book, "ann") == "pro active");
  const EventTaken second = took(book, event);
  CHECK(second.duplicate);
  CHECK_FALSE(second.account);
  RawDatabase raw(folder.file());
  CHECK(raw.number("SELECT COUNT(*) FROM billing_events") == 1);
  CHECK(raw.number("SELECT events FROM subscriptions") == 1);
}

TEST_CASE("billing book: what is no plan's event leaves nothing behind") {
  const Folder folder;
  QuotaBook book = open_book(folder.file());
  const EventTaken taken =
      took(book, event_of(R"({"id":"e","object":"event","created":1,"type":"invoice.paid","data":{}})"));
  CHECK_FALSE((taken.account || taken.newer || taken.duplicate));
  RawDatabase raw(folder.file());
  CHECK(raw.number("SELECT COUNT(*) FROM billing_events") == 0);
  took(book, event_of(SubscriptionText{.price = "price_of_socks"}));
  CHECK(plan_and_status(book, "ann") == "free active");
}

TEST_CASE("billing book: a life of a subscription, and what the account is at each step") {
  const Folder folder;
  QuotaBook book = open_book(folder.file());
  int number = 0;
  const auto after = [&](std::string verb, std::string status) {
    ++number;
    took(book, event_of(SubscriptionText{.event = "evt_" + std::to_string(number),
                                         .verb = std::move(verb),
                                         .created = 1000 + number,
                                         .status = std::move(status)}));
    return plan_and_status(book, "ann");
  };
  CHECK(after("created", "incomplete") == "free active");
  CHECK(after("updated", "active") == "pro active");
  CHECK(after("updated", "past_due") == "pro active");
  CHECK(after("updated", "unpaid") == "pro lapsed");
  CHECK(after("updated", "active") == "pro active");
  CHECK(after("updated", "paused") == "pro lapsed");
  CHECK(after("resumed", "active") == "pro active");
  CHECK(after("deleted", "canceled") == "free active");
}

TEST_CASE("billing book: a subscription that nobody is known for waits for its checkout") {
  const Folder folder;
  QuotaBook book = open_book(folder.file());
  took(book, event_of(SubscriptionText{.user = ""}));
  CHECK(plan_and_status(book, "ann") == "free active");
  const EventTaken taken = took(book, event_of(checkout_text("evt_2", 999, "sub_1", "ann")));
  CHECK(taken.account);
  CHECK(plan_and_status(book, "ann") == "pro active");
}

TEST_CASE("billing book: a subscription that changes hands is taken from one and given to the other") {
  const Folder folder;
  QuotaBook book = open_book(folder.file());
  took(book, event_of(SubscriptionText{}));
  took(book, event_of(SubscriptionText{.event = "evt_2", .created = 1001, .user = "bob"}));
  CHECK(plan_and_status(book, "ann") == "free active");
  CHECK(plan_and_status(book, "bob") == "pro active");
}

TEST_CASE("billing book: what the operator set holds until what is paid for changes; suspended holds longer") {
  const Folder folder;
  QuotaBook book = open_book(folder.file());
  took(book, event_of(SubscriptionText{}));
  REQUIRE(book.set_plan("ann", "max", AccountStatus::active, kNow).ok());
  took(book, event_of(SubscriptionText{.event = "evt_2", .created = 1001, .status = "past_due"}));
  CHECK(plan_and_status(book, "ann") == "max active");
  took(book, event_of(SubscriptionText{.event = "evt_3", .verb = "deleted", .created = 1002}));
  CHECK(plan_and_status(book, "ann") == "free active");
  REQUIRE(book.set_plan("ann", "free", AccountStatus::suspended, kNow).ok());
  took(book, event_of(SubscriptionText{.event = "evt_4", .created = 1003, .id = "sub_2"}));
  CHECK(plan_and_status(book, "ann") == "pro suspended");
  // Somebody who gave up paying keeps what the operator gave them.
  REQUIRE(book.set_plan("eve", "max", AccountStatus::active, kNow).ok());
  took(book, event_of(SubscriptionText{
                 .event = "evt_5", .created = 1, .id = "sub_3", .status = "incomplete_expired", .user = "eve"}));
  CHECK(plan_and_status(book, "eve") == "max active");
}

TEST_CASE("billing book: what was used stays used when the plan changes") {
  const Folder folder;
  QuotaBook book = open_book(folder.file());
  const auto held = book.reserve(call_of(60), kTable, kNow);
  REQUIRE(held.ok());
  REQUIRE(book.settle(std::get<Held>(held.value()).call, 60, Figures::reported, 200, kNow).ok());
  took(book, event_of(SubscriptionText{}));
  CHECK(book.account("ann", kTable, kNow)->settled == 60);
  CHECK(book.account("ann", kTable, kNow)->available == 940);
}

TEST_CASE("billing book: the subscription to show, and the customer, are known") {
  const Folder folder;
  QuotaBook book = open_book(folder.file());
  CHECK(book.subscription("ann")->status == SubscriptionStatus::none);
  took(book, event_of(SubscriptionText{.more = R"(,"cancel_at_period_end":true)"}));
  const auto view = book.subscription("ann");
  CHECK(view.value().status == SubscriptionStatus::active);
  CHECK(view.value().plan == "pro");
  CHECK(view.value().ends_at == 2'000'000);
  CHECK(view.value().customer == "cus_1");
  CHECK(book.subscription("bob")->customer.empty());
}

TEST_CASE("billing book: marks of events go when Stripe can no longer send them again") {
  const Folder folder;
  QuotaBook book = open_book(folder.file());
  took(book, event_of(SubscriptionText{}));
  REQUIRE(
      book.take_event(event_of(SubscriptionText{.event = "evt_2", .created = 1001}), kOrder, kNow + kEventsKeptMs + 1)
          .ok());
  RawDatabase raw(folder.file());
  CHECK(raw.number("SELECT COUNT(*) FROM billing_events") == 1);
  // Sent again even so, it is older than what is known.
  CHECK_FALSE(took(book, event_of(SubscriptionText{})).newer);
}

TEST_CASE("billing book: a thousand orders of two subscriptions' events, with repeats, end on the same plan") {
  constexpr int kOrders = 1000;
  const Folder folder;
  QuotaBook book = open_book(folder.file(), "one");
  std::mt19937 random(20'260'211);  // NOLINT(cert-msc51-cpp): the same orders in each run
  std::int64_t distinct = 0;
  for (int order = 0; order < kOrders; ++order) {
    const std::string n = std::to_string(order);
    const std::string user = "user" + n;
    const auto of = [&](std::string event, std::string verb, std::int64_t created, std::string id, std::string status,
                        std::string price, bool says_user) {
      return event_of(SubscriptionText{.event = "evt_" + std::move(event) + n,
                                       .verb = std::move(verb),
                                       .created = created,
                                       .id = "sub_" + std::move(id) + n,
                                       .status = std::move(status),
                                       .price = std::move(price),
                                       .user = says_user ? user : ""});
    };
    std::vector<BillingEvent> events = {
        of("a", "created", 10, "1", "incomplete", "price_pro", true),
        of("b", "updated", 10, "1", "active", "price_pro", true),
        event_of(checkout_text("evt_c" + n, 11, "sub_1" + n, user)),
        of("d", "updated", 20, "1", "past_due", "price_pro", true),
        of("e", "updated", 20, "1", "unpaid", "price_pro", true),
        // Its user is known by the checkout alone.
        of("f", "created", 30, "2", "active", "price_max", false),
        event_of(checkout_text("evt_g" + n, 30, "sub_2" + n, user)),
        of("h", "updated", 40, "1", "active", "price_pro", true),
        of("i", "deleted", 41, "2", "canceled", "price_max", false),
    };
    distinct += static_cast<std::int64_t>(events.size());
    const std::size_t size = events.size();
    for (std::size_t i = 0; i < size; i += 2) events.push_back(events[i]);
    std::shuffle(events.begin(), events.end(), random);
    for (const BillingEvent& event : events) took(book, event);
    REQUIRE(plan_and_status(book, user) == "pro active");
  }
  RawDatabase raw(folder.file());
  CHECK(raw.number("SELECT COUNT(*) FROM billing_events") == distinct);
  CHECK(raw.number("SELECT SUM(events) FROM subscriptions") == distinct);
}

TEST_CASE("billing book: several books take the same events at once, and each counts once") {
  constexpr int kThreads = 4;
  constexpr int kEvents = 60;
  const Folder folder;
  std::vector<QuotaBook> books;
  for (int i = 0; i < kThreads; ++i) books.push_back(open_book(folder.file(), "b" + std::to_string(i)));
  std::vector<BillingEvent> events;
  for (int i = 0; i < kEvents; ++i) {
    events.push_back(event_of(SubscriptionText{.event = "evt_" + std::to_string(i),
                                               .created = i,
                                               .id = "sub_" + std::to_string(i % 2),
                                               .status = i >= kEvents - 2 ? "active" : "unpaid",
                                               .price = i % 2 == 0 ? "price_pro" : "price_max"}));
  }
  std::vector<int> counted(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      std::vector<BillingEvent> mine = events;
      std::shuffle(mine.begin(), mine.end(), std::mt19937(static_cast<unsigned>(t)));
      for (const BillingEvent& event : mine) {
        const auto taken = books[static_cast<std::size_t>(t)].take_event(event, kOrder, kNow);
        if (taken.ok() && !taken.value().duplicate) ++counted[static_cast<std::size_t>(t)];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(std::accumulate(counted.begin(), counted.end(), 0) == kEvents);
  CHECK(plan_and_status(books[0], "ann") == "max active");
}
