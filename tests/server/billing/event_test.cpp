#include "server/billing/event.h"

#include "billing/events.h"

using namespace keyhold;
using namespace keyhold::server;
using namespace keyhold::server::test;

namespace {

SubscriptionChange change_of(const SubscriptionText& of) { return std::get<SubscriptionChange>(event_of(of).what); }

bool is_read(const std::string& text) { return read_event(as_bytes(text), plan_of_price).ok(); }

}  // namespace

TEST_CASE("billing event: a subscription's says user, customer, plan, status and times") {
  const BillingEvent event = event_of(SubscriptionText{});
  CHECK(event.id == "evt_1");
  CHECK(event.subscription == "sub_1");
  const auto change = std::get<SubscriptionChange>(event.what);
  CHECK(change.user == "ann");
  CHECK(change.customer == "cus_1");
  CHECK(change.plan == "pro");
  CHECK(change.status == SubscriptionStatus::active);
  CHECK(change.period_end == 2'000'000);
  CHECK(change.ends_at == 0);
  CHECK(change.created == 1000);
  CHECK(change.rank == 1);
  CHECK(change_of({.verb = "created"}).rank == 0);
}

TEST_CASE("billing event: the plan is that of the price, whatever the metadata say") {
  CHECK(change_of({.price = "price_max"}).plan == "max");
  CHECK(change_of({.price = "price_pro_old"}).plan == "pro");
  CHECK(change_of({.price = "price_of_socks"}).plan.empty());
}

TEST_CASE("billing event: the end of the period is read where older versions of the API have it, too") {
  CHECK(change_of({.period_end = 0, .more = R"(,"current_period_end":3000)"}).period_end == 3'000'000);
}

TEST_CASE("billing event: an end is said when it comes at the period's end, on a day, or is there") {
  CHECK(change_of({.more = R"(,"cancel_at_period_end":true,"cancel_at":null)"}).ends_at == 2'000'000);
  CHECK(change_of({.more = R"(,"cancel_at_period_end":false,"cancel_at":1500)"}).ends_at == 1'500'000);
  const auto gone = change_of({.verb = "deleted", .more = R"(,"ended_at":1200,"cancel_at_period_end":true)"});
  CHECK(gone.ends_at == 1'200'000);
  CHECK(gone.status == SubscriptionStatus::canceled);
}

TEST_CASE("billing event: a checkout says whose subscription it made, ids or whole objects") {
  const BillingEvent event = event_of(checkout_text("evt_2", 7, "sub_9", "ann"));
  CHECK(event.subscription == "sub_9");
  CHECK(std::get<CheckoutDone>(event.what) == CheckoutDone{"ann", "cus_1", 7});
  std::string whole = checkout_text("evt_2", 7, "sub_9", "ann");
  whole.replace(whole.find(R"("sub_9")"), 7, R"({"id":"sub_9","object":"subscription"})");
  CHECK(event_of(whole).subscription == "sub_9");
}

TEST_CASE("billing event: what no plan depends on is passed over, whatever is in it") {
  CHECK(std::holds_alternative<NotOurs>(
      event_of(R"({"id":"e","object":"event","created":1,"type":"invoice.paid","data":7})").what));
  CHECK(std::holds_alternative<NotOurs>(event_of(SubscriptionText{.verb = "trial_will_end"}).what));
  std::string payment = checkout_text("evt_2", 7, "sub_9", "ann");
  payment.replace(payment.find(R"("mode":"subscription")"), 21, R"("mode":"payment")");
  CHECK(std::holds_alternative<NotOurs>(event_of(payment).what));
}

TEST_CASE("billing event: a user that no token could name is none") {
  CHECK(change_of({.user = std::string(kMaxBilledUser, 'x')}).user.size() == kMaxBilledUser);
  CHECK(change_of({.user = std::string(kMaxBilledUser + 1, 'x')}).user.empty());
  CHECK(change_of({.user = R"(a\u0000b)"}).user.empty());
  CHECK(change_of({.user = R"(a\nb)"}).user.empty());
}

TEST_CASE("billing event: what is not in Stripe's form is refused") {
  const std::string good = text_of({});
  CHECK(is_read(good));
  CHECK_FALSE(is_read(""));
  CHECK_FALSE(is_read("[]"));
  CHECK_FALSE(is_read("{}"));
  const auto with = [&](std::string_view what, std::string_view instead) {
    std::string text = good;
    const auto at = text.find(what);
    REQUIRE(at != std::string::npos);
    return text.replace(at, what.size(), instead);
  };
  CHECK_FALSE(is_read(with(R"("object":"event")", R"("object":"v2.core.event")")));
  CHECK_FALSE(is_read(with(R"("created":1000)", R"("created":-1)")));
  CHECK_FALSE(is_read(with(R"("created":1000)", R"("created":"1000")")));
  CHECK_FALSE(is_read(with(R"("status":"active")", R"("status":"dancing")")));
  CHECK_FALSE(is_read(with(R"("status":"active")", R"("status":"")")));
  CHECK_FALSE(is_read(with(R"("id":"sub_1")", R"("id":"sub 1")")));
  CHECK_FALSE(is_read(with(R"("id":"sub_1",)", "")));
  CHECK_FALSE(is_read(with(R"("id":"evt_1")", R"("id":7)")));
  CHECK_FALSE(is_read(with(R"("customer":"cus_1")", R"("customer":[])")));
  CHECK_FALSE(is_read(with(R"("data":{)", R"("data":7,"x":{)")));
  CHECK_FALSE(is_read(with(R"("id":"evt_1")", R"("id":"evt_1","id":"evt_2")")));
  CHECK_FALSE(is_read(good + std::string(kMaxEventBytes, ' ')));
}
