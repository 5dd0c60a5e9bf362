#include "providers/diagnosis.h"

#include "providers/feeding.h"
#include "providers/retry_hint.h"

using namespace keyhold;
using namespace keyhold::test;

namespace {

std::optional<Problem> seen(const Provider& by, int status, std::string_view body, std::string_view retry_after = "") {
  return diagnose_answer(by, {status, "", as_bytes(body), retry_after});
}

std::optional<Problem> checked(const Provider& by, int status, std::string_view body) {
  return diagnose_check(by, {status, "", as_bytes(body), ""});
}

std::string code(const std::optional<Problem>& problem) { return problem ? std::string(name(problem->code)) : "ok"; }

Provider own(const char* base = "https://llm.example/v1/") { return custom_provider("c", "C", endpoint(base)); }

std::optional<int> hinted(std::string_view body) { return retry_hint(Json::parse(as_bytes(body)).value().root()); }

}  // namespace

TEST_CASE("diagnosis: each status has its meaning where no rule knows better") {
  for (const auto& [status, meaning] : {std::pair{200, "ok"},
                                        {204, "ok"},
                                        {299, "ok"},
                                        {400, "ERR_PROVIDER_REFUSED"},
                                        {401, "ERR_BAD_KEY"},
                                        {402, "ERR_NO_CREDIT"},
                                        {403, "ERR_NO_PERMISSION"},
                                        {404, "ERR_MODEL_NOT_FOUND"},
                                        {408, "ERR_TIMEOUT"},
                                        {409, "ERR_PROVIDER_REFUSED"},
                                        {413, "ERR_PROVIDER_REFUSED"},
                                        {422, "ERR_PROVIDER_REFUSED"},
                                        {429, "ERR_RATE_LIMITED"},
                                        {451, "ERR_REGION"},
                                        {498, "ERR_PROVIDER_DOWN"},
                                        {500, "ERR_PROVIDER_DOWN"},
                                        {502, "ERR_PROVIDER_DOWN"},
                                        {503, "ERR_PROVIDER_DOWN"},
                                        {529, "ERR_PROVIDER_DOWN"},
                                        {302, "ERR_PROVIDER_REFUSED"}}) {
    CAPTURE(status);
    for (const char* body : {"", "{}", "{\"error\":null}", "not json", "[1]"})
      CHECK(code(seen(own(), status, body)) == meaning);
  }
  CHECK(seen(own(), 429, "")->status == 429);
}

TEST_CASE("diagnosis: the words of an error say more than its status") {
  const auto error = [](const char* inside) { return "{\"error\":{" + std::string(inside) + "}}"; };
  CHECK(code(seen(own(), 429, error(R"("code":"insufficient_quota")"))) == "ERR_NO_CREDIT");
  CHECK(code(seen(own(), 400, error(R"("code":"model_not_found")"))) == "ERR_MODEL_NOT_FOUND");
  CHECK(code(seen(own(), 400, error(R"("code":"invalid_api_key")"))) == "ERR_BAD_KEY");
  CHECK(code(seen(own(), 401, R"({"type":"invalid_request_error","code":"wrong_api_key"})")) == "ERR_BAD_KEY");
  CHECK(code(seen(own(), 400, error(R"("type":"invalid_request_error","code":400)"))) == "ERR_PROVIDER_REFUSED");
  CHECK(code(seen(own(), 413, error(R"("code":"rate_limit_exceeded")"))) == "ERR_RATE_LIMITED");
}

