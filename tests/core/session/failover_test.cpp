// failover: which key a call goes on with, when one is out of quota or credit.
#include "session/session.h"
#include "support.h"

using namespace keyhold;
using namespace keyhold::test;

namespace {

constexpr std::string_view kChat = "https://api.openai.com/v1/chat/completions";
constexpr std::string_view kBody = R"({"model":"m","messages":[]})";
constexpr UnixMs kNow = 2'000;

struct Keys {
  TestRng rng;
  Session session{rng, Catalogue::builtin().value()};
  Shelf shelf;
  std::string last_id;

  Keys() { write(session.plan_create(slot_fields(), slot_key(), 1)); }

  void write(Result<Plan> plan) {
    REQUIRE(plan.ok());
    REQUIRE(shelf.write(*plan).ok());
    REQUIRE(session.commit().ok());
    last_id = plan->id;
  }
  std::string add(std::string_view key, std::string_view provider = "openai") {
    write(session.plan_add(provider, "work", secret(key), 1));
    return last_id;
  }
  void allow() { write(session.plan_failover("openai", true, 1)); }
  Exchange post(std::string_view key = "") {
    auto call = session.fetch(kChat, "POST", {{"content-type", "application/json"}}, CallerBody::whole(as_bytes(kBody)),
                              key, kNow);
    REQUIRE(call.ok());
    call->sent();
    return *std::move(call);
  }
  Exchange again(Exchange& refused) {
    REQUIRE(refused.moves_on());
    auto next = session.again(refused, kNow);
    REQUIRE(next.ok());
    next->sent();
    return *std::move(next);
  }
};

std::string credential(Exchange& call) { return text_of(call.take_auth_value()); }

bool moves_on_after(Exchange& call, int status) {
  REQUIRE(call.response(status, {{"content-type", "application/json"}}).ok());
  return call.moves_on();
}

std::string tried(Exchange& call, int status = 200) {
  const auto headers = call.response(status, {{"keyhold-tried", "forged"}, {"content-type", "application/json"}});
  REQUIRE(headers.ok());
  std::string found;
  for (const auto& [name, value] : *headers) {
    if (name == "keyhold-tried") found += value;
  }
  return found;
}

}  // namespace

TEST_CASE_METHOD(Keys, "failover: the same request goes with the next key, in the user's order, and says so") {
  const std::string first = add("sk-first-0000000000000001");
  const std::string second = add("sk-second-000000000000002");
  const std::string third = add("sk-third-0000000000000003");
  add("sk-ant-other-provider-0001", "anthropic");
  write(session.plan_order({third, first, second}, 1));
  write(session.plan_default(first, 1));
  allow();
  Exchange call = post();
  CHECK(credential(call) == "Bearer sk-first-0000000000000001");
  const auto body = call.request().body;
  REQUIRE(body.has_value());
  REQUIRE(moves_on_after(call, 429));
  Exchange next = again(call);
  CHECK(credential(next) == "Bearer sk-third-0000000000000003");
  CHECK(next.request().url == kChat);
  CHECK(next.request().method == Method::post);
  CHECK(next.request().body == body);
  CHECK(next.asked_model() == "m");
  CHECK(next.key_id() == third);
  CHECK(tried(next, 503) == "429");
  Exchange last = again(next);
  CHECK(credential(last) == "Bearer sk-second-000000000000002");
  // Nobody is left: what this one is answered is the answer.
  CHECK(tried(last, 429) == "429, 503");
  CHECK_FALSE(last.moves_on());
  CHECK(session.again(last, kNow).error() == Errc::ERR_WRONG_STATE);
  for (const KeyView& view : session.keys()) {
    CHECK(view.ledger.last_used_at.has_value() == (view.record->fields.provider == "openai"));
  }
}

TEST_CASE_METHOD(Keys, "failover: only 402, 429 and 5xx move on") {
  add("sk-first-0000000000000001");
  add("sk-second-000000000000002");
  allow();
  for (const int status : {402, 429, 500, 502, 503, 529, 599}) {
    CAPTURE(status);
    Exchange call = post();
    CHECK(moves_on_after(call, status));
  }
  for (const int status : {200, 204, 400, 401, 403, 404, 408, 413, 422, 499, 600}) {
    CAPTURE(status);
    Exchange call = post();
    CHECK_FALSE(moves_on_after(call, status));
    CHECK(session.again(call, kNow).error() == Errc::ERR_WRONG_STATE);
  }
  Exchange unanswered = post();
  CHECK_FALSE(unanswered.moves_on());
}

