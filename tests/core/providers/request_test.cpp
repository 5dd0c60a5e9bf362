#include "providers/request.h"

#include "providers/feeding.h"
#include "providers/own_request.h"

using namespace keyhold;
using namespace keyhold::test;

namespace {

constexpr const char* kOpenAi = "https://api.openai.com/v1/chat/completions";
constexpr const char* kAnthropic = "https://api.anthropic.com/v1/messages";
constexpr const char* kMistral = "https://api.mistral.ai/v1/chat/completions";
constexpr const char* kBody = R"({"model":"m","messages":[]})";

Result<Outgoing> outgoing(std::string_view url, const Headers& headers, std::optional<std::string_view> body = kBody,
                          Method method = Method::post) {
  const TargetUrl target = TargetUrl::parse(url).value();
  const Match found = builtin().match(method, target).value();
  return caller_request(found, target, headers, body ? std::optional(as_bytes(*body)) : std::nullopt);
}

Errc refusal(const Headers& headers, std::optional<std::string_view> body = kBody) {
  const auto out = outgoing(kOpenAi, headers, body);
  REQUIRE_FALSE(out.ok());
  return out.error();
}

}  // namespace

TEST_CASE("request: only listed headers of a caller go out, lower-case, with what the provider requires") {
  const auto out = outgoing(kOpenAi, {{"Authorization", "Bearer theirs"},
                                      {"X-Api-Key", "theirs"},
                                      {"Cookie", "a=b"},
                                      {"Accept", "text/event-stream"},
                                      {"Content-Type", "application/json; charset=utf-8"},
                                      {"Content-Length", "999"},
                                      {"OpenAI-Beta", "x=v1"},
                                      {"x-stainless-lang", "js"},
                                      {"User-Agent", "sdk"},
                                      {"X-HTTP-Method-Override", "DELETE"},
                                      {"X-Forwarded-For", "1.2.3.4"}});
  REQUIRE(out.ok());
  CHECK(out->headers ==
        Headers{{"accept", "text/event-stream"}, {"openai-beta", "x=v1"}, {"content-type", "application/json"}});
  CHECK(out->url == kOpenAi);
  CHECK(out->method == Method::post);
}

TEST_CASE("request: a static allow-list keeps out what its preflight would fail on") {
  const auto out = outgoing(kMistral, {{"openai-beta", "x"}, {"x-stainless-os", "y"}, {"idempotency-key", "z"}});
  REQUIRE(out.ok());
  CHECK(out->headers == Headers{{"content-type", "application/json"}});
}

TEST_CASE("request: required headers are added unless the caller may and does set them") {
  const auto without = outgoing(kAnthropic, {{"anthropic-dangerous-direct-browser-access", "false"}});
  REQUIRE(without.ok());
  CHECK(without->headers == Headers{{"anthropic-version", "2023-06-01"},
                                    {"anthropic-dangerous-direct-browser-access", "true"},
                                    {"content-type", "application/json"}});
  const auto with = outgoing(kAnthropic, {{"Anthropic-Version", "2027-01-01"}, {"anthropic-beta", "b"}});
  REQUIRE(with.ok());
  CHECK(with->headers == Headers{{"anthropic-version", "2027-01-01"},
                                 {"anthropic-beta", "b"},
                                 {"anthropic-dangerous-direct-browser-access", "true"},
                                 {"content-type", "application/json"}});
}

TEST_CASE("request: credentials never pass, whatever a profile lists") {
  const auto catalogue = catalogue_of(
      R"({"id":"a","name":"A","base":"https://a.example/","auth":{"header":"x-own-key"},
          "cors":{"headers":["authorization","cookie","x-api-key","x-own-key","x-stainless-lang","sec-a","x-fine"]}})");
  REQUIRE(catalogue.ok());
  const TargetUrl url = TargetUrl::parse("https://a.example/models").value();
  const Match found = catalogue->match(Method::get, url).value();
  const auto out = caller_request(found, url,
                                  {{"authorization", "a"},
                                   {"cookie", "b"},
                                   {"X-Api-Key", "c"},
                                   {"x-own-key", "d"},
                                   {"x-stainless-lang", "e"},
                                   {"sec-a", "f"},
                                   {"x-fine", "g"}},
                                  std::nullopt);
  REQUIRE(out.ok());
  CHECK(out->headers == Headers{{"x-fine", "g"}});
  CHECK_FALSE(out->body.has_value());
}

TEST_CASE("request: header text that could split a request is refused, also in a header that would be dropped") {
  for (const auto& header : {std::pair<std::string, std::string>{"x", "a\r\nb: c"},
                             {"x", "a\nb"},
                             {"x", "a\rb"},
                             {"x", std::string("a\0b", 3)},
                             {"x", "\x7f"},
                             {"x", "\xc3\xa9"},
                             {"x\r\ny", "a"},
                             {"x y", "a"},
                             {"", "a"},
                             {"x:", "a"},
                             {std::string("x\0", 2), "a"},
                             {"h\xc3\xa9", "a"}}) {
    CHECK(refusal({header}) == Errc::ERR_BAD_REQUEST);
  }
  CHECK(outgoing(kOpenAi, {{"x", "tab\tand ~"}}).ok());
}

