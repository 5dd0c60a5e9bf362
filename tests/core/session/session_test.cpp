#include "session/session.h"

#include "support.h"

using namespace keyhold;
using namespace keyhold::test;

namespace {

constexpr std::string_view kKey = "sk-proj-abcdefghijklmnop-1234";

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
  std::string add(std::string_view provider = "openai", std::string_view key = kKey) {
    write(session.plan_add(provider, "work", secret(key), 1000));
    return last_id;
  }
  Result<Exchange> post(std::string_view url, std::string_view body = R"({"model":"m","stream":true,"messages":[]})",
                        std::string_view key = "") {
    return session.fetch(url, "POST", {{"content-type", "application/json"}}, CallerBody::whole(as_bytes(body)), key,
                         2000);
  }
  std::string last_id;
};

std::string sent_credential(Result<Exchange>& exchange) { return text_of(exchange->take_auth_value()); }

constexpr std::string_view kChat = "https://api.openai.com/v1/chat/completions";
const Headers kSse = {{"content-type", "text/event-stream"}};

}  // namespace

TEST_CASE_METHOD(Fixture,
                 "fetch: the provider's default key goes with a request, in its own header, and nowhere else") {
  make();
  add();
  auto exchange = post(kChat);
  REQUIRE(exchange.ok());
  CHECK(sent_credential(exchange) == "Bearer " + std::string(kKey));
  CHECK(exchange->request().url == kChat);
  for (const auto& [name, value] : exchange->request().headers) CHECK(value.find(kKey) == std::string::npos);
  CHECK(session.keys()[0].ledger.last_used_at == 2000);
}

TEST_CASE_METHOD(Fixture, "fetch: refused without a vault, a key, a known address or an allowed path") {
  CHECK(post(kChat).error() == Errc::ERR_LOCKED);
  make();
  CHECK(post(kChat).error() == Errc::ERR_NO_KEY);
  const std::string id = add();
  CHECK(post("https://evil.example/v1/chat/completions").error() == Errc::ERR_UNKNOWN_ENDPOINT);
  CHECK(post("https://api.openai.com.evil.example/v1/chat/completions").error() == Errc::ERR_UNKNOWN_ENDPOINT);
  CHECK(post("https://api.openai.com@evil.example/v1/chat/completions").error() == Errc::ERR_UNKNOWN_ENDPOINT);
  CHECK(post("http://api.openai.com/v1/chat/completions").error() == Errc::ERR_UNKNOWN_ENDPOINT);
  CHECK(post("https://api.openai.com:8443/v1/chat/completions").error() == Errc::ERR_UNKNOWN_ENDPOINT);
  CHECK(post("https://api.openai.com/v1/../v2/x").error() == Errc::ERR_UNKNOWN_ENDPOINT);
  CHECK(post("https://api.openai.com/v1/realtime/client_secrets").error() == Errc::ERR_PATH_NOT_ALLOWED);
  CHECK(post("https://api.openai.com/v1/organization/api_keys").error() == Errc::ERR_PATH_NOT_ALLOWED);
  // A key is never sent to another provider, whoever asks for it.
  CHECK(post("https://api.anthropic.com/v1/messages", "{}", id).error() == Errc::ERR_ENDPOINT_MISMATCH);
  CHECK(post(kChat, "{}", "nobody").error() == Errc::ERR_NOT_FOUND);
  session.lock();
  CHECK(post(kChat).error() == Errc::ERR_LOCKED);
}

TEST_CASE_METHOD(Fixture, "fetch: a site that moves a provider gets no key that was sealed before") {
  constexpr std::string_view kSite =
      R"({"providers":[{"id":"demo","name":"Demo","base":"http://127.0.0.1:4010/v1/","wire":"openai-chat"}]})";
  constexpr std::string_view kMoved =
      R"({"providers":[{"id":"demo","name":"Demo","base":"http://127.0.0.1:6666/v1/","wire":"openai-chat"}]})";
  REQUIRE(session.configure(as_bytes(kSite)).ok());
  make();
  const std::string id = add("demo", "demo-key-for-trying");
  CHECK(session.check_stored(id, 1).ok());
  REQUIRE(session.configure(as_bytes(kMoved)).ok());
  CHECK(session.check_stored(id, 2).error() == Errc::ERR_ENDPOINT_MISMATCH);
  CHECK(post("http://127.0.0.1:6666/v1/chat/completions").error() == Errc::ERR_ENDPOINT_MISMATCH);
}