TEST_CASE("diagnosis: the catalogue's rules, provider by provider") {
  struct Answer {
    const char* provider;
    int status;
    const char* body;
    const char* code;
  };
  for (
      const auto& [id, status, body, meaning] : {
          Answer{"openai", 401,
                 R"({"error":{"message":"You have insufficient permissions for this operation.","code":null}})",
                 "ERR_NO_PERMISSION"},
          Answer{"openai", 401, R"({"error":{"message":"IP not authorized"}})", "ERR_NO_PERMISSION"},
          Answer{"openai", 403, R"({"error":{"code":"unsupported_country_region_territory"}})", "ERR_REGION"},
          Answer{"openai", 429, R"({"error":{"type":"insufficient_quota","code":"project_spend_limit_exceeded"}})",
                 "ERR_NO_CREDIT"},
          Answer{"openai", 429, R"({"error":{"type":"tokens","code":"rate_limit_exceeded"}})", "ERR_RATE_LIMITED"},
          Answer{"openai", 400, R"({"error":{"message":"The requested model 'x' does not exist."}})",
                 "ERR_MODEL_NOT_FOUND"},
          Answer{"openai", 404, R"({"error":{"code":"model_not_found"}})", "ERR_MODEL_NOT_FOUND"},
          Answer{"openai", 503, R"({"error":{"code":"slow_down"}})", "ERR_PROVIDER_DOWN"},
          Answer{
              "anthropic", 401,
              R"({"type":"error","error":{"type":"authentication_error","message":"CORS requests are not allowed for this Organization because of its settings."}})",
              "ERR_BROWSER_FORBIDDEN"},
          Answer{"anthropic", 401,
                 R"({"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}})",
                 "ERR_BAD_KEY"},
          Answer{
              "anthropic", 400,
              R"({"error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the Anthropic API."}})",
              "ERR_NO_CREDIT"},
          Answer{"anthropic", 402, R"({"error":{"type":"billing_error"}})", "ERR_NO_CREDIT"},
          Answer{"anthropic", 403, R"({"error":{"type":"permission_error"}})", "ERR_NO_PERMISSION"},
          Answer{"anthropic", 529, R"({"error":{"type":"overloaded_error"}})", "ERR_PROVIDER_DOWN"},
          Answer{"google", 400,
                 R"({"error":{"status":"INVALID_ARGUMENT","details":[{"@type":"x"},{"reason":"API_KEY_INVALID"}]}})",
                 "ERR_BAD_KEY"},
          Answer{"google", 400, R"([{"error":{"details":[{"reason":"API_KEY_INVALID"}]}}])", "ERR_BAD_KEY"},
          Answer{"google", 401,
                 R"({"error":{"status":"UNAUTHENTICATED","details":[{"reason":"ACCESS_TOKEN_TYPE_UNSUPPORTED"}]}})",
                 "ERR_BAD_KEY"},
          Answer{
              "google", 400,
              R"({"error":{"status":"FAILED_PRECONDITION","message":"User location is not supported for the API use."}})",
              "ERR_REGION"},
          Answer{"google", 403,
                 R"({"error":{"status":"PERMISSION_DENIED","details":[{"reason":"API_KEY_HTTP_REFERRER_BLOCKED"}]}})",
                 "ERR_NO_PERMISSION"},
          Answer{"google", 429, R"({"error":{"status":"RESOURCE_EXHAUSTED"}})", "ERR_RATE_LIMITED"},
          Answer{"google", 503, R"({"error":{"status":"UNAVAILABLE"}})", "ERR_PROVIDER_DOWN"},
          Answer{"openrouter", 401, R"({"error":{"message":"User not found","code":401}})", "ERR_BAD_KEY"},
          Answer{"openrouter", 402, R"({"error":{"message":"Insufficient credits.","code":402}})", "ERR_NO_CREDIT"},
          Answer{"openrouter", 403, R"({"error":{"message":"flagged","code":403}})", "ERR_PROVIDER_REFUSED"},
          Answer{"mistral", 400,
                 R"({"object":"error","message":"Invalid model: x","type":"invalid_model","code":"1500"})",
                 "ERR_MODEL_NOT_FOUND"},
          Answer{"mistral", 422, R"({"detail":[{"type":"extra_forbidden"}]})", "ERR_PROVIDER_REFUSED"},
          Answer{"mistral", 429, R"({"message":"Rate limit exceeded","type":"rate_limited","code":"1300"})",
                 "ERR_RATE_LIMITED"},
          Answer{"groq", 404, R"({"error":{"code":"model_not_found"}})", "ERR_MODEL_NOT_FOUND"},
          Answer{"groq", 498, R"({"error":{"message":"capacity_exceeded"}})", "ERR_PROVIDER_DOWN"},
          Answer{
              "deepseek", 402,
              R"({"error":{"message":"Insufficient Balance","type":"unknown_error","code":"invalid_request_error"}})",
              "ERR_NO_CREDIT"},
          Answer{"xai", 400,
                 R"({"code":"Client specified an invalid argument","error":"Incorrect API key provided: xa***."})",
                 "ERR_BAD_KEY"},
          Answer{"xai", 400, R"({"code":"Client specified an invalid argument","error":"bad temperature"})",
                 "ERR_PROVIDER_REFUSED"},
          Answer{
              "xai", 403,
              R"({"code":"The caller does not have permission to execute the specified operation","error":"Your newly created team doesn't have any credits yet."})",
              "ERR_NO_CREDIT"},
          Answer{"xai", 403,
                 R"({"code":"The caller does not have permission to execute the specified operation","error":"no"})",
                 "ERR_NO_PERMISSION"},
          Answer{"xai", 429, R"({"error":"You have reached your monthly spending limit."})", "ERR_NO_CREDIT"},
          Answer{"azure-openai", 403, R"({"error":{"code":"AuthenticationTypeDisabled"}})", "ERR_NO_PERMISSION"},
          Answer{"together", 403, R"({"error":{"message":"prompt + max_tokens"}})", "ERR_PROVIDER_REFUSED"},
          Answer{"fireworks", 412, R"({"error":"suspended"})", "ERR_NO_PERMISSION"},
          Answer{"moonshot", 403, R"({"error":{"type":"exceeded_current_quota_error"}})", "ERR_NO_CREDIT"},
          Answer{"moonshot-cn", 401, R"({"error":{"type":"invalid_authentication_error"}})", "ERR_BAD_KEY"},
          Answer{"zai", 429, R"({"error":{"code":"1113","message":"Insufficient balance"}})", "ERR_NO_CREDIT"},
          Answer{"zai-cn", 429, R"({"error":{"code":"1302"}})", "ERR_RATE_LIMITED"},
          Answer{"zai-cn", 403, R"({"error":{"code":"1220"}})", "ERR_MODEL_NOT_FOUND"},
          Answer{"qwen-us", 400, R"({"error":{"message":"your account is in good standing."}})", "ERR_NO_CREDIT"},
          Answer{"llamacpp", 500, R"({"error":{"message":"Context size has been exceeded."}})", "ERR_PROVIDER_REFUSED"},
      }) {
    CAPTURE(id, status, body);
    CHECK(code(seen(*provider(id), status, body)) == meaning);
  }
}

