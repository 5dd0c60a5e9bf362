#include "providers/relayed.h"

#include <map>

#include "providers/feeding.h"
#include "providers/own_request.h"

using namespace keyhold;
using namespace keyhold::test;

namespace {

struct ServerProblem {
  std::string_view name;
  int status;
};
// The server's own list: one that it gains is one that somebody has to say the meaning of below.
constexpr ServerProblem kServerProblems[] = {
#define KEYHOLD_PROBLEM(name, status, sentence) {#name, status},
#include "../../../server/relay/problem.def"
#undef KEYHOLD_PROBLEM
};

const std::map<std::string_view, Errc> kMeanings = {
    {"malformed_request", Errc::ERR_PROVIDER_REFUSED},
    {"bad_query", Errc::ERR_PROVIDER_REFUSED},
    // Of payment: a call is never answered so.
    {"plan_not_for_sale", Errc::ERR_PROVIDER_REFUSED},
    {"return_url_not_allowed", Errc::ERR_PROVIDER_REFUSED},
    {"bad_signature", Errc::ERR_PROVIDER_REFUSED},
    {"billing_off", Errc::ERR_PROVIDER_REFUSED},
    {"already_subscribed", Errc::ERR_PROVIDER_REFUSED},
    {"no_subscription", Errc::ERR_PROVIDER_REFUSED},
    {"billing_failed", Errc::ERR_PROVIDER_REFUSED},
    // Of receipts: neither is this.
    {"receipts_off", Errc::ERR_PROVIDER_REFUSED},
    {"call_not_over", Errc::ERR_PROVIDER_REFUSED},
    {"call_refused", Errc::ERR_PROVIDER_REFUSED},
    {"unbounded_cost", Errc::ERR_PROVIDER_REFUSED},
    {"unauthorized", Errc::ERR_NO_TOKEN},
    {"quota_exceeded", Errc::ERR_QUOTA},
    {"plan_lapsed", Errc::ERR_PLAN},
    {"plan_required", Errc::ERR_PLAN},
    {"app_key_exhausted", Errc::ERR_APP_KEY},
    {"origin_not_allowed", Errc::ERR_PROVIDER_REFUSED},
    {"call_not_allowed", Errc::ERR_PROVIDER_REFUSED},
    {"not_found", Errc::ERR_PROVIDER_REFUSED},
    {"method_not_allowed", Errc::ERR_PROVIDER_REFUSED},
    {"too_slow", Errc::ERR_PROVIDER_REFUSED},
    {"idempotent_replay", Errc::ERR_PROVIDER_REFUSED},
    {"too_large", Errc::ERR_PROVIDER_REFUSED},
    {"quota_held", Errc::ERR_RATE_LIMITED},
    {"too_many_running", Errc::ERR_RATE_LIMITED},
    {"rate_limited", Errc::ERR_RATE_LIMITED},
    {"headers_too_large", Errc::ERR_PROVIDER_REFUSED},
    {"internal", Errc::ERR_PROVIDER_REFUSED},
    {"upstream_failed", Errc::ERR_PROVIDER_DOWN},
    {"app_key_refused", Errc::ERR_APP_KEY},
    {"key_reflected", Errc::ERR_PROVIDER_REFUSED},
    {"unavailable", Errc::ERR_PROVIDER_DOWN},
    {"shutting_down", Errc::ERR_PROVIDER_DOWN},
    {"upstream_timeout", Errc::ERR_TIMEOUT},
};

std::optional<Problem> seen(std::string_view body, int status = 402, std::string_view retry_after = "") {
  return diagnose_relay({status, "application/problem+json", as_bytes(body), retry_after});
}

std::string body_of(std::string_view name) { return R"({"type":"urn:keyhold:)" + std::string(name) + R"("})"; }

std::string long_base(std::size_t bytes) {
  std::string url = "https://relay.example/";
  while (url.size() + 1 < bytes) url += 'a';
  return url + "/";
}

}  // namespace

TEST_CASE("relayed: the same provider below the server, with the one header for a token and nothing else changed") {
  for (const ProviderRef& one : builtin().all()) {
    CAPTURE(one->id);
    const auto by = relayed(*one, endpoint("https://relay.example/keyhold"));
    REQUIRE(by.ok());
    CHECK((*by)->base.text() == "https://relay.example/keyhold/v1/relay/" + one->id + "/");
    CHECK((*by)->auth.header == "authorization");
    CHECK((*by)->auth.prefix == "Bearer ");
    CHECK_FALSE((*by)->cors.opaque_401);
    CHECK((*by)->id == one->id);
    CHECK((*by)->wire == one->wire);
    CHECK((*by)->calls.size() == one->calls.size());
    CHECK(text_of(auth_value(**by, secret("a.b.c"))) == "Bearer a.b.c");
  }
  // The one given is as it was.
  CHECK(provider("anthropic")->auth.header == "x-api-key");
  CHECK(provider("anthropic")->base.text() == "https://api.anthropic.com/v1/");
}

TEST_CASE("relayed: an address may be as long as any other, and no longer") {
  const std::size_t behind = std::string("v1/relay/openai/").size();
  const Provider& openai = *provider("openai");
  const auto with = [&](std::size_t server) { return relayed(openai, endpoint(long_base(server))); };
  const auto longest = with(Endpoint::kMaxLength - behind);
  REQUIRE(longest.ok());
  CHECK((*longest)->base.text().size() == Endpoint::kMaxLength);
  CHECK(with(Endpoint::kMaxLength - behind - 1).ok());
  CHECK(with(Endpoint::kMaxLength - behind + 1).error() == Errc::ERR_BAD_INPUT);
  CHECK(with(Endpoint::kMaxLength).error() == Errc::ERR_BAD_INPUT);
}

