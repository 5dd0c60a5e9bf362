// By whose key a call goes: the app's where the user has none, as far as they let it.
#include <map>

#include "session/session.h"
#include "support.h"

using namespace keyhold;
using namespace keyhold::test;

namespace {

constexpr UnixMs kNow = 1'795'000'000'000;
constexpr std::string_view kApp = "https://app.example";
constexpr std::string_view kServer = "https://relay.example/";
constexpr std::string_view kSite =
    R"({"server":{"url":"https://relay.example/","tokenUrl":"https://app.example/token"}})";
constexpr std::string_view kChat = "https://api.openai.com/v1/chat/completions";
constexpr std::string_view kAnthropic = "https://api.anthropic.com/v1/messages";
constexpr std::string_view kAsked = R"({"model":"m-1","max_tokens":100,"messages":[{"role":"user","content":"hi"}]})";
constexpr std::string_view kOwn = "sk-proj-0wnKeyOfTheUser-1234";
constexpr std::string_view kToken = "eyJh.eyJz.c2ln";
const Headers kJson = {{"content-type", "application/json"}};
const std::vector<ChatMessage> kQuestion = {{ChatMessage::Role::user, "hi"}};

struct Fixture {
  TestRng rng;
  Session session{rng, Catalogue::builtin().value()};
  Shelf shelf;

  explicit Fixture(std::string_view site = kSite) { REQUIRE(session.configure(as_bytes(site)).ok()); }

  std::string write(Result<Plan> plan) {
    REQUIRE(plan.ok());
    REQUIRE(shelf.write(*plan).ok());
    REQUIRE(session.commit().ok());
    return plan->id;
  }
  void create() { write(session.plan_create(slot_fields(), slot_key(), 1000)); }
  std::string add(std::string_view key = kOwn, std::string_view provider = "openai") {
    return write(session.plan_add(provider, "work", secret(key), 1000));
  }
  void say(AppKeyUse use, std::string_view provider = "openai") {
    write(session.plan_app_key_use(provider, use, kNow));
  }
  std::string grant(GrantTerms terms) { return write(session.plan_grant(kApp, terms, kNow)); }

  Result<Exchange> by_app(AppOffer offer = {std::string(kServer)}, std::string_view origin = "",
                          std::string_view url = kChat, std::string_view body = kAsked, Headers headers = kJson) {
    return body.empty()
               ? session.fetch_by_app(offer, origin, url, "GET", {}, {}, kNow)
               : session.fetch_by_app(offer, origin, url, "POST", headers, CallerBody::whole(as_bytes(body)), kNow);
  }
  Result<Exchange> host(bool newcomer = false, std::string_view url = kChat, std::string_view body = kAsked) {
    return by_app({std::string(kServer), false, newcomer}, kApp, url, body);
  }
  Result<Exchange> own(std::string_view url = kChat, std::string_view body = kAsked, std::string_view key = "") {
    return session.fetch(url, "POST", kJson, CallerBody::whole(as_bytes(body)), key, kNow, true);
  }
  UsageDay today() {
    Rows stored;
    for (const std::string& key : session.usage_rows({})) {
      if (const auto row = shelf.usage.find(key); row != shelf.usage.end()) stored.insert(*row);
    }
    for (const auto& [key, row] : session.take_usage({}, stored).puts) shelf.usage.insert_or_assign(key, row);
    session.usage_written(true);
    Rows rows;
    for (const auto& [key, row] : shelf.usage) {
      if (key.starts_with("usage/")) rows.emplace(key, row);
    }
    const auto history = session.usage(rows).value();
    return history.days.empty() ? UsageDay() : history.days.back().second;
  }
  void answer(Exchange& call, std::string_view app = "") {
    call.sent();
    REQUIRE(call.response(200, kJson).ok());
    constexpr std::string_view kAnswer =
        R"({"model":"m-1","choices":[],"usage":{"prompt_tokens":10,"completion_tokens":10,"total_tokens":20}})";
    REQUIRE(call.feed(as_bytes(kAnswer)).ok());
    REQUIRE(call.end().ok());
    session.price(call, kNow);
    session.settle(call, app, kNow);
  }
};

/// "ok", or the error's name.
std::string outcome(const Result<Exchange>& call) { return call ? "ok" : std::string(name(call.error())); }

std::string source_in(const Headers& headers) {
  std::string found;
  for (const auto& [name, value] : headers) {
    if (name == "keyhold-source") found += value;
  }
  return found;
}

/// All that leaves the vault with a call, as text.
std::string leaves(Exchange& call) {
  std::string all = call.request().url + "\n" + call.request().body.value_or("") + "\n";
  for (const auto& [name, value] : call.request().headers) all += name + ": " + value + "\n";
  return all + call.provider().auth.header + ": " + text_of(call.take_auth_value());
}

GrantTerms for_openai() { return {.providers = {"openai"}}; }

}  // namespace