TEST_CASE("diagnosis: a check is good only if the answer is JSON, and says nothing against the key") {
  CHECK(code(checked(*provider("openai"), 200, R"({"data":[]})")) == "ok");
  CHECK(code(checked(own(), 200, " [] ")) == "ok");
  for (const char* body : {"", "OK", "<!doctype html><title>Sign in</title>", "{", "{\"a\":1}x", "null", "\"ok\""}) {
    CAPTURE(body);
    CHECK(code(checked(*provider("openai"), 200, body)) == "ERR_BAD_ANSWER");
    CHECK(seen(*provider("openai"), 200, body) == std::nullopt);
  }
  CHECK(code(checked(*provider("deepseek"), 200, R"({"is_available":true})")) == "ok");
  CHECK(code(checked(*provider("deepseek"), 200, R"({"is_available":false})")) == "ERR_NO_CREDIT");
  CHECK(code(checked(*provider("xai"), 200, R"({"api_key_blocked":false,"api_key_disabled":true})")) == "ERR_BAD_KEY");
  CHECK(code(checked(*provider("xai"), 200, R"({"team_blocked":true})")) == "ERR_NO_PERMISSION");
  CHECK(seen(*provider("xai"), 200, R"({"team_blocked":true})") == std::nullopt);  // rules for 2xx are for checks
  CHECK(code(checked(*provider("zai"), 200, R"({"code":1002,"success":false})")) == "ERR_BAD_KEY");
  CHECK(code(checked(*provider("zai"), 200, R"({"code":"1000"})")) == "ERR_BAD_KEY");
  CHECK(code(checked(*provider("zai"), 200, R"({"code":1100})")) == "ok");
  CHECK(code(checked(*provider("groq"), 401, R"({"error":{"code":"invalid_api_key"}})")) == "ERR_BAD_KEY");
  CHECK(code(checked(own(), 404, R"({"error":"not found"})")) ==
        "ERR_BAD_ANSWER");  // a wrong address: no model was asked for
}

