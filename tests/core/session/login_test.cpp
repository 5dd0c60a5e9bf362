#include <algorithm>

#include "base/json.h"
#include "crypto/pkce.h"
#include "session/session.h"
#include "session/site_config.h"
#include "support.h"

using namespace keyhold;
using namespace keyhold::test;

namespace {

constexpr std::string_view kCallback = "https://vault.example/callback.html";
constexpr std::string_view kKey = "sk-or-v1-0123456789abcdef-wxyz";
constexpr std::string_view kAnswer = R"({"key":"sk-or-v1-0123456789abcdef-wxyz","user_id":"u"})";
constexpr std::string_view kSite =
    R"({"providers":[{"id":"house","name":"House","base":"https://api.house.example/v1/",
        "login":{"style":"oauth","authorize":"https://house.example/authorize","exchange":"https://house.example/token"}}],
        "logins":{"house":{"clientId":"keyhold-1"}}})";

struct Fixture {
  TestRng rng;
  Session session{rng, Catalogue::builtin().value()};
  Shelf shelf;

  void write(Result<Plan> plan) {
    REQUIRE(plan.ok());
    REQUIRE(shelf.write(*plan).ok());
    REQUIRE(session.commit().ok());
    last_id = plan->id;
  }
  void make() { write(session.plan_create(slot_fields(), slot_key(), 1000)); }
  LoginStart begin(UnixMs now = 1000, std::string_view provider = "openrouter") {
    auto start = session.begin_login(provider, kCallback, now);
    REQUIRE(start.ok());
    return *start;
  }
  Result<Exchange> exchange(std::string_view state, UnixMs now = 2000, const LoginTarget& target = {"", "Main"}) {
    return session.exchange_login(state, "the-code", target, now);
  }
  /// An exchange that was answered.
  Exchange answered(std::string_view state, int status, std::string_view body) {
    auto made = exchange(state);
    REQUIRE(made.ok());
    REQUIRE(made->response(status, {{"content-type", "application/json"}}).ok());
    REQUIRE(made->feed(as_bytes(body))->empty());
    REQUIRE(made->end()->empty());
    return *std::move(made);
  }
  std::string last_id;
};

std::string parameter(const std::string& url, const std::string& name) {
  const auto at = url.find(name + "=");
  REQUIRE(at != std::string::npos);
  const auto begin = at + name.size() + 1;
  return url.substr(begin, url.find('&', begin) - begin);
}

}  // namespace

TEST_CASE_METHOD(Fixture, "login: from the link to the stored key") {
  make();
  const LoginStart start = begin();
  CHECK(start.state.size() == kPkceBytes);
  CHECK(start.url.find("callback_url=https%3A%2F%2Fvault.example%2Fcallback.html%3Fstate%3D" + start.state + "&") !=
        std::string::npos);
  auto sent = exchange(start.state);
  REQUIRE(sent.ok());
  CHECK(sent->request().url == "https://openrouter.ai/api/v1/auth/keys");
  CHECK(sent->probe_url() == "https://openrouter.ai/api/v1/auth/keys");
  CHECK(sent->take_auth_value().empty());
  const auto body = Json::parse(as_bytes(*sent->request().body));
  // The verifier that goes out is the one whose challenge went before.
  CHECK(challenge_of(secret(*body->root().field("code_verifier")->text())) == parameter(start.url, "code_challenge"));
  CHECK(*body->root().field("code")->text() == "the-code");

  REQUIRE(sent->response(200, {{"content-type", "application/json"}}).ok());
  for (const char c : kAnswer) CHECK(sent->feed(as_bytes({&c, 1}))->empty());
  CHECK(sent->end()->empty());
  CHECK(sent->take_events().empty());
  write(session.plan_login(*sent, {"", "Main"}, 3000));
  const KeyView key = *session.key(last_id);
  CHECK(key.record->label == "Main");
  CHECK(key.record->hint == "wxyz");
  CHECK(key.record->fields.base == "https://openrouter.ai/api/v1/");
  CHECK_FALSE(key.record->expires_at.has_value());
  CHECK(text_of(session.check_stored(last_id, 4000)->take_auth_value()) == "Bearer " + std::string(kKey));
  const auto trail = session.audit(shelf.audit);
  CHECK(trail->entries.back().event.action == AuditAction::key_add);
}

