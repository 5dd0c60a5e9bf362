// What a call costs, for each way in which it can end.
#include <catch2/catch.hpp>

#include "session/session.h"
#include "support.h"

using namespace keyhold;
using namespace keyhold::test;

namespace {

constexpr UnixMs kNow = 1'795'000'000'000;
constexpr std::string_view kChat = "https://api.openai.com/v1/chat/completions";
constexpr std::string_view kList =
    "KHP1 2026-09-23\n"
    "@openai\n"
    "=m-1\ti2 o10\n"
    "=embeds\ti1\n"
    "=dear\ti600 o600\n";
// 64 bytes of text: 16 tokens.
constexpr std::string_view kAsked =
    R"({"model":"m-1","max_tokens":100,"messages":[{"role":"user","content":"0123456789012345678901234567890123456789012345678901234567890123"}]})";
const Headers kSse = {{"content-type", "text/event-stream"}};
const Headers kJson = {{"content-type", "application/json"}};

struct Fixture {
  TestRng rng;
  Session session{rng, Catalogue::builtin().value()};
  Shelf shelf;
  std::string id;

  Fixture() {
    REQUIRE(session.use_prices(as_bytes(kList)).ok());
    write(session.plan_create(slot_fields(), slot_key(), 1000));
    id = write(session.plan_add("openai", "work", secret("sk-proj-abcdefghijklmnop-1234"), 1000));
  }
  std::string write(Result<Plan> plan) {
    REQUIRE(plan.ok());
    REQUIRE(shelf.write(*plan).ok());
    REQUIRE(session.commit().ok());
    return plan->id;
  }
  void cap(std::optional<std::int64_t> day, std::optional<std::int64_t> month = {}) {
    write(session.plan_caps(id, {day, month}, kNow));
  }
  Exchange post(std::string_view body = kAsked, std::string_view url = kChat) {
    return session.fetch(url, "POST", kJson, CallerBody::whole(as_bytes(body)), "", kNow).value();
  }
  /// Sent and answered up to here.
  Exchange answered(std::string_view with, int status = 200, const Headers& headers = kSse,
                    std::string_view body = kAsked) {
    Exchange call = post(body);
    call.sent();
    REQUIRE(call.response(status, headers).ok());
    REQUIRE(call.feed(as_bytes(with)).ok());
    return call;
  }
  void flush() {
    Rows stored;
    for (const std::string& key : session.usage_rows({})) {
      if (const auto row = shelf.usage.find(key); row != shelf.usage.end()) stored.insert(*row);
    }
    for (const auto& [key, row] : session.take_usage({}, stored).puts) shelf.usage.insert_or_assign(key, row);
    session.usage_written(true);
  }
  UsageDay today() {
    flush();
    Rows rows;
    for (const auto& [key, row] : shelf.usage) {
      if (key.starts_with("usage/")) rows.emplace(key, row);
    }
    const auto history = session.usage(rows).value();
    return history.days.empty() ? UsageDay() : history.days.back().second;
  }
  const Bytes* spend_row() {
    const auto row = shelf.usage.find("spend/" + id);
    return row == shelf.usage.end() ? nullptr : &row->second;
  }
  Result<void> reserve(Exchange& call, UnixMs now = kNow) {
    auto row = session.reserve(call, call.key_id(), spend_row(), now);
    if (!row) return row.error();
    shelf.usage.insert_or_assign("spend/" + id, *std::move(row));
    return {};
  }
  Spend spending() { return session.spending(id, spend_row()).value(); }

  /// Settles, and gives what was noted: nothing, or one entry.
  std::optional<std::pair<UsageKey, UsageSum>> settled(Exchange& call) {
    session.price(call, kNow);
    session.settle(call, "https://app.example", kNow);
    session.settle(call, "https://app.example", kNow);  // the second time does nothing
    const UsageDay day = today();
    REQUIRE(day.size() <= 1);
    return day.empty() ? std::nullopt : std::optional(std::pair<UsageKey, UsageSum>(*day.begin()));
  }
};

std::string delta(std::string_view text) {
  return "data: {\"model\":\"m-1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" + std::string(text) +
         "\"}}]}\n\n";
}
constexpr std::string_view kUsage =
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":50,\"completion_tokens\":7,"
    "\"prompt_tokens_details\":{\"cached_tokens\":20},\"completion_tokens_details\":{\"reasoning_tokens\":3}}}\n\n";
constexpr std::string_view kDone = "data: [DONE]\n\n";

}  // namespace

TEST_CASE_METHOD(Fixture, "settle: usage that was reported is booked as such, with its cost") {
  Exchange call = answered(delta("Hello").append(kUsage).append(kDone));
  REQUIRE(call.end().ok());
  const auto entry = settled(call);
  REQUIRE(entry);
  CHECK(entry->first == UsageKey{id, "openai", "m-1", "https://app.example", "user", "reported"});
  CHECK(entry->second == UsageSum{1, 0, 50, 20, 7, 3, 50 * 2 + 7 * 10});
  REQUIRE(call.bill());
  CHECK(call.bill()->figures == Figures::reported);
  CHECK(call.bill()->cost_micro_usd == 170);
  CHECK(call.bill()->prices_made == "2026-09-23");
  CHECK(spending().on_day(kNow) == 170);
}