TEST_CASE("diagnosis: of a long body the beginning is enough") {
  const auto list = [](std::size_t size) {
    const std::string start = R"({"data":[")";
    return start + std::string(size - start.size() - 3, 'x') + "\"]}";
  };
  for (const std::size_t size :
       {kMaxDiagnosedBody - 1, kMaxDiagnosedBody, kMaxDiagnosedBody + 1, 4 * kMaxDiagnosedBody}) {
    CHECK(code(checked(own(), 200, list(size))) == "ok");
    CHECK(code(checked(own(), 200, "<" + list(size))) == "ERR_BAD_ANSWER");
    CHECK(code(seen(own(), 401, list(size))) == "ERR_BAD_KEY");
  }
}

TEST_CASE("diagnosis: a check that asks for a model nobody has finds a key good that is told so") {
  const auto checked = [](const char* id, int status, std::string_view body) {
    const auto problem = diagnose_check(*provider(id), {status, "", as_bytes(body), ""});
    return problem ? name(problem->code) : "ok";
  };
  for (const char* id : {"perplexity", "fireworks", "huggingface"}) {
    CAPTURE(id);
    CHECK(checked(id, 400, R"({"error":{"message":"The requested model does not exist","code":"model_not_found"}})") ==
          "ok");
    CHECK(checked(id, 404, R"({"error":"no such model"})") == "ok");
    CHECK(checked(id, 422, R"({"detail":[{"loc":["model"]}]})") == "ok");
    CHECK(checked(id, 200, R"({"id":"x"})") == "ok");
    CHECK(checked(id, 401, R"({"error":"Invalid credentials in Authorization header"})") == "ERR_BAD_KEY");
    CHECK(checked(id, 401, "<html><title>401 Authorization Required</title></html>") == "ERR_BAD_KEY");
    CHECK(checked(id, 402, R"({"error":"You have exceeded your monthly included credits"})") == "ERR_NO_CREDIT");
    CHECK(checked(id, 403, R"({"error":"no"})") == "ERR_NO_PERMISSION");
    CHECK(checked(id, 429, "{}") == "ERR_RATE_LIMITED");
    CHECK(checked(id, 500, "{}") == "ERR_PROVIDER_DOWN");
    CHECK(checked(id, 404, "<html>") == "ERR_BAD_ANSWER");
    CHECK(checked(id, 400, "not JSON") != "ok");
  }
  // Elsewhere nothing was asked for that could be missing.
  CHECK(checked("openai", 404, R"({"error":{"code":"model_not_found"}})") == "ERR_MODEL_NOT_FOUND");
}

TEST_CASE("diagnosis: a page for people in the place of an answer blames no key") {
  const char* page = "\n<html><body>403 Forbidden</body></html>";
  CHECK(code(seen(own(), 403, page)) == "ERR_BAD_ANSWER");
  CHECK(code(seen(own(), 404, page)) == "ERR_BAD_ANSWER");
  CHECK(code(seen(own(), 400, page)) == "ERR_BAD_ANSWER");
  CHECK(code(seen(own(), 401, page)) == "ERR_BAD_KEY");  // Perplexity answers so
  CHECK(code(seen(own(), 429, page)) == "ERR_RATE_LIMITED");
  CHECK(code(seen(own(), 502, page)) == "ERR_PROVIDER_DOWN");
}