TEST_CASE_METHOD(Fixture, "login: each ends once, and only one that was begun here") {
  make();
  const std::string first = begin().state;
  const std::string second = begin().state;
  CHECK(first != second);
  CHECK(exchange("").error() == Errc::ERR_LOGIN_STATE);
  CHECK(exchange(std::string(kPkceBytes, 'A')).error() == Errc::ERR_LOGIN_STATE);
  CHECK(exchange(first.substr(1)).error() == Errc::ERR_LOGIN_STATE);
  CHECK(exchange(first).ok());
  CHECK(exchange(first).error() == Errc::ERR_LOGIN_STATE);
  CHECK(exchange(second).ok());
  CHECK(exchange(second).error() == Errc::ERR_LOGIN_STATE);
}

TEST_CASE_METHOD(Fixture, "login: ten minutes, and no clock that went back") {
  make();
  const UnixMs begun = 1'000'000;
  CHECK(exchange(begin(begun).state, begun + PendingLogins::kLifeMs - 1).ok());
  const std::string late = begin(begun).state;
  CHECK(exchange(late, begun + PendingLogins::kLifeMs).error() == Errc::ERR_LOGIN_STATE);
  CHECK(exchange(late, begun + 1).error() == Errc::ERR_LOGIN_STATE);
  CHECK(exchange(begin(begun).state, begun).ok());
  CHECK(exchange(begin(begun).state, begun - 1).error() == Errc::ERR_LOGIN_STATE);
}

TEST_CASE_METHOD(Fixture, "login: four wait at once; a fifth takes the oldest one's place") {
  make();
  std::vector<std::string> states;
  for (std::size_t i = 0; i <= PendingLogins::kMax; ++i) states.push_back(begin().state);
  CHECK(exchange(states[0]).error() == Errc::ERR_LOGIN_STATE);
  for (std::size_t i = 1; i <= PendingLogins::kMax; ++i) CHECK(exchange(states[i]).ok());
}

TEST_CASE_METHOD(Fixture, "login: a lock ends them all") {
  CHECK(session.begin_login("openrouter", kCallback, 1).error() == Errc::ERR_LOCKED);
  make();
  const std::string state = begin().state;
  session.lock();
  CHECK(exchange(state).error() == Errc::ERR_LOCKED);
  REQUIRE(session.load(shelf.envelopes, shelf.ledger).ok());
  REQUIRE(session.unlock(slot_key()).ok());
  CHECK(exchange(state).error() == Errc::ERR_LOGIN_STATE);
}

TEST_CASE_METHOD(Fixture, "login: what cannot be meant is refused, and the login waits on") {
  make();
  CHECK(session.begin_login("nobody", kCallback, 1).error() == Errc::ERR_UNKNOWN_PROVIDER);
  CHECK(session.begin_login("openai", kCallback, 1).error() == Errc::ERR_BAD_INPUT);
  for (const auto* callback : {"", "callback.html", "http://vault.example/callback.html", "javascript:alert(1)",
                               "https://vault.example/callback.html?x=1", "https://u@vault.example/callback.html"}) {
    CAPTURE(callback);
    CHECK(session.begin_login("openrouter", callback, 1).error() == Errc::ERR_BAD_INPUT);
  }
  CHECK(session.begin_login("openrouter", "http://localhost:4173/callback.html", 1).ok());

  const std::string state = begin().state;
  for (const auto* code : {"", "two words", "k\xc3\xa9y", "a\r\nb"}) {
    CHECK(session.exchange_login(state, code, {"", "Main"}, 2).error() == Errc::ERR_BAD_INPUT);
  }
  CHECK(exchange(state, 2000, {"", ""}).error() == Errc::ERR_BAD_INPUT);
  CHECK(exchange(state, 2000, {"", "a\nb"}).error() == Errc::ERR_BAD_INPUT);
  CHECK(exchange(state, 2000, {"nobody", ""}).error() == Errc::ERR_NOT_FOUND);
  CHECK(exchange(state).ok());
}

TEST_CASE_METHOD(Fixture,
                 "login: an endpoint that is like a provider has none: the key would be sealed to another address") {
  make();
  write(session.plan_add_endpoint("Mine", "https://mine.example/v1/", "openrouter", 1));
  const auto made = std::find_if(session.providers().begin(), session.providers().end(),
                                 [](const ProviderRef& one) { return one->name == "Mine"; });
  REQUIRE(made != session.providers().end());
  CHECK((*made)->like == "openrouter");
  CHECK_FALSE(session.offers_login(**made));
  CHECK(session.begin_login((*made)->id, kCallback, 1).error() == Errc::ERR_BAD_INPUT);
  CHECK(session.begin_login("openrouter", kCallback, 1).ok());
}

