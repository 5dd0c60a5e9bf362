// What a page of another origin may do: nothing without a grant, and then what the grant says.
#include "session/access.h"

#include "session/session.h"
#include "support.h"

using namespace keyhold;
using namespace keyhold::test;

namespace {

constexpr UnixMs kNow = 1'795'000'000'000;
constexpr std::string_view kApp = "https://app.example";
constexpr std::string_view kChat = "https://api.openai.com/v1/chat/completions";
constexpr std::string_view kAsked = R"({"model":"m-1","max_tokens":100,"messages":[{"role":"user","content":"hi"}]})";
const Headers kJson = {{"content-type", "application/json"}};

struct Pages {
  TestRng rng;
  Session session{rng, Catalogue::builtin().value()};
  Shelf shelf;
  std::string key;

  Pages() {
    REQUIRE(session.use_prices(as_bytes(std::string_view("KHP1 2026-09-23\n@openai\n=m-1\ti2 o10\n"))).ok());
    write(session.plan_create(slot_fields(), slot_key(), 1000));
    key = write(session.plan_add("openai", "work", secret("sk-proj-abcdefghijklmnop-1234"), 1000));
  }
  std::string write(Result<Plan> plan) {
    REQUIRE(plan.ok());
    REQUIRE(shelf.write(*plan).ok());
    REQUIRE(session.commit().ok());
    return plan->id;
  }
  std::string grant(GrantTerms terms, std::string_view origin = kApp) {
    return write(session.plan_grant(origin, terms, kNow));
  }
  Result<Exchange> fetch(std::string_view url, std::string_view body = kAsked, std::string_view origin = kApp,
                         UnixMs now = kNow) {
    return body.empty() ? session.fetch_for(origin, url, "GET", {}, {}, now)
                        : session.fetch_for(origin, url, "POST", kJson, CallerBody::whole(as_bytes(body)), now);
  }
  Errc refused(std::string_view url, std::string_view body = kAsked, std::string_view origin = kApp) {
    const auto call = fetch(url, body, origin);
    REQUIRE_FALSE(call.ok());
    return call.error();
  }
  const Bytes* row(std::string_view of) {
    const auto found = shelf.usage.find("spend/" + std::string(of));
    return found == shelf.usage.end() ? nullptr : &found->second;
  }
  Result<void> reserve(Exchange& call) {
    for (const std::string& holder : session.holders(call)) {
      auto held = session.reserve(call, holder, row(holder), kNow);
      if (!held) return held.error();
      shelf.usage.insert_or_assign("spend/" + holder, *std::move(held));
    }
    return {};
  }
  /// Sent, answered with 10 tokens in and out: 120 millionths.
  void answer(Exchange& call) {
    call.sent();
    REQUIRE(call.response(200, kJson).ok());
    constexpr std::string_view kAnswer =
        R"({"model":"m-1","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":10,"total_tokens":20}})";
    REQUIRE(call.feed(as_bytes(kAnswer)).ok());
    REQUIRE(call.end().ok());
    session.price(call, kNow);
    session.settle(call, kApp, kNow);
    Rows stored;
    for (const std::string& name : session.usage_rows({})) {
      if (const auto found = shelf.usage.find(name); found != shelf.usage.end()) stored.insert(*found);
    }
    for (const auto& [name, bytes] : session.take_usage({}, stored).puts) shelf.usage.insert_or_assign(name, bytes);
    session.usage_written(true);
  }
};

GrantTerms for_openai() { return {.providers = {"openai"}}; }

}  // namespace

TEST_CASE_METHOD(Pages, "access: without a grant a page is told the same, whatever there is") {
  CHECK(refused(kChat) == Errc::ERR_NEEDS_USER);
  CHECK(refused("https://nobody.example/") == Errc::ERR_NEEDS_USER);
  session.lock();
  CHECK(refused(kChat) == Errc::ERR_NEEDS_USER);
  Session absent{rng, Catalogue::builtin().value()};
  CHECK(absent.fetch_for(kApp, kChat, "GET", {}, {}, kNow).error() == Errc::ERR_NEEDS_USER);
}