TEST_CASE_METHOD(Keys, "failover: off until it is switched on, for that provider alone, and off again") {
  add("sk-first-0000000000000001");
  add("sk-second-000000000000002");
  add("sk-ant-other-provider-0001", "anthropic");
  Exchange before = post();
  CHECK_FALSE(moves_on_after(before, 429));
  CHECK(tried(before).empty());
  write(session.plan_failover("anthropic", true, 1));
  Exchange other = post();
  CHECK_FALSE(moves_on_after(other, 429));
  allow();
  for (const KeyView& view : session.keys()) CHECK(view.failover);
  // Read anew, it is as it was.
  session.lock();
  REQUIRE(session.load(shelf.envelopes, shelf.ledger).ok());
  REQUIRE(session.unlock(slot_key()).ok());
  Exchange on = post();
  CHECK(moves_on_after(on, 429));
  write(session.plan_failover("openai", false, 1));
  Exchange off = post();
  CHECK_FALSE(moves_on_after(off, 429));
  CHECK(session.plan_failover("nobody", true, 1).error() == Errc::ERR_NOT_FOUND);
  CHECK(session.plan_failover("", true, 1).error() == Errc::ERR_NOT_FOUND);
  session.lock();
  CHECK(session.plan_failover("openai", true, 1).error() == Errc::ERR_LOCKED);
}

TEST_CASE_METHOD(Keys, "failover: who names a key gets that one's answer") {
  const std::string first = add("sk-first-0000000000000001");
  add("sk-second-000000000000002");
  allow();
  Exchange call = post(first);
  CHECK_FALSE(moves_on_after(call, 429));
}

TEST_CASE_METHOD(Keys, "failover: a key that is over is passed by, and so is one sealed to another address") {
  constexpr std::string_view kSite =
      R"({"providers":[{"id":"demo","name":"Demo","base":"http://127.0.0.1:4010/v1/","wire":"openai-chat"}]})";
  constexpr std::string_view kMoved =
      R"({"providers":[{"id":"demo","name":"Demo","base":"http://127.0.0.1:6666/v1/","wire":"openai-chat"}]})";
  write(session.plan_default(add("sk-first-0000000000000001"), 1));
  const std::string second = add("sk-second-000000000000002");
  allow();
  write(session.plan_expires(second, kNow, 1));
  Exchange over = post();
  CHECK_FALSE(moves_on_after(over, 429));
  write(session.plan_expires(second, kNow + 1, 1));
  Exchange not_yet = post();
  CHECK(moves_on_after(not_yet, 429));

  REQUIRE(session.configure(as_bytes(kSite)).ok());
  add("demo-key-of-the-old-place", "demo");
  REQUIRE(session.configure(as_bytes(kMoved)).ok());
  const std::string moved = add("demo-key-of-the-new-place", "demo");
  write(session.plan_default(moved, 1));
  write(session.plan_failover("demo", true, 1));
  auto call = session.fetch("http://127.0.0.1:6666/v1/models", "GET", {}, {}, "", kNow);
  REQUIRE(call.ok());
  CHECK_FALSE(moves_on_after(*call, 429));
}

TEST_CASE_METHOD(Keys, "failover: a call tries so many keys and no more") {
  const std::string number = "sk-number-00000000000000";
  for (std::size_t i = 0; i < kMaxTries + 1; ++i) add(number + std::to_string(i));
  allow();
  Exchange call = post();
  for (std::size_t tries = 1; tries < kMaxTries; ++tries) {
    REQUIRE(moves_on_after(call, 429));
    call = again(call);
  }
  CHECK(call.tries() == kMaxTries);
  CHECK_FALSE(moves_on_after(call, 429));
}

TEST_CASE_METHOD(Keys, "failover: what was decided about a provider's keys goes with its last key") {
  const std::string first = add("sk-first-0000000000000001");
  const std::string second = add("sk-second-000000000000002");
  allow();
  write(session.plan_delete(first, 1));
  CHECK(session.settings().failover == std::vector<std::string>{"openai"});
  write(session.plan_delete(second, 1));
  CHECK(session.settings().failover.empty());
}

TEST_CASE_METHOD(Keys, "failover: a locked vault goes on with nothing") {
  add("sk-first-0000000000000001");
  add("sk-second-000000000000002");
  allow();
  Exchange call = post();
  REQUIRE(moves_on_after(call, 429));
  session.lock();
  CHECK(session.again(call, kNow).error() == Errc::ERR_LOCKED);
}