TEST_CASE_METHOD(Fixture, "configure: hostile or mistaken site configurations change nothing") {
  for (const auto* text : {"", "[]", R"({"unknown":1})", R"({"demo":{"provider":"x"}})", R"({"customEndpoints":"yes"})",
                           R"({"providers":{}})", R"({"providers":[{"id":"openai"}]})"}) {
    CAPTURE(text);
    CHECK_FALSE(session.configure(as_bytes(text)).ok());
  }
  CHECK(session.providers().size() == Catalogue::builtin()->all().size());
  // For whoever serves the site.
  CHECK(session.configure(as_bytes(R"({"embedders":["https://app.example"],"policyInPages":true})")).ok());
  const auto site = session.configure(as_bytes(R"({"demo":{"provider":"demo","key":"k"},"customEndpoints":false})"));
  REQUIRE(site.ok());
  CHECK(site->demo->key == "k");
  CHECK_FALSE(site->custom_endpoints);
}

TEST_CASE_METHOD(Fixture, "add: pasted text is cleaned, what is no key is refused, and nothing is stored") {
  make();
  add("openai", "  OPENAI_API_KEY=\"sk-proj-abcdefghijklmnop-1234\"\n");
  auto exchange = post(kChat);
  CHECK(sent_credential(exchange) == "Bearer " + std::string(kKey));
  CHECK(session.keys()[0].record->hint == "1234");
  for (const auto* text : {"", "short", "has a space inside", "k\xc3\xa9y-beyond-ascii"}) {
    CHECK(session.plan_add("openai", "x", secret(text), 0).error() == Errc::ERR_BAD_KEY_TEXT);
  }
  CHECK(session.plan_add("nobody", "x", secret(kKey), 0).error() == Errc::ERR_UNKNOWN_PROVIDER);
  CHECK(session.keys().size() == 1);
}

TEST_CASE_METHOD(Fixture, "a file of several keys: they are in its order, and the first is its provider's") {
  make();
  std::string file;
  for (int i = 0; i < 12; ++i)
    file += "OPENAI_API_KEY_" + std::to_string(i) + "=sk-proj-abcdefghijklmnop-" + std::to_string(1000 + i) + "\n";
  REQUIRE(session.open_env(secret(file), 1000).ok());
  write(session.plan_import(std::vector<ImportChoice>(12, ImportChoice::add), 1000));
  const auto keys = session.keys();
  REQUIRE(keys.size() == 12);
  for (std::size_t i = 0; i < keys.size(); ++i) CHECK(keys[i].record->hint == std::to_string(1000 + i));
  CHECK(keys[0].is_default);
}

TEST_CASE_METHOD(Fixture, "endpoints of one's own: a local one works without a key, a remote one needs one") {
  make();
  write(session.plan_add_endpoint("Ollama", "http://localhost:11434/v1", "", 1000));
  const std::string local = last_id;
  CHECK(session.providers().back()->name == "Ollama");
  write(session.plan_add(local, "laptop", SecretBytes(), 1));
  auto exchange = post("http://localhost:11434/v1/chat/completions");
  REQUIRE(exchange.ok());
  CHECK(exchange->take_auth_value().empty());
  write(session.plan_add_endpoint("Mine", "https://llm.example.org/v1/", "", 1000));
  CHECK(session.plan_add(last_id, "x", SecretBytes(), 1).error() == Errc::ERR_BAD_KEY_TEXT);
  for (const auto* base : {"ftp://x/", "http://llm.example.org/v1/", "https://user@llm.example.org/", "not a url",
                           "https://api.openai.com/v1/", "https://api.openai.com/", "https://x.example/a/../b"}) {
    CAPTURE(base);
    CHECK(session.plan_add_endpoint("x", base, "", 1000).error() == Errc::ERR_BAD_INPUT);
  }
  CHECK(session.plan_add_endpoint("", "https://x.example/", "", 1000).error() == Errc::ERR_BAD_INPUT);
  // They are providers only while the vault is open.
  session.lock();
  const std::size_t built_in = session.providers().size();
  REQUIRE(session.load(shelf.envelopes, shelf.ledger).ok());
  REQUIRE(session.unlock(slot_key()).ok());
  CHECK(session.providers().size() == built_in + 2);
  REQUIRE(session.configure(as_bytes(R"({"customEndpoints":false})")).ok());
  CHECK(session.plan_add_endpoint("x", "https://y.example/", "", 1000).error() == Errc::ERR_NOT_PERMITTED_BY_SITE);
  write(session.plan_add_endpoint("LM Studio", "http://127.0.0.1:1234/v1/", "", 1000));
}

TEST_CASE_METHOD(Fixture, "endpoints of one's own: like a provider that everybody has elsewhere") {
  make();
  write(session.plan_add_endpoint("Work", "https://work.openai.azure.com/openai/v1", "azure-openai", 1000));
  const std::string azure = add(last_id, "0123456789abcdef0123456789abcdef");
  auto exchange = post("https://work.openai.azure.com/openai/v1/chat/completions");
  REQUIRE(exchange.ok());
  CHECK(exchange->provider().auth.header == "api-key");
  CHECK(sent_credential(exchange) == "0123456789abcdef0123456789abcdef");
  write(session.plan_add_endpoint("Laptop", "http://127.0.0.1:11434/", "ollama", 1000));
  const std::string own = last_id;
  write(session.plan_add(own, "x", SecretBytes(), 1));
  CHECK(session.check_stored(last_id, 1)->request().url == "http://127.0.0.1:11434/api/tags");

  CHECK(session.plan_add_endpoint("x", "https://x.example/", "nobody", 1).error() == Errc::ERR_UNKNOWN_PROVIDER);
  CHECK(session.plan_add_endpoint("x", "https://x.example/", own, 1).error() == Errc::ERR_UNKNOWN_PROVIDER);
  CHECK(session.plan_add_endpoint("x", "https://x.example/", "nvidia", 1).error() == Errc::ERR_UNKNOWN_PROVIDER);
  // It is remembered with the vault.
  session.lock();
  REQUIRE(session.load(shelf.envelopes, shelf.ledger).ok());
  REQUIRE(session.unlock(slot_key()).ok());
  CHECK(session.providers().back()->like == "ollama");
  CHECK(session.models(azure, 1)->request().url == "https://work.openai.azure.com/openai/v1/models");
}

TEST_CASE_METHOD(Fixture, "add: nothing is stored for an example, nor for who does not answer pages") {
  make();
  CHECK(session.plan_add("azure-openai", "x", secret(kKey), 1).error() == Errc::ERR_UNKNOWN_PROVIDER);
  CHECK(session.check_new("azure-openai", secret(kKey), 1).error() == Errc::ERR_UNKNOWN_PROVIDER);
  CHECK(session.plan_add("nvidia", "x", secret(kKey), 1).error() == Errc::ERR_NO_CORS);
  CHECK(session.check_new("nvidia", secret(kKey), 1).error() == Errc::ERR_NO_CORS);
}

TEST_CASE_METHOD(Fixture, "check: five a minute for each provider, whichever key") {
  make();
  const std::string id = add();
  for (int i = 0; i < 3; ++i) CHECK(session.check_new("openai", secret(kKey), 1000).ok());
  for (int i = 0; i < 2; ++i) CHECK(session.check_stored(id, 1000).ok());
  CHECK(session.check_new("openai", secret(kKey), 1000).error() == Errc::ERR_CHECKED_TOO_OFTEN);
  CHECK(session.check_replacement(id, secret(kKey), 1000).error() == Errc::ERR_CHECKED_TOO_OFTEN);
  CHECK(session.check_new("mistral", secret(kKey), 1000).ok());
  CHECK(session.check_new("openai", secret(kKey), 1000 + kMinuteMs).ok());
}

TEST_CASE_METHOD(Fixture, "check: each answer gets its own meaning") {
  struct Answer {
    int status;
    std::string_view body;
    std::optional<Errc> code;
  };
  const Answer kAnswers[] = {
      {200, R"({"data":[]})", std::nullopt},
      {200, "<html>sign in</html>", Errc::ERR_BAD_ANSWER},
      {401, R"({"error":{"code":"invalid_api_key"}})", Errc::ERR_BAD_KEY},
      {402, "{}", Errc::ERR_NO_CREDIT},
      {403, "{}", Errc::ERR_NO_PERMISSION},
      {404, "{}", Errc::ERR_MODEL_NOT_FOUND},
      {429, R"({"error":{"type":"insufficient_quota"}})", Errc::ERR_NO_CREDIT},
      {429, R"({"error":{"code":"rate_limit_exceeded"}})", Errc::ERR_RATE_LIMITED},
      {500, "", Errc::ERR_PROVIDER_DOWN},
      {503, "{}", Errc::ERR_PROVIDER_DOWN},
  };
  make();
  UnixMs now = 0;
  for (const Answer& answer : kAnswers) {
    CAPTURE(answer.status, answer.body);
    auto exchange = session.check_new("openai", secret(kKey), now += kMinuteMs);
    REQUIRE(exchange.ok());
    REQUIRE(exchange->response(answer.status, {{"content-type", "application/json"}}).ok());
    CHECK(exchange->feed(as_bytes(answer.body))->empty());
    CHECK(exchange->end()->empty());
    const auto problem = exchange->problem();
    CHECK(problem.has_value() == answer.code.has_value());
    if (problem && answer.code) CHECK(problem->code == *answer.code);
  }
}

TEST_CASE_METHOD(Fixture, "answer: bytes pass unchanged in every cut, and usage is read from them") {
  const std::string stream =
      "data: {\"model\":\"gpt-x\",\"choices\":[{\"delta\":{\"content\":\"H\xc3\xa9\"}}]}\n\n"
      "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":3}}\n\ndata: [DONE]\n\n";
  make();
  add();
  for (std::size_t cut = 1; cut <= stream.size(); ++cut) {
    auto exchange = post(kChat, R"({"model":"m","stream":true,"stream_options":{"include_usage":true}})");
    REQUIRE(exchange->response(200, kSse).ok());
    std::string passed;
    for (std::size_t at = 0; at < stream.size(); at += cut) {
      passed += as_text(*exchange->feed(as_bytes(std::string_view(stream).substr(at, cut))));
    }
    passed += as_text(*exchange->end());
    REQUIRE(passed == stream);
    REQUIRE(exchange->usage().input == 7);
    REQUIRE(exchange->usage().output == 3);
    REQUIRE(exchange->model() == "gpt-x");
  }
}

TEST_CASE_METHOD(Fixture, "answer: usage the caller did not ask for is counted and not passed on") {
  const std::string stream =
      "data: {\"model\":\"gpt-x\",\"choices\":[{\"delta\":{\"content\":\"Hi\"}}],\"usage\":null}\n\n"
      "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":3}}\n\ndata: [DONE]\n\n";
  make();
  add();
  for (std::size_t cut = 1; cut <= stream.size(); ++cut) {
    auto exchange = post(kChat);
    REQUIRE(exchange->request().body->find("\"include_usage\":true") != std::string::npos);
    REQUIRE(exchange->response(200, kSse).ok());
    std::string passed;
    for (std::size_t at = 0; at < stream.size(); at += cut) {
      passed += as_text(*exchange->feed(as_bytes(std::string_view(stream).substr(at, cut))));
    }
    passed += as_text(*exchange->end());
    REQUIRE(passed == "data: {\"model\":\"gpt-x\",\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\ndata: [DONE]\n\n");
    REQUIRE(exchange->usage() == Usage{.input = 7, .output = 3});
  }
  // A refusal is nobody's stream.
  auto refused = post(kChat);
  REQUIRE(refused->response(400, {}).ok());
  CHECK(as_text(*refused->feed(as_bytes("data: {\"usage\":null}\n\n"))) == "data: {\"usage\":null}\n\n");
  CHECK(refused->end()->empty());
}