TEST_CASE_METHOD(Pages, "access: with one, its calls go out with the user's key, and nobody else's do") {
  grant(for_openai());
  auto call = fetch(kChat);
  REQUIRE(call.ok());
  CHECK(text_of(call->take_auth_value()) == "Bearer sk-proj-abcdefghijklmnop-1234");
  CHECK(fetch("https://api.openai.com/v1/models", "").ok());
  for (const auto* other :
       {"https://evil.example", "http://app.example", "https://app.example:444", "https://app.example.evil", ""}) {
    CAPTURE(other);
    CHECK(refused(kChat, kAsked, other) == Errc::ERR_NEEDS_USER);
  }
  session.lock();
  CHECK(refused(kChat) == Errc::ERR_NEEDS_USER);
}

TEST_CASE_METHOD(Pages, "access: a provider that is not in it is refused before anything is said of its keys") {
  grant(for_openai());
  CHECK(refused("https://api.anthropic.com/v1/messages") == Errc::ERR_NOT_GRANTED);
  grant({.providers = {"openai", "anthropic"}});
  CHECK(refused("https://api.anthropic.com/v1/messages") == Errc::ERR_NO_KEY);
}

TEST_CASE_METHOD(Pages, "access: files, pictures, sound and batches are granted by themselves") {
  grant(for_openai());
  constexpr std::string_view kImages = "https://api.openai.com/v1/images/generations";
  CHECK(refused(kImages) == Errc::ERR_NOT_GRANTED);
  CHECK(refused("https://api.openai.com/v1/files", "") == Errc::ERR_NOT_GRANTED);
  GrantTerms terms = for_openai();
  terms.scopes = {"images"};
  grant(terms);
  CHECK(fetch(kImages).ok());
  CHECK(refused("https://api.openai.com/v1/files", "") == Errc::ERR_NOT_GRANTED);
}

TEST_CASE_METHOD(Pages, "access: models are those named, by the body that is sent or by the path") {
  GrantTerms terms{.providers = {"openai", "google"}, .models = {"m-1", "gemini-2.5-*"}};
  grant(terms);
  write(session.plan_add("google", "g", secret("AIzaSyabcdefghijklmnopqrstuvwxyz01234567"), 1000));
  CHECK(fetch(kChat).ok());
  for (const auto* body :
       {R"({"model":"m-10","messages":[]})", R"({"model":"M-1","messages":[]})", R"({"messages":[]})",
        R"({"model":["m-1"],"messages":[]})", R"({"model":"","messages":[]})"}) {
    CAPTURE(body);
    CHECK(refused(kChat, body) == Errc::ERR_NOT_GRANTED);
  }
  // Named twice is read by nobody.
  CHECK(refused(kChat, R"({"model":"dear","model":"m-1","messages":[]})") == Errc::ERR_BAD_JSON);
  const std::string google = "https://generativelanguage.googleapis.com/v1beta/models/";
  CHECK(fetch(google + "gemini-2.5-flash:generateContent", "{}").ok());
  CHECK(refused(google + "gemini-3:generateContent", "{}") == Errc::ERR_NOT_GRANTED);
  CHECK(fetch("https://api.openai.com/v1/models", "").ok());
}

TEST_CASE_METHOD(Pages, "access: it ends at its end, and when it is revoked") {
  GrantTerms terms = for_openai();
  terms.expires_at = kNow + 1000;
  const std::string id = grant(terms);
  CHECK(fetch(kChat, kAsked, kApp, kNow + 999).ok());
  CHECK(fetch(kChat, kAsked, kApp, kNow + 1000).error() == Errc::ERR_NEEDS_USER);
  CHECK(fetch(kChat, kAsked, kApp, kNow + 1001).error() == Errc::ERR_NEEDS_USER);
  write(session.plan_revoke(id, kNow));
  CHECK(refused(kChat) == Errc::ERR_NEEDS_USER);
  CHECK(session.plan_revoke(id, kNow).error() == Errc::ERR_NOT_FOUND);
}