TEST_CASE("to_relayed: the request as it was, at the other address") {
  const Provider& openai = *provider("openai");
  const ProviderRef by = relayed(openai, endpoint("https://relay.example/")).value();
  Outgoing asked{Method::post,
                 "https://api.openai.com/v1/chat/completions?a=b",
                 {{"content-type", "application/json"}},
                 R"({"model":"m"})"};
  asked.model = "m";
  asked.usage_injected = true;
  const auto out = to_relayed(asked, openai, *by);
  REQUIRE(out.ok());
  CHECK(out->url == "https://relay.example/v1/relay/openai/chat/completions?a=b");
  CHECK(out->method == Method::post);
  CHECK(out->headers == asked.headers);
  CHECK(out->body == asked.body);
  CHECK(out->model == "m");
  CHECK(out->usage_injected);
  CHECK_FALSE(out->passes_body);
}

TEST_CASE("to_relayed: what is not below the provider's own base is nothing to relay") {
  const Provider& openai = *provider("openai");
  const ProviderRef by = relayed(openai, endpoint("https://relay.example/")).value();
  for (const auto* url :
       {"", "https://api.openai.com/", "https://api.openai.com/v1", "https://api.openai.com/v2/chat/completions",
        "http://api.openai.com/v1/chat/completions", "https://api.openai.com.evil.example/v1/chat/completions",
        "https://evil.example/?https://api.openai.com/v1/", "https://relay.example/v1/relay/openai/chat/completions"}) {
    CAPTURE(url);
    CHECK(to_relayed({Method::post, url, {}, std::nullopt}, openai, *by).error() == Errc::ERR_PATH_NOT_ALLOWED);
  }
}

TEST_CASE("diagnose_relay: each problem of the server's has its meaning") {
  CHECK(std::size(kServerProblems) == kMeanings.size());
  for (const auto& [name, status] : kServerProblems) {
    CAPTURE(name);
    REQUIRE(kMeanings.contains(name));
    const auto problem = seen(body_of(name), status, "7");
    REQUIRE(problem.has_value());
    CHECK(problem->code == kMeanings.at(name));
    CHECK(problem->status == status);
    const bool wait = problem->code == Errc::ERR_RATE_LIMITED || problem->code == Errc::ERR_PROVIDER_DOWN;
    CHECK(problem->retry_after_s == (wait ? std::optional(7) : std::nullopt));
    // What it asks for may be nonsense, and the meaning stays.
    const auto vague = seen(body_of(name), status, "soon");
    REQUIRE(vague.has_value());
    CHECK(vague->code == problem->code);
    CHECK_FALSE(vague->retry_after_s.has_value());
  }
}

TEST_CASE("diagnose_relay: a problem nobody has heard of is a refusal; what is none of the server's is none") {
  for (const auto* name :
       {"", "x", "Quota_exceeded", "quota_exceeded ", "quota_exceededx", "urn:keyhold:quota_exceeded"}) {
    CAPTURE(name);
    const auto problem = seen(body_of(name), 418);
    REQUIRE(problem.has_value());
    CHECK(problem->code == Errc::ERR_PROVIDER_REFUSED);
    CHECK(problem->status == 418);
  }
  for (const auto* body : {"",
                           " ",
                           "null",
                           "1",
                           "\"urn:keyhold:quota_exceeded\"",
                           "[]",
                           R"(["urn:keyhold:quota_exceeded"])",
                           R"([{"type":"urn:keyhold:quota_exceeded"}])",
                           "{}",
                           R"({"type":null})",
                           R"({"type":1})",
                           R"({"type":["urn:keyhold:quota_exceeded"]})",
                           R"({"type":{"type":"urn:keyhold:quota_exceeded"}})",
                           R"({"type":"urn:other:quota_exceeded"})",
                           R"({"type":"quota_exceeded"})",
                           R"({"type":" urn:keyhold:x"})",
                           R"({"type":"URN:KEYHOLD:quota_exceeded"})",
                           R"({"Type":"urn:keyhold:quota_exceeded"})",
                           R"({"error":{"type":"urn:keyhold:quota_exceeded"}})",
                           R"({"type":"urn:keyhold:quota_exceeded")",
                           R"({"type":"urn:keyhold:quota_exceeded","type":"urn:keyhold:quota_exceeded"})",
                           R"({"type":"urn:keyhold:quota_exceeded"} more)",
                           R"({"type":"\ud800"})",
                           "{\"type\":\"\xff\"}",
                           "<html>502 Bad Gateway</html>",
                           "data: {}\n\n"}) {
    CAPTURE(body);
    CHECK_FALSE(seen(body).has_value());
  }
  CHECK_FALSE(seen(body_of(std::string(200, 'q'))).has_value());
  CHECK_FALSE(seen(std::string(40, '[') + std::string(40, ']')).has_value());
}

TEST_CASE("diagnose_relay: no more of a body is read than is kept of one") {
  const auto padded = [](std::size_t bytes) {
    std::string body = R"({"type":"urn:keyhold:quota_exceeded","pad":")";
    body.append(bytes - body.size() - 2, 'x');
    return body + "\"}";
  };
  CHECK(seen(padded(kMaxDiagnosedBody - 1)).has_value());
  CHECK(seen(padded(kMaxDiagnosedBody)).has_value());
  CHECK_FALSE(seen(padded(kMaxDiagnosedBody + 1)).has_value());
}