TEST_CASE_METHOD(Fixture, "answer: the model is the one asked for where the answer does not say") {
  make();
  add("cohere", "cohere-key-of-forty-characters-0123456789");
  auto exchange = post("https://api.cohere.com/v2/chat", R"({"model":"command-a","messages":[]})");
  REQUIRE(exchange.ok());
  REQUIRE(exchange->response(200, {{"content-type", "application/json"}}).ok());
  CHECK(exchange->model() == "command-a");
  REQUIRE(exchange->feed(as_bytes(R"({"finish_reason":"COMPLETE","usage":{"billed_units":{"input_tokens":1}}})")).ok());
  REQUIRE(exchange->end().ok());
  CHECK(exchange->model() == "command-a");
  CHECK(exchange->usage().input == 1);
}

TEST_CASE_METHOD(Fixture,
                 "answer: one that contains the key is stopped, whole or in pieces, and no whole key gets out") {
  make();
  add();
  const std::string echo = "data: your key is " + std::string(kKey) + " indeed\n\n";
  for (std::size_t cut = 1; cut <= echo.size(); ++cut) {
    auto exchange = post(kChat);
    REQUIRE(exchange->response(200, kSse).ok());
    std::string passed;
    Errc code = Errc::ERR_INTERNAL;
    for (std::size_t at = 0; at < echo.size(); at += cut) {
      const auto released = exchange->feed(as_bytes(std::string_view(echo).substr(at, cut)));
      if (!released) {
        code = released.error();
        break;
      }
      passed += as_text(*released);
    }
    REQUIRE(code == Errc::ERR_KEY_REFLECTED);
    REQUIRE(passed.find("sk-proj") == std::string::npos);
    REQUIRE(exchange->end().error() == Errc::ERR_KEY_REFLECTED);
  }
  auto exchange = post(kChat);
  CHECK(exchange->response(200, {{"x-request-id", std::string(kKey)}}).error() == Errc::ERR_KEY_REFLECTED);
  // Positive control: the same answer to another key's request passes.
  Session other(rng, Catalogue::builtin().value());
  Shelf others;
  const auto plan = other.plan_create(slot_fields(), slot_key(), 1000);
  REQUIRE(other.commit().ok());
  const auto added = other.plan_add("openai", "x", secret("sk-another-key-entirely"), 0);
  REQUIRE((plan.ok() && added.ok() && other.commit().ok()));
  auto passing = other.fetch(kChat, "POST", {}, CallerBody::whole(as_bytes("{}")), "", 0);
  REQUIRE(passing->response(200, kSse).ok());
  CHECK(as_text(*passing->feed(as_bytes(echo))) == echo);
}