TEST_CASE_METHOD(Fixture, "settle: an answer that was left is an estimate from what went and came") {
  // 40 bytes: 10 tokens.
  Exchange call = answered(delta("0123456789012345678901234567890123456789"));
  const auto entry = settled(call);
  REQUIRE(entry);
  CHECK(entry->first.figures == "estimated");
  CHECK(entry->second == UsageSum{1, 0, 16, 0, 10, 0, 16 * 2 + 10 * 10});
}

TEST_CASE_METHOD(Fixture, "settle: an answer that ends without usage is an estimate, too") {
  Exchange call = answered(delta("0123456789012345678901234567890123456789").append(kDone));
  REQUIRE(call.end().ok());
  CHECK(settled(call)->first.figures == "estimated");
  Exchange whole = answered(R"({"choices":[{"message":{"content":"01234567"},"finish_reason":"stop"}]})", 200, kJson);
  REQUIRE(whole.end().ok());
  session.price(whole, kNow);
  session.settle(whole, "", kNow);
  CHECK(whole.bill()->figures == Figures::estimated);
  CHECK(whole.bill()->cost_micro_usd == 16 * 2 + 2 * 10);
}

TEST_CASE_METHOD(Fixture, "settle: usage seen before the end of an answer that broke off is the least of it") {
  Exchange call = post(R"({"model":"m-1","max_tokens":9,"messages":[]})", "https://api.openai.com/v1/chat/completions");
  call.sent();
  REQUIRE(call.response(200, kSse).ok());
  REQUIRE(call.feed(as_bytes(kUsage)).ok());  // and no end
  const auto entry = settled(call);
  CHECK(entry->first.figures == "estimated");
  CHECK(entry->second.input == 50);
  CHECK(entry->second.output == 7);
}

TEST_CASE_METHOD(Fixture, "settle: a model without a price has a cost nobody knows, which is not 0") {
  std::string other = delta("x").append(kUsage).append(kDone);
  other.replace(other.find("m-1"), 3, "new");
  Exchange call = answered(other, 200, kSse, R"({"model":"newer","max_tokens":5,"messages":[]})");
  REQUIRE(call.end().ok());
  const auto entry = settled(call);
  CHECK(entry->first.model == "new");
  CHECK(entry->first.figures == "reported");
  CHECK(entry->second.unpriced == 1);
  CHECK(entry->second.input == 50);
  CHECK(entry->second.cost_micro_usd == 0);
  CHECK_FALSE(call.bill()->cost_micro_usd);
}

TEST_CASE_METHOD(Fixture, "settle: a name that no list knows costs what the model asked for does") {
  std::string other = delta("x").append(kUsage).append(kDone);
  other.replace(other.find("m-1"), 3, "m-1-2026-05-01-internal");
  Exchange call = answered(other);
  REQUIRE(call.end().ok());
  CHECK(settled(call)->second.cost_micro_usd == 170);
}

TEST_CASE_METHOD(Fixture, "settle: an answer that cannot be read is one of which nothing is known") {
  Exchange call = answered("<html>sign in</html>", 200, {{"content-type", "text/html"}});
  REQUIRE(call.end().ok());
  const auto entry = settled(call);
  CHECK(entry->first.figures == "unknown");
  CHECK(entry->first.model == "m-1");
  CHECK(entry->second == UsageSum{.requests = 1, .unpriced = 1});
}

TEST_CASE_METHOD(Fixture, "settle: nothing is paid for what was not sent, reached nobody or was refused") {
  Exchange unsent = post();
  CHECK_FALSE(settled(unsent));
  Exchange refused = answered(R"({"error":{"message":"bad key"}})", 401, kJson);
  REQUIRE(refused.end().ok());
  CHECK_FALSE(settled(refused));
  Exchange failed = post();
  failed.sent();
  (void)failed.network_failed({});
  CHECK_FALSE(settled(failed));
  CHECK_FALSE(failed.bill());
}

TEST_CASE_METHOD(Fixture, "settle: a call given up before its answer may be answered all the same") {
  Exchange call = post();
  call.sent();
  const auto entry = settled(call);
  REQUIRE(entry);
  CHECK(entry->first.figures == "estimated");
  CHECK(entry->second.input == 16);
  CHECK(entry->second.output == 0);
}

TEST_CASE_METHOD(Fixture, "settle: lists of models and counting tokens cost nothing") {
  Exchange list = session.fetch("https://api.openai.com/v1/models", "GET", {}, CallerBody{}, "", kNow).value();
  list.sent();
  REQUIRE(list.response(200, kJson).ok());
  REQUIRE(list.feed(as_bytes("{}")).ok());
  REQUIRE(list.end().ok());
  CHECK_FALSE(settled(list));
  write(session.plan_add("anthropic", "other", secret("sk-ant-api03-abcdefghijklmnop"), 1000));
  Exchange count = post(R"({"model":"m","messages":[]})", "https://api.anthropic.com/v1/messages/count_tokens");
  count.sent();
  REQUIRE(count.response(200, kJson).ok());
  REQUIRE(count.feed(as_bytes(R"({"input_tokens":5})")).ok());
  REQUIRE(count.end().ok());
  CHECK_FALSE(settled(count));
}

