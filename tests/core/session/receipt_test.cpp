// How a receipt is asked for and what comes of it: from the end of a call to what is kept.
#include "../vault/receipt_text.h"
#include "session/session.h"
#include "support.h"

using namespace keyhold;
using namespace keyhold::test;
using Step = ReceiptErrand::Step;

namespace {

constexpr UnixMs kNow = 1'795'000'000'000;
constexpr std::string_view kSite =
    R"({"server":{"url":"https://relay.example/","tokenUrl":"https://app.example/token"}})";
const Headers kJson = {{"content-type", "application/json"}};

struct Fixture {
  TestRng rng;
  Session session{rng, Catalogue::builtin().value()};
  Shelf shelf;

  Fixture() {
    REQUIRE(session.configure(as_bytes(kSite)).ok());
    const auto plan = session.plan_create(slot_fields(), slot_key(), 1000);
    REQUIRE(shelf.write(*plan).ok());
    REQUIRE(session.commit().ok());
  }

  Exchange called() {
    constexpr std::string_view kAsked = R"({"model":"m-1","messages":[]})";
    auto call = session.fetch_by_app({"https://relay.example/"}, "", "https://api.openai.com/v1/chat/completions",
                                     "POST", kJson, CallerBody::whole(as_bytes(kAsked)), kNow);
    REQUIRE(call.ok());
    call->sent();
    REQUIRE(call->response(200, kJson).ok());
    REQUIRE(call->feed(as_bytes(R"({"model":"m-1","choices":[],"usage":{"prompt_tokens":10,"completion_tokens":10}})"))
                .ok());
    REQUIRE(call->end().ok());
    session.settle(*call, "", kNow);
    return std::move(*call);
  }
  ReceiptErrand begun(std::string_view number = "42") {
    auto errand = session.begin_receipt(called(), number, kNow);
    REQUIRE(errand);
    return *errand;
  }
  /// As the shell hands it back.
  void answer(ReceiptErrand& errand, int status, std::string_view body, bool whole = true) {
    const Json carried = Json::parse(as_bytes(encode_errand(errand).dump())).value();
    errand = parse_errand(carried.root()).value();
    auto asked = session.ask_receipt(errand, secret("a.b.c"));
    REQUIRE(asked.ok());
    asked->sent();
    if (status != 0) REQUIRE(asked->response(status, kJson).ok());
    const auto fed = asked->feed(as_bytes(body));
    if (fed && whole) REQUIRE(asked->end().ok());
    Session::read_receipt(errand, *asked);
  }
  static std::string answer_of(std::string_view jws) { return R"({"receipt":")" + std::string(jws) + "\"}"; }

