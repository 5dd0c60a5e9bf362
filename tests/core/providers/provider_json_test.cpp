#include "providers/provider_json.h"

#include <tuple>

#include "providers/catalogue_entries.h"

using namespace keyhold;
using namespace keyhold::test;

TEST_CASE("catalogue: an entry needs three fields, the rest is as usual for its wire") {
  const auto read = catalogue_of(entry("") + "," + entry(R"("wire":"anthropic")", "b", "https://b.example/") + "," +
                                 entry(R"("wire":"gemini")", "c", "https://c.example/"));
  REQUIRE(read.ok());
  const ProviderRef openai = read->find("a");
  CHECK(openai->wire == Wire::openai_chat);
  CHECK(openai->auth.header == "authorization");
  CHECK(openai->check.path == "models");
  CHECK(openai->chat.max_tokens_field == "max_tokens");
  CHECK(openai->chat.ask_usage);
  CHECK(outcome(*read, Method::post, "https://a.example/v1/chat/completions") == "a chat/completions");
  CHECK(match(*read, Method::post, "https://a.example/v1/audio/transcriptions")->call->takes_form());
  CHECK(outcome(*read, Method::post, "https://b.example/messages") == "b messages");
  CHECK(read->find("b")->required_headers.size() == 2);
  CHECK(outcome(*read, Method::post, "https://c.example/models/m:generateContent?alt=sse") ==
        "c models/{model}:generateContent");
}

TEST_CASE("catalogue: an entry like another is as that one, but for what it says") {
  const std::string first = R"("auth":{"header":"x-k"},"cors":{"opaque_401":true},"key_prefixes":["p-"],)"
                            R"("rules":[{"status":403,"code":"ERR_REGION"}],"example_base":true)";
  const auto read = catalogue_of(
      entry(first) + "," +
      entry(R"("like":"a","rules":[{"status":404,"code":"ERR_NO_CREDIT"}])", "b", "https://b.example/v1/"));
  REQUIRE(read.ok());
  const ProviderRef other = read->find("b");
  CHECK(other->like == "a");
  CHECK(other->auth.header == "x-k");
  CHECK(other->cors.opaque_401);
  CHECK(other->key_prefixes == read->find("a")->key_prefixes);
  CHECK(other->usable());  // its base is its own
  REQUIRE(other->rules.size() == 1);
  CHECK(other->rules[0].status == 404);
  CHECK(outcome(*read, Method::post, "https://b.example/v1/chat/completions") == "b chat/completions");
  CHECK(outcome(*read, Method::post, "https://a.example/v1/chat/completions") == "ERR_UNKNOWN_ENDPOINT");
  // Only what stands before it, or is built in.
  CHECK(refusal(entry(R"("like":"b")") + "," + entry("", "b", "https://b.example/")) == Errc::ERR_BAD_JSON);
  CHECK(refusal(entry(R"("like":"a")")) == Errc::ERR_BAD_JSON);
  CHECK(refusal(entry("") + "," + entry(R"("like":"a","wire":"gemini")", "b", "https://b.example/")) ==
        Errc::ERR_BAD_JSON);
  Catalogue with_site = Catalogue::builtin().value();
  const Json site = Json::parse(as_bytes("[" + entry(R"("like":"anthropic")") + "]")).value();
  REQUIRE(with_site.add_site(site.root()).ok());
  CHECK(with_site.find("a")->auth.header == "x-api-key");
}

