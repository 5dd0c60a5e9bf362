#include "providers/request.h"

#include "providers/feeding.h"
#include "providers/multipart.h"
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
  return caller_request(found, target, headers, body ? CallerBody::whole(as_bytes(*body)) : CallerBody{});
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
                                  {});
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
  CHECK(refusal({{"content-type", "application/json"}, {"Content-Type", "application/json"}}) == Errc::ERR_BAD_REQUEST);
  const auto get = [](std::optional<std::string_view> body) {
    return outgoing("https://api.openai.com/v1/models", {{"content-type", "text/plain"}}, body, Method::get);
  };
  CHECK(get(std::nullopt).ok());
  CHECK(get("").ok());
  CHECK(get("{}").error() == Errc::ERR_BAD_REQUEST);
}

TEST_CASE("request: POST and DELETE may have a body, and need none") {
  for (const auto& none : {std::optional<std::string_view>(), std::optional<std::string_view>("")}) {
    const auto out = outgoing(kOpenAi, {{"content-type", "application/json"}}, none);
    REQUIRE(out.ok());
    CHECK_FALSE(out->body.has_value());
    CHECK(out->headers.empty());
  }
  const auto deleted = outgoing("https://api.openai.com/v1/responses/resp_1", {}, "{}", Method::del);
  REQUIRE(deleted.ok());
  CHECK(deleted->body == "{}");
}

TEST_CASE("request: a form passes byte for byte where files, pictures or sound are sent, and nowhere else") {
  const std::string form = "--b\r\ncontent-disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b--\r\n";
  const Headers type = {{"Content-Type", "multipart/form-data; boundary=b"}};
  for (const char* url : {"https://api.openai.com/v1/files", "https://api.openai.com/v1/images/edits",
                          "https://api.openai.com/v1/audio/transcriptions"}) {
    const auto out = outgoing(url, type, form);
    REQUIRE(out.ok());
    CHECK(out->passes_body);
    CHECK_FALSE(out->body.has_value());
    CHECK(out->headers == Headers{{"content-type", "multipart/form-data; boundary=b"}});
    // The same calls take JSON, which is read as ever.
    CHECK(outgoing(url, {}, "{ }")->body == "{}");
    CHECK(outgoing(url, {{"content-type", "text/plain"}}, form).error() == Errc::ERR_BAD_REQUEST);
  }
  for (const char* url : {kOpenAi, "https://api.openai.com/v1/batches", "https://api.openai.com/v1/embeddings"}) {
    CHECK(outgoing(url, type, form).error() == Errc::ERR_BAD_REQUEST);
  }
  for (const auto& [other_type, body] : {std::pair<std::string, std::string>{"multipart/form-data", form},
                                         {"multipart/form-data; boundary=c", form},
                                         {"multipart/form-data; boundary=b", form + "x"},
                                         {"multipart/form-data; boundary=b", "x" + form},
                                         {"multipart/mixed; boundary=b", form}}) {
    CAPTURE(other_type, body);
    CHECK(outgoing("https://api.openai.com/v1/files", {{"content-type", other_type}}, body).error() ==
          Errc::ERR_BAD_REQUEST);
  }
}

TEST_CASE("request: of a large body only the ends are seen") {
  const TargetUrl url = TargetUrl::parse("https://api.openai.com/v1/files").value();
  const Match found = builtin().match(Method::post, url).value();
  const auto begin = as_bytes("--b\r\nx");
  const auto end = as_bytes("x\r\n--b--");
  const auto sent = [&](const char* type, std::uint64_t size) {
    return caller_request(found, url, {{"content-type", type}}, {size, begin, end});
  };
  constexpr const char* kForm = "multipart/form-data; boundary=b";
  CHECK(sent(kForm, kMaxUploadBytes)->passes_body);
  CHECK(sent(kForm, kMaxUploadBytes + 1).error() == Errc::ERR_TOO_LARGE);
  // What is to be read must be there.
  CHECK(sent("application/json", 1000).error() == Errc::ERR_BAD_REQUEST);
}