TEST_CASE_METHOD(Fixture, "reserve: only a key with a cap needs it, and what it holds is a bound") {
  Exchange free = post();
  CHECK(session.holders(free).empty());
  cap(1'000'000);
  Exchange call = post();
  CHECK(session.holders(call) == std::vector<std::string>{call.key_id()});
  REQUIRE(reserve(call).ok());
  const std::int64_t held = spending().held(kNow);
  // Every byte of the body a token, and what the provider adds; the answer as long as it may be.
  CHECK(held == (static_cast<std::int64_t>(call.request().body->size()) + 1024) * 2 + 100 * 10 + 1);
  call.sent();
  REQUIRE(call.response(200, kSse).ok());
  REQUIRE(call.feed(as_bytes(delta("x").append(kUsage).append(kDone))).ok());
  REQUIRE(call.end().ok());
  session.price(call, kNow);
  session.settle(call, "", kNow);
  CHECK(spending().held(kNow) == 0);
  CHECK(spending().on_day(kNow) == 170);
  Exchange models = session.fetch("https://api.openai.com/v1/models", "GET", {}, CallerBody{}, "", kNow).value();
  CHECK(session.holders(models).empty());
}

TEST_CASE_METHOD(Fixture, "reserve: over the cap it is refused, and says which cap, how much of it, and until when") {
  cap(std::nullopt, 5000);
  Exchange first = post();
  REQUIRE(reserve(first).ok());
  Exchange second = post();
  CHECK(reserve(second).error() == Errc::ERR_CAP_REACHED);
  REQUIRE(second.cap_hit());
  CHECK(second.cap_hit()->monthly);
  CHECK(second.cap_hit()->cap == 5000);
  CHECK(second.cap_hit()->spent == 0);
  CHECK(second.cap_hit()->held == spending().held(kNow));
  CHECK(second.cap_hit()->resets_at > kNow);
  // The first is given up before it is sent: its hold is free at once.
  session.price(first, kNow);
  session.settle(first, "", kNow);
  CHECK(spending().held(kNow) == 0);
  CHECK(reserve(second).ok());
}

TEST_CASE_METHOD(Fixture, "reserve: what has no bound or no price is refused under a cap") {
  cap(1'000'000'000);
  for (const char* body : {R"({"model":"m-1","messages":[]})", R"({"model":"unheard-of","max_tokens":5,"messages":[]})",
                           R"({"max_tokens":5,"messages":[]})",
                           R"({"model":"m-1","max_tokens":5,"messages":[],"web_search_options":{}})"}) {
    INFO(body);
    Exchange call = post(body);
    CHECK(reserve(call).error() == Errc::ERR_CAP_UNBOUNDED);
    CHECK_FALSE(call.cap_hit());
  }
  Exchange embeds = post(R"({"model":"embeds","input":"hi"})", "https://api.openai.com/v1/embeddings");
  CHECK(reserve(embeds).ok());
  Exchange dear = post(R"({"model":"dear","max_tokens":4000000000,"messages":[]})");
  CHECK(reserve(dear).error() == Errc::ERR_CAP_UNBOUNDED);
}

TEST_CASE_METHOD(Fixture, "reserve: an answer that cannot be read costs a capped key what was held for it") {
  cap(1'000'000);
  Exchange call = post();
  REQUIRE(reserve(call).ok());
  const std::int64_t held = spending().held(kNow);
  call.sent();
  REQUIRE(call.response(200, {{"content-type", "text/html"}}).ok());
  REQUIRE(call.feed(as_bytes("<html>")).ok());
  REQUIRE(call.end().ok());
  const auto entry = settled(call);
  CHECK(entry->first.figures == "unknown");
  CHECK(entry->second.cost_micro_usd == 0);
  CHECK(spending().on_day(kNow) == held);
  CHECK(spending().held(kNow) == 0);
}

TEST_CASE_METHOD(Fixture, "renew: only for a call that holds something") {
  cap(1'000'000);
  Exchange call = post();
  CHECK(session.renew(call, call.key_id(), spend_row(), kNow).error() == Errc::ERR_WRONG_STATE);
  REQUIRE(reserve(call).ok());
  const auto row = session.renew(call, call.key_id(), spend_row(), kNow + kHoldLeaseMs);
  REQUIRE(row.ok());
  shelf.usage.insert_or_assign("spend/" + id, *row);
  CHECK(spending().held(kNow + 2 * kHoldLeaseMs - 1) > 0);
  CHECK(spending().held(kNow + 2 * kHoldLeaseMs) == 0);
}
