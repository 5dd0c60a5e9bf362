// warnings: each risk is named once, where it is, and a careful configuration has none.
#include "server/config/warnings.h"

#include <catch2/catch.hpp>

using namespace keyhold;
using namespace keyhold::server;

namespace {

constexpr UnixMs kNow = 1'795'000'000'000;

std::vector<std::string> warned(const std::string& listen, const std::string& more, const std::string& plan) {
  const std::string text = R"({"listen":")" + listen + R"(",)" + more +
                           R"("ownPrices":[{"provider":"openai","model":"m-1","inputUsd":1,"outputUsd":2}],
    "keys":{"openai":{"env":"KEY"}},"plans":[{"id":"free","name":"Free",)" +
                           plan + "}]}";
  const ConfigSources sources{[](const std::string&) { return std::optional<std::string>(std::string(40, 'k')); },
                              [](const std::string&) { return std::optional<std::string>(); }};
  std::string error;
  const auto config = parse_config(text, sources, error);
  INFO(error);
  REQUIRE(config);
  return warnings_of(*config, kNow);
}

const std::string kCareful =
    R"("trustedProxies":["127.0.0.1","::1"],"origins":["https://app.example.com"],"addKeyUrl":"https://app.example.com/keys",
    "tokens":{"issuer":"https://app.example.com","audience":"a","secretEnv":"S"},)";
const std::string kPlan = R"("limitUsd":1,"maxOutputTokens":100,"models":{"openai":["m-1"]})";

bool one(const std::vector<std::string>& warnings, const std::string& beginning) {
  CAPTURE(warnings);
  return warnings.size() == 1 && warnings[0].starts_with(beginning);
}

}  // namespace

TEST_CASE("warnings_of: a careful configuration has none") {
  CHECK(warned("127.0.0.1:8787", kCareful, kPlan).empty());
  CHECK(warned("[::1]:8787", kCareful, kPlan).empty());
  CHECK(warned("127.0.0.1:1", kCareful, R"("limitUsd":1,"maxOutputTokens":100,"models":{"openai":["x*"]})").empty());
}

TEST_CASE("warnings_of: an address that other machines reach") {
  CHECK(one(warned("0.0.0.0:8787", kCareful, kPlan), "listen: 0.0.0.0"));
  CHECK(one(warned("[::]:8787", kCareful, kPlan), "listen: ::"));
}

TEST_CASE("warnings_of: addresses that would all be those of what stands in front") {
  const std::string untrusting = R"("origins":["https://app.example.com"],"addKeyUrl":"https://app.example.com/keys",
    "tokens":{"issuer":"https://app.example.com","audience":"a","secretEnv":"S"},)";
  CHECK(one(warned("127.0.0.1:1", untrusting, kPlan), "trustedProxies:"));
  CHECK(one(warned("[::1]:1", untrusting, kPlan), "trustedProxies:"));
  CHECK(one(warned("10.0.0.7:1", untrusting, kPlan), "listen:"));
  CHECK(warned("127.0.0.1:1", R"("addressDays":0,)" + untrusting, kPlan).empty());
}

TEST_CASE("warnings_of: metrics where the internet reads them") {
  const auto at = [](const std::string& listen) {
    return warned("127.0.0.1:1", R"("metrics":{"listen":")" + listen + R"("},)" + kCareful, kPlan);
  };
  for (const char* inside : {"127.0.0.1:9187", "10.1.2.3:9187", "[::1]:9187", "[fd00::7]:9187"})
    CHECK(at(inside).empty());
  for (const char* open : {"0.0.0.0:9187", "203.0.113.7:9187", "[::]:9187", "[2001:db8::1]:9187"}) {
    CHECK(one(at(open), "metrics.listen:"));
  }
}

TEST_CASE("warnings_of: no pages, no link, any issuer") {
  const auto all = warned("127.0.0.1:1", R"("addressDays":0,"tokens":{"audience":"a","secretEnv":"S"},)", kPlan);
  REQUIRE(all.size() == 3);
  CHECK(all[0].starts_with("origins:"));
  CHECK(all[1].starts_with("addKeyUrl:"));
  CHECK(all[2].starts_with("tokens.issuer:"));
}

TEST_CASE("warnings_of: plans that cannot be used, or hold more than they seem to") {
  const auto of = [](const std::string& plan) { return warned("127.0.0.1:1", kCareful, plan); };
  CHECK(one(of(R"("limitUsd":0,"maxOutputTokens":100,"models":{"openai":["m-1"]})"),
            "plans: plan free has a limit of nothing"));
  CHECK(one(of(R"("limitUsd":1,"models":{"openai":["m-1"]})"), "plans: plan free says no maxOutputTokens"));
  CHECK(one(of(R"("limitUsd":1,"maxOutputTokens":100,"models":{"openai":["m-1","m-2"]})"),
            "prices: m-2 of openai, in plan free, has no price"));
  const auto other = of(R"("limitUsd":1,"maxOutputTokens":100,"models":{"groq":["m-1"]})");
  REQUIRE(other.size() == 2);
  CHECK(other[0].starts_with("plans: plan free has models of groq, but there is no key"));
  CHECK(other[1].starts_with("keys: that of openai is of no plan's use"));
  CHECK(of(R"("limitUsd":1,"maxOutputTokens":100)")[0].starts_with("plans: plan free has no models"));
}