  KeptReceipt kept(const ReceiptErrand& errand, std::optional<bool> genuine) {
    const auto change = session.keep_receipt(errand, genuine, {}, kNow);
    REQUIRE(change.puts.size() == 1);
    return session.receipts(change.puts).value().receipts.at(0);
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "receipt: asked of the site's server with the user's token, its keys without") {
  ReceiptErrand errand = begun();
  auto asked = session.ask_receipt(errand, secret("a.b.c"));
  REQUIRE(asked.ok());
  CHECK(asked->request().url == "https://relay.example/v1/receipts/42");
  CHECK(asked->request().method == Method::get);
  CHECK_FALSE(asked->request().body);
  CHECK(asked->provider().auth.header == "authorization");
  CHECK(text_of(asked->take_auth_value()) == "Bearer a.b.c");
  errand.step = Step::keys;
  asked = session.ask_receipt(errand, secret("a.b.c"));
  REQUIRE(asked.ok());
  CHECK(asked->request().url == "https://relay.example/v1/receipts/keys");
  CHECK(asked->take_auth_value().empty());
  for (const Step step : {Step::keep, Step::over}) {
    errand.step = step;
    CHECK(session.ask_receipt(errand, secret("a.b.c")).error() == Errc::ERR_WRONG_STATE);
  }
}

TEST_CASE_METHOD(Fixture, "receipt: none without a number, for the user's own key, or of a locked vault") {
  const Exchange call = called();
  CHECK(session.begin_receipt(call, "42", kNow));
  for (const char* number : {"", "-1", "../keys", "keys", "12345678901234567890"}) {
    CHECK_FALSE(session.begin_receipt(call, number, kNow));
  }
  const Exchange own(Exchange::Purpose::pass, session.providers().front(), Outgoing{}, {}, {}, {});
  CHECK_FALSE(session.begin_receipt(own, "42", kNow));
  session.lock();
  CHECK_FALSE(session.begin_receipt(call, "42", kNow));
}

TEST_CASE_METHOD(Fixture, "receipt: the keys are asked for once, and then known") {
  ReceiptErrand errand = begun();
  answer(errand, 200, answer_of(jws_of()));
  CHECK(errand.step == Step::keys);
  answer(errand, 200, jwks_of());
  CHECK(errand.step == Step::keep);
  CHECK(errand.refused.empty());
  CHECK(errand.key == encode_base64url(public_key()));
  const KeptReceipt one = kept(errand, true);
  CHECK(one.state == "signed");
  CHECK(one.charged == 123);
  CHECK(one.jws == jws_of());
  CHECK(one.key == encode_base64url(public_key()));

  ReceiptErrand next = begun("43");
  next.keys = errand.keys;
  answer(next, 200, answer_of(jws_of(payload_of("43"))));
  CHECK(next.step == Step::keep);
  CHECK(next.refused.empty());
}

TEST_CASE_METHOD(Fixture,
                 "receipt: a signature that does not hold is refused; one that cannot be told is not checked") {
  ReceiptErrand errand = begun();
  errand.keys = jwks_of();
  answer(errand, 200, answer_of(jws_of()));
  CHECK(kept(errand, true).state == "signed");
  CHECK(kept(errand, std::nullopt).state == "unchecked");
  CHECK_FALSE(kept(errand, std::nullopt).jws.empty());
  const KeptReceipt refused = kept(errand, false);
  CHECK(refused.state == "signature");
  CHECK(refused.jws.empty());
  CHECK_FALSE(refused.charged);
}

TEST_CASE_METHOD(Fixture, "receipt: what is none, or another call's, is refused whatever its signature") {
  const auto refusal = [&](std::string_view body) {
    ReceiptErrand errand = begun();
    errand.keys = jwks_of();
    answer(errand, 200, body);
    CHECK(errand.step == Step::keep);
    // Nobody's word makes it another.
    CHECK(kept(errand, true).state == errand.refused);
    return errand.refused;
  };
  CHECK(refusal("") == "form");
  CHECK(refusal("<html>") == "form");
  CHECK(refusal("{}") == "form");
  CHECK(refusal(R"({"receipt":7})") == "form");
  CHECK(refusal(answer_of("x.y.z")) == "form");
  CHECK(refusal(answer_of(std::string(kMaxReceiptBytes + 1, 'A'))) == "form");
  CHECK(refusal(std::string(kMaxReceiptAnswer + 1, ' ')) == "form");
  CHECK(refusal(answer_of(jws_of(payload_of("41")))) == "call");
  CHECK(refusal(answer_of(jws_of(payload_of("42", 123, "m-9")))) == "model");
}

TEST_CASE_METHOD(Fixture, "receipt: a key that the server does not name as its own is refused") {
  const auto refusal = [&](int status, std::string_view keys) {
    ReceiptErrand errand = begun();
    answer(errand, 200, answer_of(jws_of()));
    REQUIRE(errand.step == Step::keys);
    answer(errand, status, keys);
    return errand.refused;
  };
  CHECK(refusal(200, jwks_of()).empty());
  CHECK(refusal(200, jwks_of(public_key(4))) == "key");
  CHECK(refusal(200, R"({"keys":[]})") == "key");
  CHECK(refusal(200, "no keys") == "key");
  CHECK(refusal(404, jwks_of()) == "key");
  CHECK(refusal(200, std::string(kMaxReceiptAnswer + 1, 'x')) == "key");
}

TEST_CASE_METHOD(Fixture,
                 "receipt: a call that is still held is asked after again, three times, a little later each time") {
  ReceiptErrand errand = begun();
  for (const std::int64_t wait_ms : {1'000, 2'000, 4'000}) {
    answer(errand, 409, R"({"type":"urn:keyhold:call_not_over"})");
    CHECK(errand.step == Step::receipt);
    CHECK(errand.wait_ms == wait_ms);
  }
  answer(errand, 409, "{}");
  CHECK(errand.step == Step::over);
}

TEST_CASE_METHOD(Fixture, "receipt: where there is none, or the answer was cut off, nothing is kept or said") {
  for (const int status : {0, 204, 302, 401, 403, 404, 429, 500, 503}) {
    INFO(status);
    ReceiptErrand errand = begun();
    answer(errand, status, answer_of(jws_of()));
    CHECK(errand.step == Step::over);
    CHECK(session.keep_receipt(errand, true, {}, kNow).puts.empty());
  }
  ReceiptErrand errand = begun();
  answer(errand, 200, answer_of(jws_of()), false);
  CHECK(errand.step == Step::over);
  errand = begun();
  answer(errand, 200, answer_of(jws_of()));
  answer(errand, 200, jwks_of(), false);
  CHECK(errand.step == Step::over);
}