TEST_CASE_METHOD(Fixture, "chat: the answer is read here, and what is no sound answer is an error") {
  make();
  const std::string id = add();
  const ChatMessage question{ChatMessage::Role::user, "hello"};
  const auto ask = [&] { return session.chat(id, "gpt-6-luna", {&question, 1}, 100, 3000); };
  const auto outcome = [&](std::string_view body, const Headers& headers) -> std::optional<Errc> {
    auto exchange = ask();
    REQUIRE(exchange.ok());
    REQUIRE(exchange->response(200, headers).ok());
    if (const auto fed = exchange->feed(as_bytes(body)); !fed) return fed.error();
    if (const auto ended = exchange->end(); !ended) return ended.error();
    return std::nullopt;
  };
  CHECK(outcome("data: {\"choices\":[{\"delta\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
                kSse) == std::nullopt);
  CHECK(outcome("data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n", kSse) == Errc::ERR_BAD_STREAM);  // cut
  CHECK(outcome("data: {not json}\n\n", kSse) == Errc::ERR_BAD_STREAM);
  CHECK(outcome("<html></html>", {{"content-type", "text/html"}}) == Errc::ERR_BAD_ANSWER);
  CHECK(outcome("data: " + std::string(10 << 20, 'x'), kSse) == Errc::ERR_LINE_TOO_LONG);
  CHECK(session.chat("nobody", "m", {&question, 1}, 100, 0).error() == Errc::ERR_NOT_FOUND);
  CHECK(session.chat(id, "", {&question, 1}, 100, 0).error() == Errc::ERR_BAD_INPUT);
  CHECK(session.chat(id, "m", {}, 100, 0).error() == Errc::ERR_BAD_INPUT);
}

TEST_CASE_METHOD(Fixture, "network: the error is the one the evidence shows, and never a bad key while offline") {
  make();
  const std::string id = add();
  const auto code = [&](NetworkEvidence evidence, bool head_first = false) {
    auto exchange = session.models(id, 0);
    if (head_first) REQUIRE(exchange->response(200, kSse).ok());
    return exchange->network_failed(evidence);
  };
  CHECK(code({.online = false, .probe_reached = true}) == Errc::ERR_OFFLINE);
  CHECK(code({.probe_reached = false}) == Errc::ERR_BLOCKED);
  CHECK(code({.probe_reached = true}) == Errc::ERR_BAD_KEY_LIKELY);  // OpenAI hides its 401
  CHECK(code({.blocked_by_policy = true}) == Errc::ERR_NOT_PERMITTED_BY_SITE);
  CHECK(code({.probe_reached = true}, true) == Errc::ERR_CONNECTION_CUT);
}
