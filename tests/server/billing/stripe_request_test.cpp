#include "server/billing/stripe_request.h"

#include <catch2/catch.hpp>
#include <vector>

using namespace keyhold;
using namespace keyhold::server;

namespace {

const std::vector<std::string> kOrigins = {"https://app.example.com", "http://localhost:4173"};

bool may_return(std::string_view url) { return checked_return_url(url, kOrigins).has_value(); }

std::string url_of(std::string_view url) {
  const std::string body = R"({"id":"cs_1","url":")" + std::string(url) + "\"}";
  const auto found = url_in_answer(as_bytes(body));
  return found ? *found : "";
}

}  // namespace

TEST_CASE("stripe request: a value cannot leave its place in the form") {
  const std::string form = form_of({.user = "a&b=c d+é%",
                                    .plan = "pro",
                                    .price = "price_1",
                                    .customer = "",
                                    .return_url = "https://app.example.com/x?a=1"});
  CHECK(form ==
        "mode=subscription&line_items[0][price]=price_1&line_items[0][quantity]=1"
        "&client_reference_id=a%26b%3Dc%20d%2B%C3%A9%25"
        "&metadata[user]=a%26b%3Dc%20d%2B%C3%A9%25&metadata[plan]=pro"
        "&subscription_data[metadata][user]=a%26b%3Dc%20d%2B%C3%A9%25&subscription_data[metadata][plan]=pro"
        "&success_url=https%3A%2F%2Fapp.example.com%2Fx%3Fa%3D1%26checkout%3Ddone"
        "&cancel_url=https%3A%2F%2Fapp.example.com%2Fx%3Fa%3D1%26checkout%3Dcancelled");
  CHECK(portal_form("cus_1", "https://a/") == "customer=cus_1&return_url=https%3A%2F%2Fa%2F");
}

TEST_CASE("stripe request: a user is sent back to an allowed origin and to no other") {
  CHECK(may_return("https://app.example.com/"));
  CHECK(may_return("https://app.example.com/account?tab=plan"));
  CHECK(may_return("https://app.example.com:443/account"));
  CHECK(may_return("http://localhost:4173/"));
  for (const char* url :
       {"", "/", "javascript:alert(1)", "https://app.example.com.evil.example/",
        "https://app.example.com@evil.example/", "https://evil.example/https://app.example.com/",
        "http://app.example.com/", "https://app.example.com:444/", "https://app.example.com\\@evil.example/",
        "//app.example.com/", "https://APP.example.com/\n", "data:text/html,x",
        "https://app.example.com/#https://evil.example", "https://user@app.example.com/", "http://localhost:4174/"}) {
    INFO(url);
    CHECK_FALSE(may_return(url));
  }
  CHECK_FALSE(may_return("https://app.example.com/" + std::string(kMaxReturnUrl, 'x')));
}

TEST_CASE("stripe request: the outcome is one pair of the query, once") {
  CHECK(with_outcome("https://a/", "done") == "https://a/?checkout=done");
  CHECK(with_outcome("https://a/?x=1", "done") == "https://a/?x=1&checkout=done");
  CHECK(with_outcome("https://a/?checkout=done&x=1", "cancelled") == "https://a/?x=1&checkout=cancelled");
  CHECK(with_outcome("https://a/?", "done") == "https://a/?checkout=done");
  CHECK(with_outcome("https://a/?checkouts=1", "done") == "https://a/?checkouts=1&checkout=done");
}

TEST_CASE("stripe request: an answer sends users to https, or to this computer, and nowhere else") {
  CHECK(url_of("https://checkout.stripe.com/c/pay/cs_1#fidkdWxOYHwnPyd1") ==
        "https://checkout.stripe.com/c/pay/cs_1#fidkdWxOYHwnPyd1");
  CHECK(url_of("https://pay.example.com?x=1") == "https://pay.example.com?x=1");
  CHECK(url_of("http://127.0.0.1:4242/pay") == "http://127.0.0.1:4242/pay");
  for (const char* url : {"http://checkout.stripe.com/", "javascript:alert(1)", "javascript://x/%0aalert(1)",
                          "https://a b/", "https://a/\\u000a", "https://", "https://u@checkout.stripe.com/", "/pay",
                          "https://checkout.stripe.com\\\\evil/", "https://a/\\\"onclick="}) {
    INFO(url);
    CHECK(url_of(url).empty());
  }
  CHECK_FALSE(url_in_answer(as_bytes(R"({"url":null})")));
  CHECK_FALSE(url_in_answer(as_bytes("not json")));
  CHECK(url_of("https://a/" + std::string(5000, 'x')).empty());
}

TEST_CASE("stripe request: of a refusal only a short word reaches the log") {
  const auto word = [](std::string_view body) { return refusal_in_answer(as_bytes(body)); };
  CHECK(word(R"({"error":{"code":"resource_missing","type":"invalid_request_error","message":"sk_test"}})") ==
        "resource_missing");
  CHECK(word(R"({"error":{"type":"card_error"}})") == "card_error");
  CHECK(word(R"({"error":{"code":"sk_live_51","type":"Bad Thing"}})").empty());
  CHECK(word("no json").empty());
}

TEST_CASE("stripe request: a client's own key for repeating is theirs alone") {
  CHECK(idempotency_key("ann", "k") == idempotency_key("ann", "k"));
  CHECK(idempotency_key("ann", "k") != idempotency_key("bob", "k"));
  CHECK(idempotency_key("an", "nk") != idempotency_key("ann", "k"));
  CHECK(idempotency_key("ann", std::string(10'000, 'k')).size() < 255);
}

TEST_CASE("stripe request: a client's body has its members, and no others") {
  const auto plan = read_checkout(as_bytes(R"({"plan":"pro","return_url":"https://a/"})"));
  REQUIRE(plan.ok());
  CHECK(plan->plan == "pro");
  for (const char* body :
       {"", "[]", R"({"plan":"pro"})", R"({"plan":1,"return_url":"x"})",
        R"({"plan":"pro","return_url":"x","user":"bob"})", R"({"plan":"pro","plan":"max","return_url":"x"})"}) {
    CHECK_FALSE(read_checkout(as_bytes(body)).ok());
  }
  CHECK(read_portal(as_bytes(R"({"return_url":"x"})")).ok());
  CHECK_FALSE(read_portal(as_bytes(R"({"return_url":"x","customer":"cus_of_bob"})")).ok());
}