TEST_CASE("catalogue: what the schema does not allow is refused") {
  for (const char* more : {
           R"("colour":"red")",
           R"("wire":"morse")",
           R"("wire":null)",
           R"("steps":"one")",
           R"("steps":[1])",
           R"("steps":["a\u000ab"])",
           R"("auth":{})",
           R"("auth":{"header":"X-Key"})",
           R"("auth":{"header":"a b"})",
           R"("auth":{"header":"a","prefix":"b\u000d\u000ac"})",
           R"("auth":{"header":"a","x":1})",
           R"("headers":{"A":"b"})",
           R"("headers":{"a":1})",
           R"("headers":{"a":"\u0000"})",
           R"("headers":[])",
           R"("check":{"method":"GET"})",
           R"("check":{"method":"POST","path":"x"})",
           R"("check":{"path":"x","body":{}})",
           R"("check":{"method":"POST","path":"x","body":[]})",
           R"("check":{"method":"POST","path":"x","body":"{}"})",
           R"("browser":"maybe")",
           R"("browser":true)",
           R"("browser_note":"why")",
           R"("like":"nobody")",
           R"("like":7)",
           R"("example_base":1)",
           R"("also":[{"method":"GET","path":"../a","class":"infer"}])",
           R"("check":{"method":"PUT","path":"x"})",
           R"("check":{"method":"GET","path":"../x"})",
           R"("check":{"method":"GET","path":"/x"})",
           R"("check":{"method":"GET","path":"x y"})",
           R"("check":{"method":"GET","path":"x#y"})",
           R"("chat":{"ask_usage":1})",
           R"("chat":{"stream":true})",
           R"("rules":{})",
           R"("rules":[{}])",
           R"("rules":[{"code":"ERR_BAD_KEY"}])",
           R"("rules":[{"status":401,"code":"ERR_LOCKED"}])",
           R"("rules":[{"status":199,"code":"ERR_BAD_KEY"}])",
           R"("rules":[{"status":600,"code":"ERR_BAD_KEY"}])",
           R"("rules":[{"status":401,"field":"a","code":"ERR_BAD_KEY"}])",
           R"("rules":[{"status":401,"equals":"a","code":"ERR_BAD_KEY"}])",
           R"("rules":[{"status":401,"field":"a","equals":"b","contains":"c","code":"ERR_BAD_KEY"}])",
           R"("rules":[{"status":401,"field":"a","equals":"","code":"ERR_BAD_KEY"}])",
           R"("calls":[{"method":"GET","path":"a"}])",
           R"("calls":[{"method":"GET","path":"a","class":"admin"}])",
           R"("calls":[{"method":"GET","path":"../a","class":"infer"}])",
           R"("calls":[{"method":"GET","path":"/","class":"infer"}])",
           R"("calls":[{"method":"GET","path":"//a","class":"infer"}])",
           R"("calls":[{"method":"GET","path":"{id}{model}","class":"infer"}])",
           R"("calls":[{"method":"GET","path":"a","class":"infer","bytes":1}])",
           R"("calls":[{"method":"GET","path":"a","class":"infer","wire":"x"}])",
           R"("query":[""])",
           R"("beside":["v1/"])",
           R"("beside":["/v1"])",
           R"("beside":["/"])",
           R"("beside":["/{id}/"])",
           R"("beside":["/../"])",
           R"("cors":{"reflects":"yes"})",
           R"("cors":{"headers":["A"]})",
           R"("cors":{"expose":[]})",
           R"("key_optional":1)",
           R"("console_url":"http://a.example/")",
           R"("console_url":"javascript:alert")",
           R"("docs_url":"https://a.example/<x>")",
           R"("suggested_model":"a b")",
           R"("suggested_model":"")",
       }) {
    CAPTURE(more);
    CHECK(refusal(entry(more)) == Errc::ERR_BAD_JSON);
  }
  CHECK(refusal(entry("", "A")) == Errc::ERR_BAD_JSON);
  CHECK(refusal(entry("", "")) == Errc::ERR_BAD_JSON);
  CHECK(refusal(R"({"id":"a","name":"A"})") == Errc::ERR_BAD_JSON);
  for (const char* base :
       {"https://A.example/", "https://a.example", "https://a.example:443/", "http://a.example/", ""}) {
    CAPTURE(base);
    CHECK(refusal(entry("", "a", base)) == Errc::ERR_BAD_JSON);
  }
  CHECK_FALSE(Catalogue::parse(as_bytes(R"({"format":2,"made":"2026-11-23","providers":[]})")).ok());
  CHECK_FALSE(Catalogue::parse(as_bytes(R"({"format":1,"providers":[]})")).ok());
  CHECK_FALSE(Catalogue::parse(as_bytes(R"({"format":1,"made":"yesterday!","providers":[]})")).ok());
  CHECK_FALSE(Catalogue::parse(as_bytes(R"({"format":1,"made":"2026-11-23","providers":[],"more":1})")).ok());
}

TEST_CASE("catalogue: no two providers share an id or an address") {
  CHECK(refusal(entry("") + "," + entry("", "a", "https://b.example/")) == Errc::ERR_BAD_JSON);
  CHECK(refusal(entry("") + "," + entry("", "b")) == Errc::ERR_BAD_JSON);
  CHECK(refusal(entry("") + "," + entry("", "b", "https://a.example/")) == Errc::ERR_BAD_JSON);
  CHECK(catalogue_of(entry("") + "," + entry("", "b", "https://a.example/v2/")).ok());
}

TEST_CASE("catalogue: sizes are bounded, exactly") {
  const auto entries = [](std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
      if (i > 0) text += ",";
      text += entry("", "p" + std::to_string(i), "https://p" + std::to_string(i) + ".example/");
    }
    return text;
  };
  CHECK(catalogue_of(entries(Catalogue::kMaxProviders)).ok());
  CHECK(refusal(entries(Catalogue::kMaxProviders + 1)) == Errc::ERR_TOO_MANY);

  const auto list = [](const char* item, std::size_t count) {
    std::string text = "[";
    for (std::size_t i = 0; i < count; ++i) text += std::string(i > 0 ? "," : "") + item;
    return text + "]";
  };
  for (const auto& [field, item, most] :
       {std::tuple{"steps", R"("x")", kMaxSteps}, std::tuple{"key_prefixes", R"("x")", kMaxSteps},
        std::tuple{"query", R"("x")", kMaxListItems},
        std::tuple{"rules", R"({"status":401,"code":"ERR_BAD_KEY"})", kMaxListItems},
        std::tuple{"calls", R"({"method":"GET","path":"a","class":"infer"})", kMaxCalls},
        std::tuple{"also", R"({"method":"GET","path":"a","class":"infer"})", kMaxCalls}}) {
    const std::string start = "\"" + std::string(field) + "\":";
    CAPTURE(field);
    CHECK(catalogue_of(entry(start + list(item, most))).ok());
    CHECK(refusal(entry(start + list(item, most + 1))) == Errc::ERR_BAD_JSON);
  }
  CHECK(catalogue_of(entry("", std::string(kMaxProviderId, 'a'))).ok());
  CHECK(refusal(entry("", std::string(kMaxProviderId + 1, 'a'))) == Errc::ERR_BAD_JSON);
  const auto step = [](std::size_t size) { return R"("steps":[")" + std::string(size, 'x') + "\"]"; };
  CHECK(catalogue_of(entry(step(kMaxStepText))).ok());
  CHECK(refusal(entry(step(kMaxStepText + 1))) == Errc::ERR_BAD_JSON);
  CHECK(Catalogue::parse(as_bytes(std::string(Catalogue::kMaxBytes + 1, ' '))).error() == Errc::ERR_TOO_LARGE);
}