TEST_CASE("diagnosis: how long to wait comes from the header, else from the body, and only where waiting helps") {
  const char* openai =
      R"({"error":{"message":"Rate limit reached. Please try again in 9.8s. Visit x","code":"rate_limit_exceeded"}})";
  CHECK(seen(*provider("openai"), 429, openai)->retry_after_s == 10);
  CHECK(seen(*provider("openai"), 429, openai, "3")->retry_after_s == 3);
  CHECK(seen(*provider("openai"), 429, openai, "Wed, 21 Oct 2026 07:28:00 GMT")->retry_after_s == 10);
  CHECK(seen(*provider("openai"), 503, "", "20")->retry_after_s == 20);
  CHECK(seen(*provider("openai"), 401, "", "20")->retry_after_s == std::nullopt);
  CHECK(seen(*provider("openai"), 429, R"({"error":{"type":"insufficient_quota"}})", "20")->retry_after_s ==
        std::nullopt);
  CHECK(seen(*provider("google"), 429, R"({"error":{"status":"RESOURCE_EXHAUSTED","details":[{"@type":"Help"},
      {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34.074824224s"}]}})")
            ->retry_after_s == 35);
}

TEST_CASE("retry hint: headers and texts are read exactly, rounded up, and bounded") {
  CHECK(retry_after("0") == 0);
  CHECK(retry_after("1.2") == 2);
  CHECK(retry_after("1.0000001") == 2);
  CHECK(retry_after("99999999999999999999") == kMaxRetryAfterS);
  CHECK(retry_after("6m0s") == 360);
  CHECK(retry_after("120ms") == 1);
  for (const char* header : {"", "-1", "soon", " 1", "1 ", "1.", ".5", "1e3"}) {
    CAPTURE(header);
    CHECK(retry_after(header) == std::nullopt);
  }
  const auto text = [](const char* time) {
    return hinted(R"({"error":{"message":"Please try again in )" + std::string(time) + "\"}}");
  };
  CHECK(text("120ms.") == 1);
  CHECK(text("0ms") == 0);
  CHECK(text("2s") == 2);
  CHECK(text("1m2.3s") == 63);
  CHECK(text("6m0s") == 360);
  CHECK(text("1h0m0.5s.") == 3601);
  CHECK(text("999h") == kMaxRetryAfterS);
  CHECK(text("a while") == std::nullopt);
  CHECK(text("5 minutes") == std::nullopt);
  CHECK(hinted(R"({"message":"Please try again in 5s"})") == 5);  // flat
  CHECK(hinted(R"({"error":"try again in 5s"})") == std::nullopt);
  CHECK(hinted(R"({"error":{"details":7,"message":7}})") == std::nullopt);
}

TEST_CASE("retry hint: of the headers, the one that asks to wait, else the reset of what is used up") {
  const Headers used_up = {{"x-ratelimit-remaining-requests", "7"},
                           {"x-ratelimit-reset-requests", "8h0m0s"},
                           {"x-ratelimit-reset-tokens", "1m2.3s"},
                           {"x-ratelimit-remaining-tokens", "0"}};
  CHECK(wait_asked(used_up) == "1m2.3s");
  Headers asked = used_up;
  asked.emplace_back("retry-after", "5");
  CHECK(wait_asked(asked) == "5");
  CHECK(wait_asked({{"x-ratelimit-remaining-tokens", "1"}, {"x-ratelimit-reset-tokens", "1s"}}).empty());
  CHECK(wait_asked({{"x-ratelimit-remaining-tokens", "0"}, {"x-ratelimit-reset-requests", "1s"}}).empty());
  CHECK(wait_asked({}).empty());
}