TEST_CASE_METHOD(Pages, "access: what it may spend counts all its calls, whichever key they go with") {
  write(session.plan_caps(key, {10'000, {}}, kNow));
  GrantTerms terms = for_openai();
  // A call is held for some 3,200 and costs 120.
  terms.caps = {5000, {}};
  const std::string id = grant(terms);
  auto call = fetch(kChat);
  REQUIRE(call.ok());
  CHECK(session.holders(*call) == std::vector{key, id});
  REQUIRE(reserve(*call).ok());
  // While that one is under way there is no room for another, though its key has some.
  auto second = fetch(kChat);
  REQUIRE(second.ok());
  CHECK(reserve(*second).error() == Errc::ERR_CAP_REACHED);
  CHECK(second->cap_hit()->cap == 5000);
  session.settle(*second, kApp, kNow);
  answer(*call);
  CHECK(session.spending(id, row(id))->on_day(kNow) == 120);
  CHECK(session.spending(key, row(key))->on_day(kNow) == 120);
  CHECK(session.spending(key, row(key))->held(kNow) == 0);
  CHECK(session.spending(id, row(id))->held(kNow) == 0);
  // Granted anew, it goes on where it was: asking again is no way to more.
  CHECK(grant(terms) == id);
  CHECK(session.spending(id, row(id))->on_day(kNow) == 120);
  // What the vault's own page calls is not its.
  auto own = session.fetch(kChat, "POST", kJson, CallerBody::whole(as_bytes(kAsked)), "", kNow);
  REQUIRE(own.ok());
  CHECK(session.holders(*own) == std::vector{key});
  REQUIRE(reserve(*own).ok());
  answer(*own);
  CHECK(session.spending(id, row(id))->on_day(kNow) == 120);
  CHECK(session.spending(key, row(key))->on_day(kNow) == 240);
}

TEST_CASE_METHOD(Pages, "access: a call that nobody can tell the cost of is not made under a cap") {
  GrantTerms terms = for_openai();
  terms.caps = {{}, kMaxCapMicroUsd};
  grant(terms);
  auto call = fetch(kChat, R"({"model":"unheard-of","max_tokens":1,"messages":[]})");
  REQUIRE(call.ok());
  CHECK(reserve(*call).error() == Errc::ERR_CAP_UNBOUNDED);
}

TEST_CASE_METHOD(Pages, "access: failover stays under the grant") {
  write(session.plan_add("openai", "other", secret("sk-other-0000000000000002"), 1001));
  write(session.plan_failover("openai", true, 1));
  const std::string id = grant(for_openai());
  auto call = fetch(kChat);
  REQUIRE(call.ok());
  call->sent();
  REQUIRE(call->response(429, kJson).ok());
  REQUIRE(call->moves_on());
  const auto next = session.again(*call, kNow);
  REQUIRE(next.ok());
  CHECK(next->grant_id() == id);
}

TEST_CASE_METHOD(Pages, "grants: kept sealed, one for each origin, bounded, and noted") {
  GrantTerms terms{{"openai", "anthropic"}, {"m-*"}, {"files", "audio"}, {1, 2}, kNow + 5};
  const std::string id = grant(terms);
  Session reopened{rng, Catalogue::builtin().value()};
  REQUIRE(reopened.load(shelf.envelopes, shelf.ledger).ok());
  CHECK(reopened.settings().grants.empty());
  REQUIRE(reopened.unlock(slot_key()).ok());
  REQUIRE(reopened.settings().grants.size() == 1);
  const Grant& kept = reopened.settings().grants[0];
  CHECK(kept.id == id);
  CHECK(kept.origin == kApp);
  CHECK(kept.granted_at == kNow);
  CHECK(kept.terms.providers == terms.providers);
  CHECK(kept.terms.models == terms.models);
  CHECK(kept.terms.scopes == terms.scopes);
  CHECK(kept.terms.caps == terms.caps);
  CHECK(kept.terms.expires_at == terms.expires_at);
  for (const auto& [name, bytes] : shelf.envelopes) CHECK(as_text(bytes).find("app.example") == std::string::npos);

  for (std::size_t i = 1; i < kMaxGrants; ++i) grant(for_openai(), "https://" + std::to_string(i) + ".example");
  CHECK(session.plan_grant("https://more.example", for_openai(), kNow).error() == Errc::ERR_TOO_MANY);
  grant(for_openai());
  CHECK(session.settings().grants.size() == kMaxGrants);
}

TEST_CASE_METHOD(Pages, "grants: what is no such thing is refused, and nothing changes") {
  const auto wrong = [&](GrantTerms terms) { return session.plan_grant(kApp, terms, kNow).error(); };
  CHECK(wrong({}) == Errc::ERR_BAD_INPUT);
  CHECK(wrong({.providers = {"nobody"}}) == Errc::ERR_UNKNOWN_PROVIDER);
  CHECK(wrong({.providers = {"openai", "openai"}}) == Errc::ERR_BAD_INPUT);
  for (const auto* model : {"", "*x", "a*b*", "a b", "\xc3\xbc"}) {
    CAPTURE(model);
    CHECK(wrong({.providers = {"openai"}, .models = {model}}) == Errc::ERR_BAD_INPUT);
  }
  CHECK(wrong({.providers = {"openai"}, .models = std::vector<std::string>(kMaxGrantModels + 1, "m")}) ==
        Errc::ERR_BAD_INPUT);
  CHECK(wrong({.providers = {"openai"}, .scopes = {"infer"}}) == Errc::ERR_BAD_INPUT);
  CHECK(wrong({.providers = {"openai"}, .scopes = {"files", "files"}}) == Errc::ERR_BAD_INPUT);
  CHECK(wrong({.providers = {"openai"}, .caps = {-1, {}}}) == Errc::ERR_BAD_INPUT);
  CHECK(wrong({.providers = {"openai"}, .caps = {{}, kMaxCapMicroUsd + 1}}) == Errc::ERR_BAD_INPUT);
  CHECK(wrong({.providers = {"openai"}, .expires_at = kNow}) == Errc::ERR_BAD_INPUT);
  CHECK(session.settings().grants.empty());
  GrantTerms most{.providers = {"openai"}, .models = std::vector<std::string>(kMaxGrantModels, "m")};
  most.caps = {0, kMaxCapMicroUsd};
  most.expires_at = kNow + 1;
  grant(most);
}

TEST_CASE("host origins: exactly as browsers write them") {
  for (const auto* good :
       {"https://app.example", "https://app.example:8443", "http://localhost:3000", "http://127.0.0.1:8080"}) {
    CAPTURE(good);
    CHECK(is_host_origin(good));
  }
  for (const auto* bad :
       {"", "null", "https://", "https://app.example/", "https://app.example/x", "https://APP.example",
        "https://app.example:443", "http://app.example", "https://u@app.example", "https://app.example?x", "file://",
        "chrome-extension://abc", "https://app.example#"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_host_origin(bad));
  }
  CHECK_FALSE(is_host_origin("https://" + std::string(kMaxOriginBytes, 'a') + ".example"));
}

TEST_CASE("covers: providers, models and kinds of call, each in full") {
  const GrantTerms any{.providers = {"a", "b"}, .scopes = {"files"}};
  const GrantTerms some{.providers = {"a"}, .models = {"m-1", "x*"}};
  CHECK(covers(any, {.providers = {"b"}}));
  CHECK(covers(any, {.providers = {"a"}, .models = {"m"}, .scopes = {"files"}}));
  CHECK_FALSE(covers(any, {.providers = {"c"}}));
  CHECK_FALSE(covers(any, {.providers = {"a"}, .scopes = {"audio"}}));
  CHECK(covers(some, {.providers = {"a"}, .models = {"x*"}}));
  CHECK_FALSE(covers(some, {.providers = {"a"}}));
  CHECK_FALSE(covers(some, {.providers = {"a"}, .models = {"m-2"}}));
}