TEST_CASE("request: the bytes of a file go out as they are, whatever they say they are, where a call takes bytes") {
  constexpr const char* kUpload = "https://generativelanguage.googleapis.com/upload/v1beta/files?upload_id=a";
  const auto out = outgoing(kUpload, {{"content-type", "application/json"}, {"X-Goog-Upload-Offset", "0"}}, "\xff not");
  REQUIRE(out.ok());
  CHECK(out->passes_body);
  CHECK(out->headers == Headers{{"x-goog-upload-offset", "0"}, {"content-type", "application/json"}});
  const auto untyped = outgoing(kUpload, {}, "x");
  REQUIRE(untyped.ok());
  CHECK(untyped->headers.empty());
}

TEST_CASE("form: the boundary is the one that RFC 2046 allows, and the type's only parameter") {
  CHECK(form_boundary("multipart/form-data; boundary=----WebKitFormBoundaryX1") == "----WebKitFormBoundaryX1");
  CHECK(form_boundary("Multipart/Form-Data ;\tBoundary=a") == "a");
  CHECK(form_boundary("multipart/form-data; boundary=\"a b:c\"") == "a b:c");
  const std::string longest(kMaxBoundary, 'a');
  CHECK(form_boundary("multipart/form-data; boundary=" + longest) == longest);
  for (const std::string& type :
       {std::string("multipart/form-data"), std::string("multipart/form-data;"),
        std::string("multipart/form-data; boundary="), std::string("multipart/form-data; boundary=\"\""),
        std::string("multipart/form-data; boundary=a b"), std::string("multipart/form-data; boundary=a;b=c"),
        std::string("multipart/form-data; boundary=\"a\"; b=c"), std::string("multipart/form-data; boundary=\"a "),
        std::string("multipart/form-data; boundary=\"a \""), std::string("multipart/form-data; boundary=a%"),
        std::string("multipart/form-data; charset=a; boundary=a"), std::string("multipart/form-datax; boundary=a"),
        std::string("multipart/mixed; boundary=a"), "multipart/form-data; boundary=" + longest + "a"}) {
    CAPTURE(type);
    CHECK_FALSE(form_boundary(type).has_value());
  }
}

TEST_CASE("form: a body begins and ends with its boundary") {
  const auto is = [](std::string_view body) { return is_form("b", as_bytes(body), as_bytes(body)); };
  for (const char* form : {"--b\r\n\r\n--b--", "--b\r\nx\r\n--b--\r\n", "--b--", "--b--\r\n"}) {
    CAPTURE(form);
    CHECK(is(form));
  }
  for (const char* other : {"", "--", "--b", "--b\r\n", "--b-", "--b--x", "--b\nx\n--b--", "--b\r\n--b--\r\n\r\n",
                            "--bb\r\nx\r\n--bb--", "x--b\r\nx\r\n--b--", "--b\r\nx--b--"}) {
    CAPTURE(other);
    CHECK_FALSE(is(other));
  }
  CHECK_FALSE(is_form("b", as_bytes("--b--\r\n"), as_bytes("x\r\n--b--")));
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
                                    {"Anthropic-Workspace-Id", "ws-1"},
                                    {"Content-Length", "0"},
                                    {"Cache-Control", "no-cache"},
                                    {"X-Goog-Upload-URL", "https://upload.example/?upload_id=1"},
                                    {"x-powered-by", "y"},
                                    {"request-id", "req_1"},
                                    {"openai-processing-ms", "12"},
                                    {"retry-after", "2"},
                                    {"x-echo", "sk-12345678"}},
                                   &watch);
  REQUIRE(seen.ok());
  CHECK(*seen == Headers{{"content-type", "text/event-stream"},
                         {"x-ratelimit-remaining-requests", "9"},
                         {"anthropic-ratelimit-tokens-reset", "2026-11-23T00:00:00Z"},
                         {"openai-organization", "org-1"},
                         {"anthropic-workspace-id", "ws-1"},
                         {"content-length", "0"},
                         {"cache-control", "no-cache"},
                         {"x-goog-upload-url", "https://upload.example/?upload_id=1"},
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