TEST_CASE_METHOD(Fixture, "login: another provider's is offered where the site has a client id for it") {
  constexpr std::string_view kIds = R"({"logins":{"openai":{"clientId":"x"}}})";
  CHECK_FALSE(session.configure(as_bytes(R"({"logins":[]})")).ok());
  CHECK_FALSE(session.configure(as_bytes(R"({"logins":"x"})")).ok());
  REQUIRE(session.configure(as_bytes(kIds)).ok());
  make();
  // An id makes no login where the provider has none.
  CHECK(session.begin_login("openai", kCallback, 1).error() == Errc::ERR_BAD_INPUT);
  REQUIRE(session.configure(as_bytes(kSite)).ok());
  const LoginStart start = begin(1000, "house");
  // What the site says of it wrongly is said when somebody wants to log in.
  const std::string site(kSite);
  const auto begun_with = [&](std::string_view entry) {
    const auto at = site.find(R"({"clientId":)");
    REQUIRE(session.configure(as_bytes(site.substr(0, at) + std::string(entry) + "}}")).ok());
    const auto made = session.begin_login("house", kCallback, 1);
    return made ? Errc{} : made.error();
  };
  for (const auto* wrong :
       {"\"b\"", "{}", R"({"clientId":""})", R"({"clientId":1})", R"({"clientId":"b","secret":"c"})"}) {
    CAPTURE(wrong);
    CHECK(begun_with(wrong) == Errc::ERR_BAD_JSON);
  }
  const auto id_of = [](std::size_t size) { return R"({"clientId":")" + std::string(size, 'i') + R"("})"; };
  CHECK(session.configure(as_bytes(kSite)).ok());
  CHECK(begun_with(id_of(kMaxClientId - 1)) == Errc{});
  CHECK(begun_with(id_of(kMaxClientId)) == Errc{});
  CHECK(begun_with(id_of(kMaxClientId + 1)) == Errc::ERR_BAD_JSON);
  CHECK(parameter(start.url, "client_id") == "keyhold-1");
  CHECK(parameter(start.url, "state") == start.state);
  CHECK(parameter(start.url, "redirect_uri") == "https%3A%2F%2Fvault.example%2Fcallback.html");
  REQUIRE(session
              .configure(as_bytes(R"({"providers":[{"id":"house","name":"House","base":"https://api.house.example/v1/",
      "login":{"style":"oauth","authorize":"https://house.example/authorize","exchange":"https://house.example/token"}}]})"))
              .ok());
  CHECK(session.begin_login("house", kCallback, 1).error() == Errc::ERR_BAD_INPUT);
}