TEST_CASE_METHOD(Fixture, "by the app: the caller's request at the app's server, with the token where a key would be") {
  auto call =
      by_app({std::string(kServer)}, "", kChat, kAsked,
             {{"content-type", "application/json"}, {"authorization", "Bearer theirs"}, {"x-api-key", "theirs"}});
  REQUIRE(call.ok());
  CHECK(call->request().url == "https://relay.example/v1/relay/openai/chat/completions");
  CHECK(call->request().headers == kJson);
  CHECK(call->source() == "app");
  CHECK(call->key_id().empty());
  CHECK(call->wants_token());
  CHECK(call->take_auth_value().empty());
  call->authorize(secret(kToken));
  CHECK_FALSE(call->wants_token());
  CHECK(call->provider().auth.header == "authorization");
  const std::string all = leaves(*call);
  CHECK(all.ends_with("\nauthorization: Bearer " + std::string(kToken)));
  CHECK(all.find(kToken) == all.rfind(kToken));
  CHECK(all.find("theirs") == std::string::npos);
}

TEST_CASE_METHOD(Fixture, "by the app: also for a provider whose own credential is in another header") {
  auto call = by_app({std::string(kServer)}, "", kAnthropic);
  REQUIRE(call.ok());
  call->authorize(secret(kToken));
  CHECK(call->request().url == "https://relay.example/v1/relay/anthropic/messages");
  CHECK(call->provider().auth.header == "authorization");
  for (const auto& [name, value] : call->request().headers) CHECK(name != "x-api-key");
}

TEST_CASE_METHOD(Fixture, "by the app: absent, locked or open, for the vault's own page") {
  CHECK(outcome(by_app()) == "ok");
  CHECK(outcome(session.chat_by_app({std::string(kServer)}, "openai", "m", kQuestion, 5)) == "ok");
  create();
  CHECK(outcome(by_app()) == "ok");
  session.lock();
  // A locked vault is not one without keys; nor does a person's choice, or what a page says of itself, open it.
  for (const AppOffer& offer : {AppOffer{std::string(kServer)},
                                {std::string(kServer), true, false},
                                {std::string(kServer), false, true},
                                {std::string(kServer), true, true}}) {
    CHECK(outcome(by_app(offer)) == "ERR_LOCKED");
    CHECK(outcome(session.chat_by_app(offer, "openai", "m", kQuestion, 5)) == "ERR_LOCKED");
  }
}

TEST_CASE_METHOD(Fixture, "by the app: absent, locked or open, for a page of another origin") {
  const auto as = [&] { return outcome(host(false)) + " " + outcome(host(true)); };
  CHECK(as() == "ERR_NEEDS_USER ok");
  create();
  CHECK(as() == "ERR_NEEDS_USER ok");
  add();
  // What is stored, and what was decided, makes no difference to a page that was never allowed anything.
  for (const AppKeyUse use : {AppKeyUse::never, AppKeyUse::ask, AppKeyUse::automatic}) {
    say(use);
    CHECK(as() == "ERR_NEEDS_USER ok");
  }
  session.lock();
  CHECK(as() == "ERR_NEEDS_USER ok");
  REQUIRE(session.unlock(slot_key()).ok());
  grant(for_openai());
  // Allowed: the user's own key is there for it, and calling itself a newcomer changes nothing.
  say(AppKeyUse::automatic);
  CHECK(as() == "ERR_WRONG_STATE ERR_WRONG_STATE");
  say(AppKeyUse::never);
  CHECK(as() == "ERR_NO_KEY ERR_NO_KEY");
  session.lock();
  CHECK(outcome(host(false)) == "ERR_NEEDS_USER");
}