TEST_CASE("request: headers are bounded in number and size, exactly") {
  const auto many = [](std::size_t count) { return Headers(count, {"accept", "a"}); };
  CHECK(outgoing(kOpenAi, many(kMaxHeaders)).ok());
  CHECK(refusal(many(kMaxHeaders + 1)) == Errc::ERR_BAD_REQUEST);
  CHECK(outgoing(kOpenAi, {{"accept", std::string(kMaxHeaderValue, 'a')}}).ok());
  CHECK(refusal({{"accept", std::string(kMaxHeaderValue + 1, 'a')}}) == Errc::ERR_BAD_REQUEST);
  CHECK(outgoing(kOpenAi, {{std::string(kMaxHeaderName, 'a'), ""}}).ok());
  CHECK(refusal({{std::string(kMaxHeaderName + 1, 'a'), ""}}) == Errc::ERR_BAD_REQUEST);
}

TEST_CASE("request: a JSON body goes out as it was understood") {
  const auto out = outgoing(kOpenAi, {}, "  {\"model\" : \"m\",\n\"n\":1.5, \"x\":\"\\u0041\\/\"} ");
  REQUIRE(out.ok());
  CHECK(out->body == R"({"model":"m","n":1.5,"x":"A/"})");
  for (const char* body : {"{\"a\":1,\"a\":2}", "{", "not json", "{\"a\":1}{}", "\xff"}) {
    CAPTURE(body);
    CHECK(refusal({}, body) == Errc::ERR_BAD_JSON);
  }
}

TEST_CASE("request: usage is asked for where it must be and was not") {
  const auto sent = [](std::string_view url, std::string_view body) { return *outgoing(url, {}, body); };
  const auto asked = R"("stream_options":{"include_usage":true})";
  const Outgoing injected = sent(kOpenAi, R"({"stream":true,"model":"m"})");
  CHECK(injected.usage_injected);
  CHECK(injected.body == R"({"model":"m","stream":true,)" + std::string(asked) + "}");
  CHECK(injected.model == "m");
  const Outgoing added = sent(kOpenAi, R"({"stream":true,"stream_options":{"include_usage":false,"x":[1]}})");
  CHECK(added.usage_injected);
  CHECK(added.body == R"({"stream":true,"stream_options":{"x":[1],"include_usage":true}})");
  CHECK(sent(kOpenAi, R"({"stream":true,"stream_options":null})").usage_injected);

  for (const char* body : {R"({"model":"m"})", R"({"stream":false})", R"({"stream":"true"})",
                           R"({"stream":true,"stream_options":{"include_usage":true}})"}) {
    CAPTURE(body);
    const Outgoing left = sent(kOpenAi, body);
    CHECK_FALSE(left.usage_injected);
    CHECK(left.body == Json::parse(as_bytes(body)).value().root().dump());
  }
  // Of another form, not a chat, or at a provider that says it unasked.
  const char* streamed = R"({"model":"m","stream":true})";
  CHECK_FALSE(sent("https://api.openai.com/v1/responses", streamed).usage_injected);
  CHECK_FALSE(sent("https://api.openai.com/v1/images/generations", streamed).usage_injected);
  CHECK_FALSE(sent(kAnthropic, streamed).usage_injected);
  CHECK_FALSE(sent(kMistral, streamed).usage_injected);
}

TEST_CASE("request: which model is asked is known from the path, else from the body") {
  CHECK(outgoing(kAnthropic, {}, R"({"model":"claude"})")->model == "claude");
  CHECK(outgoing("https://generativelanguage.googleapis.com/v1beta/models/g:generateContent", {}, R"({"model":"x"})")
            ->model == "g");
  CHECK(outgoing(kOpenAi, {}, R"({"model":7})")->model.empty());
  CHECK(outgoing(kOpenAi, {}, R"({"model":")" + std::string(kMaxModelName + 1, 'm') + R"("})")->model.empty());
}

TEST_CASE("request: bodies of other kinds are refused") {
  CHECK(refusal({{"Content-Encoding", "gzip"}}) == Errc::ERR_BAD_REQUEST);
  CHECK(refusal({{"content-encoding", "identity"}}) == Errc::ERR_BAD_REQUEST);
  for (const char* type : {"text/plain", "multipart/form-data; boundary=x", "application/jsonx", ""}) {
    CAPTURE(type);
    CHECK(refusal({{"content-type", type}}) == Errc::ERR_BAD_REQUEST);
  }
  CHECK(outgoing(kOpenAi, {{"content-type", "Application/JSON ;charset=utf-8"}}).ok());
  CHECK(refusal({}, std::nullopt) == Errc::ERR_BAD_REQUEST);
  CHECK(refusal({}, "") == Errc::ERR_BAD_REQUEST);
  const auto get = [](std::optional<std::string_view> body) {
    return outgoing("https://api.openai.com/v1/models", {{"content-type", "text/plain"}}, body, Method::get);
  };
  CHECK(get(std::nullopt).ok());
  CHECK(get("").ok());
  CHECK(get("{}").error() == Errc::ERR_BAD_REQUEST);
}