TEST_CASE_METHOD(Fixture, "login: a key that ends is stored with its end, and takes an old one's place with its own") {
  REQUIRE(session.configure(as_bytes(kSite)).ok());
  make();
  const auto sealed = [&](const LoginTarget& target, std::string_view body, UnixMs now) {
    auto made = exchange(begin(1000, "house").state, 2000, target);
    REQUIRE(made.ok());
    REQUIRE(made->response(200, {}).ok());
    REQUIRE(made->feed(as_bytes(body)).ok());
    write(session.plan_login(*made, target, now));
    return last_id;
  };
  const std::string id =
      sealed({"", "Mine"}, R"({"access_token":"first-token-of-mine-1111","expires_in":3600})", 10'000);
  CHECK(session.key(id)->record->expires_at == 10'000 + 3'600'000);
  CHECK(sealed({id, ""}, R"({"access_token":"second-token-of-mine-2222","expires_in":60})", 50'000) == id);
  CHECK(session.key(id)->record->label == "Mine");
  CHECK(session.key(id)->record->hint == "2222");
  CHECK(session.key(id)->record->expires_at == 50'000 + 60'000);
  CHECK(text_of(session.check_stored(id, 1)->take_auth_value()) == "Bearer second-token-of-mine-2222");
  CHECK(session.audit(shelf.audit)->entries.back().event.action == AuditAction::key_replace);
  CHECK(sealed({id, ""}, R"({"access_token":"third-token-of-mine-3333"})", 60'000) == id);
  CHECK_FALSE(session.key(id)->record->expires_at.has_value());

  // A key that was made is not lost because the one to be replaced is gone: it becomes a new one.
  auto late = exchange(begin(1000, "house").state, 2000, {id, ""});
  REQUIRE(late->response(200, {}).ok());
  REQUIRE(late->feed(as_bytes(R"({"access_token":"fourth-token-of-mine-4444"})")).ok());
  write(session.plan_delete(id, 70'000));
  write(session.plan_login(*late, {id, ""}, 70'001));
  CHECK(last_id != id);
  CHECK(session.key(last_id)->record->label == "House");
  CHECK(session.key(last_id)->record->hint == "4444");

  // Not in the place of another provider's key.
  write(session.plan_add("openai", "other", secret("sk-another-provider-key"), 1));
  CHECK(exchange(begin(1000, "house").state, 2000, {last_id, ""}).error() == Errc::ERR_ENDPOINT_MISMATCH);
}

TEST_CASE_METHOD(Fixture, "login: an answer that has no usable key stores nothing") {
  make();
  const auto refused = [&](std::string_view body) {
    const Exchange made = answered(begin().state, 200, body);
    return session.plan_login(made, {"", "Main"}, 3000).error();
  };
  CHECK(refused("{}") == Errc::ERR_BAD_ANSWER);
  CHECK(refused(R"({"error":"no"})") == Errc::ERR_LOGIN_REFUSED);
  CHECK(refused(R"({"key":""})") == Errc::ERR_BAD_ANSWER);
  CHECK(refused(R"({"key":"short"})") == Errc::ERR_BAD_ANSWER);
  CHECK(refused(R"({"key":"has a blank inside"})") == Errc::ERR_BAD_ANSWER);
  CHECK(refused(R"({"key":" sk-or-v1-0123456789 "})") == Errc::ERR_BAD_ANSWER);
  CHECK(refused(R"({"key":"NAME_KEY=sk-or-v1-0123456789"})") == Errc::ERR_BAD_ANSWER);
  CHECK(refused(R"({"key":"sk-or-v1-\r\n-0123456789"})") == Errc::ERR_BAD_ANSWER);
  CHECK(session.keys().empty());
}

TEST_CASE_METHOD(Fixture, "login: a refusal says so, gives no key, and an endless answer is stopped") {
  make();
  const Exchange refused = answered(begin().state, 403, R"({"error":{"message":"Invalid code or code_verifier"}})");
  CHECK(session.plan_login(refused, {"", "Main"}, 3000).error() == Errc::ERR_LOGIN_REFUSED);
  // Whatever a refusal has in it: it is not read for a key.
  const Exchange tempting = answered(begin().state, 400, kAnswer);
  CHECK(session.plan_login(tempting, {"", "Main"}, 3000).error() == Errc::ERR_LOGIN_REFUSED);
  const Exchange busy = answered(begin().state, 429, "{}");
  CHECK(session.plan_login(busy, {"", "Main"}, 3000).error() == Errc::ERR_RATE_LIMITED);

  auto endless = exchange(begin().state);
  REQUIRE(endless->response(200, {}).ok());
  REQUIRE(endless->feed(as_bytes(std::string(kMaxLoginAnswerBytes, ' '))).ok());
  CHECK(endless->feed(as_bytes("x")).error() == Errc::ERR_TOO_LARGE);
}

TEST_CASE_METHOD(Fixture, "login: a call of another kind gives no key, and a failed network is told as for any other") {
  make();
  write(session.plan_add("openrouter", "Main", secret("sk-or-v1-another-key"), 1000));
  auto check = session.check_stored(last_id, 2000);
  REQUIRE(check->response(200, {}).ok());
  REQUIRE(check->feed(as_bytes(kAnswer)).ok());
  CHECK(session.plan_login(*check, {"", "x"}, 3000).error() == Errc::ERR_WRONG_STATE);

  auto login = exchange(begin().state);
  CHECK(login->network_failed({.online = false}) == Errc::ERR_OFFLINE);
  CHECK(login->network_failed({.probe_reached = false}) == Errc::ERR_BLOCKED);
  CHECK(login->network_failed({.blocked_by_policy = true}) == Errc::ERR_NOT_PERMITTED_BY_SITE);
}