TEST_CASE_METHOD(Fixture, "by the app: what a newcomer is given is the same in every state of the vault") {
  const auto given = [&] {
    auto call = host(true);
    REQUIRE(call.ok());
    call->authorize(secret(kToken));
    return leaves(*call);
  };
  const std::string absent = given();
  create();
  add();
  say(AppKeyUse::never);
  CHECK(given() == absent);
  session.lock();
  CHECK(given() == absent);
  // Control: with the user's own key it is another.
  REQUIRE(session.unlock(slot_key()).ok());
  grant(for_openai());
  auto with_key = session.fetch_for(kApp, kChat, "POST", kJson, CallerBody::whole(as_bytes(kAsked)), kNow, true);
  REQUIRE(with_key.ok());
  CHECK(leaves(*with_key) != absent);
}

TEST_CASE_METHOD(Fixture, "by the app: a grant's terms hold, and a choice is the vault's own page's alone") {
  create();
  GrantTerms terms = for_openai();
  terms.models = {"m-1"};
  grant(terms);
  CHECK(outcome(host()) == "ok");
  CHECK(outcome(host(false, kAnthropic)) == "ERR_NOT_GRANTED");
  CHECK(outcome(host(true, kAnthropic)) == "ERR_NOT_GRANTED");
  CHECK(outcome(host(false, kChat, R"({"model":"m-2","messages":[]})")) == "ERR_NOT_GRANTED");
  say(AppKeyUse::ask);
  const AppOffer chosen{std::string(kServer), true, true};
  CHECK(outcome(by_app(chosen, kApp)) == "ERR_ASK_FIRST");
  CHECK(outcome(by_app(chosen)) == "ok");
  say(AppKeyUse::never);
  CHECK(outcome(by_app(chosen, kApp)) == "ERR_NO_KEY");
  CHECK(outcome(by_app(chosen)) == "ERR_NO_KEY");
}

TEST_CASE_METHOD(Fixture, "by the app: of what a grant lets be spent, such a call takes nothing") {
  create();
  GrantTerms terms = for_openai();
  terms.caps = {0, 0};
  const std::string id = grant(terms);
  auto call = host();
  REQUIRE(call.ok());
  CHECK(call->grant_id().empty());
  CHECK(session.holders(*call).empty());
  answer(*call, kApp);
  CHECK_FALSE(shelf.usage.contains("spend/" + id));
  today();
  CHECK_FALSE(shelf.usage.contains("spend/" + id));
  // Control: with a key of the user's it would.
  add();
  const auto with_key = session.fetch_for(kApp, kChat, "POST", kJson, CallerBody::whole(as_bytes(kAsked)), kNow);
  REQUIRE(with_key.ok());
  CHECK(session.holders(*with_key) == std::vector{id});
}

