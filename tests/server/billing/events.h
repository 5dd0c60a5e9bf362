// events: Stripe's events as the tests need them, in the form of its API.
#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <string_view>

#include "server/billing/event.h"

namespace keyhold::server::test {

inline std::string_view plan_of_price(std::string_view price) {
  if (price == "price_pro" || price == "price_pro_old") return "pro";
  return price == "price_max" ? std::string_view("max") : std::string_view();
}

struct SubscriptionText {
  std::string event = "evt_1";
  std::string verb = "updated";
  std::int64_t created = 1000;
  std::string id = "sub_1";
  std::string status = "active";
  std::string price = "price_pro";
  std::string user = "ann";
  std::int64_t period_end = 2000;
  std::string more = {};  // members of the subscription, each with a comma before it
};

inline std::string text_of(const SubscriptionText& of) {
  const std::string metadata = of.user.empty() ? "{}" : R"({"user":")" + of.user + R"(","plan":"whatever"})";
  return R"({"id":")" + of.event + R"(","object":"event","api_version":"2026-10-28.endive","created":)" +
         std::to_string(of.created) + R"(,"type":"customer.subscription.)" + of.verb + R"(","data":{"object":{"id":")" +
         of.id + R"(","object":"subscription","customer":"cus_1","status":")" + of.status + R"(","metadata":)" +
         metadata + R"(,"items":{"object":"list","data":[{"id":"si_1","current_period_end":)" +
         std::to_string(of.period_end) + R"(,"price":{"id":")" + of.price + R"(","object":"price"}}]})" + of.more +
         "}}}";
}

inline std::string checkout_text(const std::string& event, std::int64_t created, const std::string& subscription,
                                 const std::string& user) {
  return R"({"id":")" + event + R"(","object":"event","created":)" + std::to_string(created) +
         R"(,"type":"checkout.session.completed","data":{"object":{"id":"cs_1","object":"checkout.session",)"
         R"("mode":"subscription","customer":"cus_1","client_reference_id":")" +
         user + R"(","subscription":")" + subscription + R"("}}})";
}

inline BillingEvent event_of(const std::string& text) {
  auto event = read_event(as_bytes(text), plan_of_price);
  INFO(text);
  REQUIRE(event.ok());
  return std::move(event).value();
}
inline BillingEvent event_of(const SubscriptionText& of) { return event_of(text_of(of)); }

}  // namespace keyhold::server::test