TEST_CASE("request: a body is bounded, exactly") {
  const auto of_size = [](std::size_t size) { return "{}" + std::string(size - 2, ' '); };
  CHECK(outgoing(kOpenAi, {}, of_size(kMaxBodyBytes)).ok());
  CHECK(refusal({}, of_size(kMaxBodyBytes + 1)) == Errc::ERR_TOO_LARGE);
}

TEST_CASE("request: the credential is prefix and key, nothing else") {
  CHECK(text_of(auth_value(*provider("openai"), secret("sk-12345678"))) == "Bearer sk-12345678");
  CHECK(text_of(auth_value(*provider("anthropic"), secret("sk-ant-1"))) == "sk-ant-1");
}

TEST_CASE("answer headers: an allow-list, never cookies, never the key") {
  const ReflectionScanner watch(secret("sk-12345678"));
  const auto seen = caller_headers({{"Content-Type", "text/event-stream"},
                                    {"Set-Cookie", "session=1"},
                                    {"X-RateLimit-Remaining-Requests", "9"},
                                    {"anthropic-ratelimit-tokens-reset", "2026-11-23T00:00:00Z"},
                                    {"openai-organization", "org-1"},
                                    {"request-id", "req_1"},
                                    {"openai-processing-ms", "12"},
                                    {"retry-after", "2"},
                                    {"x-echo", "sk-12345678"}},
                                   &watch);
  REQUIRE(seen.ok());
  CHECK(*seen == Headers{{"content-type", "text/event-stream"},
                         {"x-ratelimit-remaining-requests", "9"},
                         {"anthropic-ratelimit-tokens-reset", "2026-11-23T00:00:00Z"},
                         {"request-id", "req_1"},
                         {"openai-processing-ms", "12"},
                         {"retry-after", "2"}});
  for (const auto& header : {std::pair<std::string, std::string>{"request-id", "x sk-12345678 y"},
                             {"x-ratelimit-sk-12345678", "1"},
                             {"content-type", "c2stMTIzNDU2Nzg="}}) {
    CHECK(caller_headers({header}, &watch).error() == Errc::ERR_KEY_REFLECTED);
    CHECK(caller_headers({header}, nullptr).ok());
  }
}

TEST_CASE("own request: checks and lists go where the catalogue says") {
  CHECK(check_request(*provider("openai")).url == "https://api.openai.com/v1/models");
  CHECK(check_request(*provider("openrouter")).url == "https://openrouter.ai/api/v1/key");
  CHECK(check_request(*provider("xai")).url == "https://api.x.ai/v1/api-key");
  const Outgoing anthropic = check_request(*provider("anthropic"));
  CHECK(anthropic.url == "https://api.anthropic.com/v1/models?limit=1");
  CHECK(anthropic.method == Method::get);
  CHECK(anthropic.headers.size() == 2);
  CHECK(models_request(*provider("google")).url ==
        "https://generativelanguage.googleapis.com/v1beta/models?pageSize=1000");
  CHECK(probe_url(*provider("deepseek")) == "https://api.deepseek.com/user/balance");
  CHECK(anthropic.body == std::nullopt);
  // Where every list is public: a question to a model that nobody has.
  const Outgoing perplexity = check_request(*provider("perplexity"));
  CHECK(perplexity.method == Method::post);
  CHECK(perplexity.url == "https://api.perplexity.ai/v1/responses");
  CHECK(perplexity.body == R"({"input":"x","model":"keyhold/key-check"})");
  CHECK(perplexity.headers == Headers{{"content-type", "application/json"}});
  CHECK(check_request(*provider("cohere")).url == "https://api.cohere.com/v1/models?page_size=1");
}

TEST_CASE("own request: a question goes where calls may go") {
  const std::vector<ChatMessage> messages = {{ChatMessage::Role::user, "Hi"}};
  for (const ProviderRef& any : builtin().all()) {
    if (!any->usable()) continue;
    CAPTURE(any->id);
    const auto out = chat_request(*any, "some-model", messages, 100);
    REQUIRE(out.ok());
    CHECK(out->body.has_value());
    CHECK(out->headers.back() == std::pair<std::string, std::string>{"content-type", "application/json"});
    const auto allowed = match(builtin(), out->method, out->url);
    REQUIRE(allowed.ok());
    CHECK(allowed->provider == any);
    CHECK(allowed->call->wire == any->wire);
    CHECK(match(builtin(), Method::get, models_request(*any).url).ok() == true);
  }
  CHECK(chat_request(*provider("google"), "../x", messages, 100).error() == Errc::ERR_BAD_INPUT);
}