TEST_CASE_METHOD(Fixture, "by the app: only by the server that the site names") {
  for (const auto* same : {"https://relay.example/", "https://relay.example", "HTTPS://Relay.Example:443/"}) {
    CAPTURE(same);
    CHECK(outcome(by_app({same})) == "ok");
  }
  for (const auto* other :
       {"", "relay.example", "https://other.example/", "https://relay.example.evil/", "https://relay.example:444/",
        "http://relay.example/", "https://relay.example/v1/", "https://relay.example/?x", "https://u@relay.example/",
        "https://relay.example//", "https://sub.relay.example/"}) {
    CAPTURE(other);
    CHECK(outcome(by_app({other})) == "ERR_NOT_PERMITTED_BY_SITE");
    CHECK(outcome(by_app({other, false, true}, kApp)) == "ERR_NOT_PERMITTED_BY_SITE");
    CHECK(outcome(session.chat_by_app({other}, "openai", "m", kQuestion, 5)) == "ERR_NOT_PERMITTED_BY_SITE");
  }
  Fixture below(R"({"server":{"url":"https://relay.example/keyhold"}})");
  CHECK(outcome(below.by_app({"https://relay.example/keyhold/"})) == "ok");
  CHECK(outcome(below.by_app({"https://relay.example/"})) == "ERR_NOT_PERMITTED_BY_SITE");
  Fixture none("{}");
  CHECK(outcome(none.by_app()) == "ERR_NOT_PERMITTED_BY_SITE");
  CHECK(outcome(none.by_app({""})) == "ERR_NOT_PERMITTED_BY_SITE");
}

TEST_CASE("by the app: a site that names its server wrongly has none, and says so") {
  TestRng rng;
  Session refused{rng, Catalogue::builtin().value()};
  for (const auto* site :
       {R"({"server":null})", R"({"server":"https://relay.example/"})", R"({"server":[]})", R"({"server":1})"}) {
    CAPTURE(site);
    CHECK(refused.configure(as_bytes(std::string_view(site))).error() == Errc::ERR_BAD_JSON);
  }
  for (const auto* site :
       {R"({"server":{}})", R"({"server":{"url":null}})", R"({"server":{"url":1}})", R"({"server":{"url":""}})",
        R"({"server":{"url":"relay.example"}})", R"({"server":{"url":"http://relay.example/"}})",
        R"({"server":{"url":"https://relay.example/","more":1}})", R"({"server":{"URL":"https://relay.example/"}})",
        R"({"server":{"url":"javascript:x"}})"}) {
    CAPTURE(site);
    Fixture one{std::string_view(site)};
    const auto call = one.by_app();
    REQUIRE_FALSE(call.ok());
    CHECK_FALSE(one.by_app({""}).ok());
  }
  Fixture far_too_long(R"({"server":{"url":"https://relay.example/)" + std::string(Endpoint::kMaxLength, 'a') + "\"}}");
  CHECK_FALSE(far_too_long.by_app({"https://relay.example/" + std::string(Endpoint::kMaxLength, 'a')}).ok());
}

TEST_CASE_METHOD(Fixture, "by the app: for questions to models, and for nothing else") {
  for (const auto* url : {"https://api.openai.com/v1/models", "https://api.openai.com/v1/files"}) {
    CAPTURE(url);
    CHECK(outcome(by_app({std::string(kServer), true}, "", url, "")) == "ERR_NO_KEY");
  }
  for (const auto* url : {"https://api.openai.com/v1/images/generations", "https://api.openai.com/v1/batches"}) {
    CAPTURE(url);
    CHECK(outcome(by_app({std::string(kServer), true}, "", url, R"({"model":"m"})")) == "ERR_NO_KEY");
  }
  CHECK(outcome(by_app({std::string(kServer)}, "", "https://nobody.example/v1/chat/completions")) ==
        "ERR_UNKNOWN_ENDPOINT");
  CHECK(outcome(by_app({std::string(kServer)}, "", "https://api.openai.com/v1/nothing")) == "ERR_PATH_NOT_ALLOWED");
  CHECK(outcome(by_app({std::string(kServer)}, "", kChat, "{")) == "ERR_BAD_JSON");
  CHECK(outcome(session.chat_by_app({std::string(kServer)}, "nobody", "m", kQuestion, 5)) == "ERR_UNKNOWN_PROVIDER");
}

TEST_CASE_METHOD(Fixture, "every answer says whose key it was, and nobody else's word for it is passed on") {
  create();
  add();
  const Headers forged = {
      {"keyhold-source", "forged"}, {"keyhold-tried", "forged"}, {"content-type", "application/json"}};
  for (const int status : {200, 204, 400, 401, 402, 429, 500}) {
    CAPTURE(status);
    auto with_key = own();
    REQUIRE(with_key.ok());
    with_key->sent();
    CHECK(source_in(with_key->response(status, forged).value()) == "user");
    auto with_app = by_app({std::string(kServer), true});
    REQUIRE(with_app.ok());
    with_app->authorize(secret(kToken));
    with_app->sent();
    CHECK(source_in(with_app->response(status, forged).value()) == "app");
  }
}

TEST_CASE_METHOD(Fixture, "an answer with the token in it goes to nobody") {
  auto call = by_app();
  REQUIRE(call.ok());
  call->authorize(secret(kToken));
  call->sent();
  REQUIRE(call->response(200, kJson).ok());
  const auto fed = call->feed(as_bytes("{\"x\":\"" + std::string(kToken) + "\"}"));
  const auto all = fed ? call->end() : fed;
  REQUIRE_FALSE(all.ok());
  CHECK(all.error() == Errc::ERR_KEY_REFLECTED);
}

TEST_CASE_METHOD(Fixture, "behind the last own key: by the app, if that was decided, and never with the key") {
  create();
  add();
  const auto refused = [&](int status) {
    auto call = own();
    REQUIRE(call.ok());
    call->sent();
    REQUIRE(call->response(status, kJson).ok());
    return *std::move(call);
  };
  // Undecided, or to be asked: the refusal stands.
  CHECK_FALSE(refused(429).moves_on());
  for (const AppKeyUse use : {AppKeyUse::never, AppKeyUse::ask}) {
    say(use);
    Exchange call = refused(429);
    CHECK_FALSE(call.moves_on());
    CHECK(session.again(call, kNow, kServer).error() == Errc::ERR_WRONG_STATE);
  }
  say(AppKeyUse::automatic);
  for (const int status : {401, 403, 400, 404}) CHECK_FALSE(refused(status).moves_on());
  for (const int status : {402, 429, 500, 503}) {
    CAPTURE(status);
    Exchange call = refused(status);
    REQUIRE(call.moves_on());
    auto next = session.again(call, kNow, kServer);
    REQUIRE(next.ok());
    CHECK(next->source() == "app");
    CHECK(next->wants_token());
    CHECK(next->key_id().empty());
    CHECK(next->asked_model() == "m-1");
    next->authorize(secret(kToken));
    const std::string all = leaves(*next);
    CHECK(all.starts_with("https://relay.example/v1/relay/openai/chat/completions\n"));
    CHECK(all.ends_with("authorization: Bearer " + std::string(kToken)));
    CHECK(all.find(kOwn) == std::string::npos);
    next->sent();
    const Headers shown = next->response(429, kJson).value();
    CHECK(source_in(shown) == "app");
    CHECK(std::find(shown.begin(), shown.end(),
                    std::pair<std::string, std::string>("keyhold-tried", std::to_string(status))) != shown.end());
    // And there it ends.
    CHECK_FALSE(next->moves_on());
  }
  // Control: what the provider was sent has it.
  auto first = own();
  REQUIRE(first.ok());
  CHECK(leaves(*first).find(kOwn) != std::string::npos);
}

TEST_CASE_METHOD(Fixture,
                 "behind the last own key: not before the last, not without an offer, not for a key that was named") {
  create();
  const std::string first = add();
  add("sk-second-000000000000002");
  write(session.plan_failover("openai", true, 1));
  write(session.plan_default(first, 1));
  say(AppKeyUse::automatic);
  auto call = own();
  REQUIRE(call.ok());
  call->sent();
  REQUIRE(call->response(429, kJson).ok());
  REQUIRE(call->moves_on());
  auto second = session.again(*call, kNow, kServer);
  REQUIRE(second.ok());
  CHECK(second->source() == "user");
  CHECK_FALSE(second->wants_token());
  second->sent();
  REQUIRE(second->response(503, kJson).ok());
  REQUIRE(second->moves_on());
  auto third = session.again(*second, kNow, kServer);
  REQUIRE(third.ok());
  CHECK(third->source() == "app");

  auto named = own(kChat, kAsked, first);
  REQUIRE(named.ok());
  named->sent();
  REQUIRE(named->response(429, kJson).ok());
  CHECK_FALSE(named->moves_on());
  write(session.plan_failover("openai", false, 1));
  auto silent = session.fetch(kChat, "POST", kJson, CallerBody::whole(as_bytes(kAsked)), "", kNow, false);
  REQUIRE(silent.ok());
  silent->sent();
  REQUIRE(silent->response(429, kJson).ok());
  CHECK_FALSE(silent->moves_on());
}

TEST_CASE_METHOD(Fixture, "behind the last own key: by the site's server alone, and not once the vault is locked") {
  create();
  add();
  say(AppKeyUse::automatic);
  const auto refused = [&] {
    auto call = own();
    REQUIRE(call.ok());
    call->sent();
    REQUIRE(call->response(429, kJson).ok());
    return *std::move(call);
  };
  for (const auto* other : {"", "https://other.example/", "https://relay.example/v1/"}) {
    CAPTURE(other);
    Exchange call = refused();
    CHECK(session.again(call, kNow, other).error() == Errc::ERR_NOT_PERMITTED_BY_SITE);
  }
  Exchange changed = refused();
  say(AppKeyUse::ask);
  CHECK(session.again(changed, kNow, kServer).error() == Errc::ERR_WRONG_STATE);
  say(AppKeyUse::automatic);
  Exchange locked = refused();
  session.lock();
  CHECK(session.again(locked, kNow, kServer).error() == Errc::ERR_LOCKED);
}

TEST_CASE_METHOD(Fixture, "behind the last own key: what the app does not pay for is answered with the refusal") {
  create();
  add();
  say(AppKeyUse::automatic);
  const auto moves_on = [&](std::string_view url, std::string_view method, std::string_view body) {
    auto call = session.fetch(url, method, body.empty() ? Headers() : kJson,
                              body.empty() ? CallerBody() : CallerBody::whole(as_bytes(body)), "", kNow, true);
    REQUIRE(call.ok());
    call->sent();
    REQUIRE(call->response(503, kJson).ok());
    return call->moves_on();
  };
  CHECK(moves_on(kChat, "POST", kAsked));
  CHECK_FALSE(moves_on("https://api.openai.com/v1/models", "GET", ""));
  CHECK_FALSE(moves_on("https://api.openai.com/v1/files", "GET", ""));
  CHECK_FALSE(moves_on("https://api.openai.com/v1/images/generations", "POST", R"({"model":"m","prompt":"p"})"));
  // Nor can what is beside the provider's base be relayed.
  add("AIzaSyabcdefghijklmnopqrstuvwxyz01234567", "google");
  say(AppKeyUse::automatic, "google");
  const std::string google = "https://generativelanguage.googleapis.com/";
  CHECK(moves_on(google + "v1beta/models/m:generateContent", "POST", "{}"));
  CHECK_FALSE(moves_on(google + "v1/models/m:generateContent", "POST", "{}"));
}

TEST_CASE_METHOD(Fixture, "settle: the app's calls are the app's, with no key; the user's the user's") {
  create();
  const std::string key = add();
  auto with_app = by_app({std::string(kServer), true});
  REQUIRE(with_app.ok());
  with_app->authorize(secret(kToken));
  answer(*with_app);
  auto with_key = own();
  REQUIRE(with_key.ok());
  answer(*with_key);
  const UsageDay day = today();
  REQUIRE(day.size() == 2);
  CHECK(day.contains(UsageKey{"", "openai", "m-1", "", "app", "reported"}));
  CHECK(day.contains(UsageKey{key, "openai", "m-1", "", "user", "reported"}));
}

TEST_CASE_METHOD(Fixture, "decided: kept sealed, over a lock and a reload, and noted in the trail") {
  create();
  CHECK_FALSE(session.app_key_use("openai").has_value());
  CHECK_FALSE(session.app_key_stands_in("openai"));
  for (const AppKeyUse use : {AppKeyUse::automatic, AppKeyUse::ask, AppKeyUse::never}) {
    say(use);
    CHECK(session.app_key_use("openai") == use);
    CHECK(session.app_key_stands_in("openai") == (use == AppKeyUse::automatic));
    CHECK_FALSE(session.app_key_use("anthropic").has_value());
    session.lock();
    CHECK_FALSE(session.app_key_use("openai").has_value());
    CHECK(session.plan_app_key_use("openai", use, kNow).error() == Errc::ERR_LOCKED);
    REQUIRE(session.load(shelf.envelopes, shelf.ledger).ok());
    REQUIRE(session.unlock(slot_key(), kNow).ok());
    CHECK(session.app_key_use("openai") == use);
  }
  CHECK(session.plan_app_key_use("nobody", AppKeyUse::ask, kNow).error() == Errc::ERR_UNKNOWN_PROVIDER);
  CHECK(session.plan_app_key_use("", AppKeyUse::ask, kNow).error() == Errc::ERR_UNKNOWN_PROVIDER);
  // "kept sealed": nothing of it is to be read in what is stored.
  for (const auto& [name, bytes] : shelf.envelopes) CHECK(as_text(bytes).find("appkeys") == std::string::npos);
  const auto trail = session.audit(shelf.audit);
  REQUIRE(trail.ok());
  std::vector<std::string> noted;
  for (const auto& entry : trail->entries) {
    if (entry.event.action == AuditAction::app_key) noted.push_back(entry.event.provider + " " + entry.event.label);
  }
  CHECK(noted == std::vector<std::string>{"openai auto", "openai ask", "openai never"});
  CHECK(name(AuditAction::app_key) == "app-key");
}

TEST_CASE_METHOD(Fixture, "decided: a later version's word for something counts as ask") {
  Vault vault(rng);
  test::create(vault, shelf);
  apply(vault, shelf, vault.plan_app_key_use("openai", "on-sundays", kNow));
  REQUIRE(session.load(shelf.envelopes, shelf.ledger).ok());
  REQUIRE(session.unlock(slot_key()).ok());
  CHECK(session.app_key_use("openai") == AppKeyUse::ask);
  CHECK_FALSE(session.app_key_stands_in("openai"));
  CHECK(outcome(by_app()) == "ERR_ASK_FIRST");
  CHECK(outcome(by_app({std::string(kServer), true})) == "ok");
}

TEST_CASE("decided: a word may be so long and no longer, and settings without any say nothing of it") {
  TestRng rng;
  const std::string id(22, 'A');
  const SubKey key = derive_subkey(RootKey::make(rng), SubKeyId::settings);
  const auto reopened = [&](std::string_view use) {
    Settings settings;
    settings.rev = 1;
    if (!use.empty()) settings.app_keys.emplace("openai", use);
    return open_settings(*parse_envelope(seal_settings(settings, id, key, rng)), key);
  };
  const auto without = reopened("");
  REQUIRE(without.ok());
  CHECK(without->app_keys.empty());
  for (const std::size_t size : {std::size_t{63}, std::size_t{64}}) {
    const auto kept = reopened(std::string(size, 'a'));
    REQUIRE(kept.ok());
    CHECK(kept->app_keys.at("openai").size() == size);
  }
  CHECK(reopened(std::string(65, 'a')).error() == Errc::ERR_BAD_JSON);
}

TEST_CASE("decided: for so many providers and no more; changing one's mind is always possible") {
  TestRng rng;
  Shelf shelf;
  Vault vault(rng);
  create(vault, shelf);
  const auto provider = [](std::size_t i) { return "p-" + std::to_string(i); };
  for (std::size_t i = 0; i < kMaxAppKeyUses; ++i) {
    apply(vault, shelf, vault.plan_app_key_use(provider(i), "ask", kNow));
    if (i + 2 == kMaxAppKeyUses) CHECK(vault.settings().app_keys.size() == kMaxAppKeyUses - 1);
  }
  CHECK(vault.settings().app_keys.size() == kMaxAppKeyUses);
  CHECK(vault.plan_app_key_use(provider(kMaxAppKeyUses), "ask", kNow).error() == Errc::ERR_TOO_MANY);
  apply(vault, shelf, vault.plan_app_key_use(provider(0), "never", kNow));
  CHECK(vault.settings().app_keys.size() == kMaxAppKeyUses);
  Vault again(rng);
  REQUIRE(again.load(shelf.envelopes, shelf.ledger).ok());
  REQUIRE(again.unlock(slot_key()).ok());
  CHECK(again.settings().app_keys.size() == kMaxAppKeyUses);
  CHECK(again.settings().app_keys.at("p-0") == "never");
  CHECK(again.settings().app_keys.at(provider(kMaxAppKeyUses - 1)) == "ask");
}