TEST_CASE("diagnosis: what a failed fetch means, from what was seen") {
  const Provider openai = *provider("openai");
  const Provider groq = *provider("groq");
  const Provider local = own("http://localhost:11434/v1/");
  const auto failed = [](const Provider& by, bool online, std::optional<bool> reached, bool policy = false,
                         bool begun = false) {
    return name(diagnose_network(by, {online, reached, policy, false, begun}));
  };
  CHECK(failed(openai, false, false) == "ERR_OFFLINE");
  CHECK(failed(openai, false, true, true, true) == "ERR_OFFLINE");  // offline is never called a bad key
  CHECK(failed(openai, true, true, true) == "ERR_NOT_PERMITTED_BY_SITE");
  CHECK(failed(openai, true, true) == "ERR_BAD_KEY_LIKELY");
  CHECK(failed(openai, true, std::nullopt) == "ERR_BLOCKED");  // nothing says that it was there
  CHECK(failed(openai, true, false) == "ERR_BLOCKED");
  CHECK(failed(groq, true, true) == "ERR_BLOCKED");
  CHECK(failed(groq, true, std::nullopt) == "ERR_BLOCKED");
  CHECK(failed(own(), true, true) == "ERR_NO_CORS");
  CHECK(failed(own(), true, false) == "ERR_BLOCKED");
  CHECK(failed(local, true, true) == "ERR_LOCAL_CORS");
  CHECK(failed(local, true, false) == "ERR_LOCAL_NOT_RUNNING");
  CHECK(failed(local, false, false) == "ERR_LOCAL_NOT_RUNNING");  // needs no network
  CHECK(failed(local, true, false, true) == "ERR_NOT_PERMITTED_BY_SITE");
  // One that is not known to let browsers in.
  CHECK(failed(*provider("qwen-cn"), true, true) == "ERR_NO_CORS");
  CHECK(failed(*provider("qwen-cn"), true, false) == "ERR_BLOCKED");
  // vLLM's answer to a wrong key cannot be read either.
  const Provider vllm = custom_provider("v", "V", endpoint("http://localhost:8000/v1/"), provider("vllm").get());
  CHECK(failed(vllm, true, true) == "ERR_BAD_KEY_LIKELY");
  CHECK(failed(vllm, true, false) == "ERR_LOCAL_NOT_RUNNING");
  CHECK(failed(vllm, true, std::nullopt) == "ERR_LOCAL_NOT_RUNNING");
  CHECK(failed(openai, true, true, false, true) == "ERR_CONNECTION_CUT");
  CHECK(failed(local, true, true, false, true) == "ERR_CONNECTION_CUT");
}

TEST_CASE("diagnosis: a browser that keeps the page from the local network is named only where nothing got through") {
  const auto withheld = [](const Provider& by, std::optional<bool> reached, bool policy = false) {
    return name(diagnose_network(by, {true, reached, policy, true, false}));
  };
  const Provider local = own("http://localhost:11434/v1/");
  CHECK(withheld(local, false) == "ERR_LOCAL_PERMISSION");
  CHECK(withheld(local, std::nullopt) == "ERR_LOCAL_PERMISSION");
  CHECK(withheld(local, true) == "ERR_LOCAL_CORS");
  CHECK(withheld(local, false, true) == "ERR_NOT_PERMITTED_BY_SITE");
  CHECK(withheld(own("https://192.168.1.7/v1/"), false) == "ERR_LOCAL_PERMISSION");
  CHECK(withheld(own("https://192.168.1.7/v1/"), true) == "ERR_NO_CORS");
}

TEST_CASE("diagnosis: a local server that hides its refusals is taken at its habit, if it is there") {
  Provider hiding = own("http://localhost:8000/v1/");
  hiding.cors.opaque_401 = true;
  CHECK(diagnose_network(hiding, {.probe_reached = true}) == Errc::ERR_BAD_KEY_LIKELY);
  CHECK(diagnose_network(hiding, {.probe_reached = false}) == Errc::ERR_LOCAL_NOT_RUNNING);
  CHECK(diagnose_network(hiding, {}) == Errc::ERR_LOCAL_NOT_RUNNING);
}

TEST_CASE("diagnosis: whatever was seen, no key is blamed while the device is offline") {
  for (const ProviderRef& by : builtin().all()) {
    if (by->base.is_loopback()) continue;
    for (int seen = 0; seen < 24; ++seen) {
      const std::optional<bool> reached = seen % 3 == 0 ? std::nullopt : std::optional(seen % 3 == 1);
      const NetworkEvidence evidence{false, reached, (seen / 3) % 2 == 1, (seen / 6) % 2 == 1, seen >= 12};
      CHECK(diagnose_network(*by, evidence) == Errc::ERR_OFFLINE);
    }
  }
}
