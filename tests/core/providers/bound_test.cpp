#include "providers/bound.h"

#include <string>

#include "providers/feeding.h"

using namespace keyhold;

namespace {

/// The most tokens of the answer, or -1 if nobody can tell.
std::int64_t output_of(const std::string& body, bool answers = true) {
  const auto json = Json::parse(as_bytes(body));
  REQUIRE(json.ok());
  const auto bound = token_bound(json->root(), body.size(), answers);
  if (!bound) {
    CHECK(bound.error() == Errc::ERR_CAP_UNBOUNDED);
    return -1;
  }
  CHECK(bound->input == static_cast<std::int64_t>(body.size()) + 1024);
  return bound->output;
}

std::string with(const std::string& more) {
  return R"({"model":"m","messages":[{"role":"user","content":"hi"}],"max_tokens":100)" + more + "}";
}

}  // namespace

TEST_CASE("bound: the answer's length as each form says it, times the answers asked for") {
  CHECK(output_of(with("")) == 100);
  CHECK(output_of(R"({"model":"m","messages":[],"max_completion_tokens":7})") == 7);
  CHECK(output_of(R"({"model":"m","input":"hi","max_output_tokens":8})") == 8);
  CHECK(output_of(
            R"({"contents":[{"role":"user","parts":[{"text":"hi"}]}],"generationConfig":{"maxOutputTokens":9}})") == 9);
  CHECK(output_of(with(R"(,"n":3)")) == 300);
  CHECK(output_of(R"({"contents":[],"generationConfig":{"maxOutputTokens":9,"candidateCount":4}})") == 36);
  CHECK(output_of(with(R"(,"max_completion_tokens":200)")) == 200);
  CHECK(output_of(with(R"(,"n":null)")) == 100);
}

TEST_CASE("bound: without a length there is none, unless the model writes nothing") {
  CHECK(output_of(R"({"model":"m","messages":[]})") == -1);
  CHECK(output_of(R"({"model":"m","messages":[],"max_tokens":null})") == -1);
  CHECK(output_of(R"({"model":"m","messages":[],"max_tokens":0})") == -1);
  CHECK(output_of(R"({"model":"m","messages":[],"max_tokens":-5})") == -1);
  CHECK(output_of(R"({"model":"m","messages":[],"max_tokens":"9"})") == -1);
  CHECK(output_of(R"({"model":"m","messages":[],"max_tokens":4294967296})") == std::int64_t{1} << 32);
  CHECK(output_of(R"({"model":"m","messages":[],"max_tokens":4294967297})") == -1);
  CHECK(output_of(with(R"(,"n":129)")) == -1);
  CHECK(output_of(R"({"model":"m","input":["a","b"]})", false) == 0);
  CHECK(output_of("[]") == -1);
}

TEST_CASE("bound: what may cost more than the tokens of the body and the answer has none") {
  for (const char* more : {R"(,"previous_response_id":"r")",
                           R"(,"conversation":"c")",
                           R"(,"background":true)",
                           R"(,"models":["dear"])",
                           R"(,"plugins":[{"id":"web"}])",
                           R"(,"web_search_options":{})",
                           R"(,"search_parameters":{})",
                           R"(,"modalities":["audio"])",
                           R"(,"prediction":{"content":"x"})",
                           R"(,"service_tier":"priority")",
                           R"(,"service_tier":5)",
                           R"(,"cachedContent":"c")",
                           R"(,"nobody_knows":1)",
                           R"(,"best_of":5)",
                           R"(,"tools":[{"type":"web_search_20250305","name":"web_search"}])",
                           R"(,"tools":[{"googleSearch":{}}])",
                           R"(,"tools":[{"functionDeclarations":[],"googleSearch":{}}])",
                           R"(,"tools":[{"type":"code_interpreter"}])",
                           R"(,"tools":{"type":"function"})",
                           R"(,"generationConfig":{"responseModalities":["IMAGE"]})"}) {
    INFO(more);
    CHECK(output_of(with(more)) == -1);
  }
}

TEST_CASE("bound: what only steers the answer costs nothing") {
  for (const char* more :
       {R"(,"temperature":1,"top_p":0.5,"stop":["x"],"stream":true,"stream_options":{"include_usage":true})",
        R"(,"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}],"tool_choice":"auto")",
        R"(,"tools":[{"name":"f","input_schema":{"type":"object"}}])", R"(,"tools":[{"functionDeclarations":[{}]}])",
        R"(,"service_tier":"default","metadata":{"a":"b"},"user":"u","reasoning_effort":"low")",
        R"(,"previous_response_id":null,"response_format":{"type":"json_schema"},"system":"be brief")",
        R"(,"thinking":{"type":"enabled","budget_tokens":50},"systemInstruction":{"parts":[{"text":"x"}]})"}) {
    INFO(more);
    CHECK(output_of(with(more)) == 100);
  }
}

TEST_CASE("bound: content must be text, down to its last part") {
  const auto asked = [](const std::string& content) {
    return output_of(R"({"model":"m","max_tokens":5,"messages":[{"role":"user","content":)" + content + "}]}");
  };
  CHECK(asked(R"("text")") == 5);
  CHECK(asked("null") == 5);
  CHECK(asked(R"([{"type":"text","text":"a"},{"type":"text","text":"b"}])") == 5);
  CHECK(asked(R"([{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"a"}]}])") == 5);
  CHECK(asked(R"([{"type":"tool_use","id":"t","name":"n","input":{"type":"image"}}])") == 5);
  CHECK(asked(R"([{"type":"image_url","image_url":{"url":"data:"}}])") == -1);
  CHECK(asked(R"([{"type":"text","text":"a"},{"type":"document","source":{}}])") == -1);
  CHECK(asked(R"([{"type":"tool_result","content":[{"type":"image","source":{}}]}])") == -1);
  CHECK(asked(R"([{"type":["text"]}])") == -1);
  CHECK(output_of(R"({"max_output_tokens":5,"input":[{"type":"message","content":[{"type":"input_image"}]}]})") == -1);
  CHECK(output_of(R"({"max_output_tokens":5,"input":[{"type":"item_reference","id":"x"}]})") == -1);
  CHECK(output_of(R"({"max_tokens":5,"messages":[{"role":"assistant","audio":{"id":"a"}}]})") == -1);
  CHECK(output_of(R"({"contents":[{"parts":[{"inlineData":{}}]}],"generationConfig":{"maxOutputTokens":5}})") == -1);
  CHECK(output_of(R"({"contents":[{"parts":[{"fileData":{}}]}],"generationConfig":{"maxOutputTokens":5}})") == -1);
  CHECK(output_of(R"({"contents":{"parts":[{"text":"x"}]},"generationConfig":{"maxOutputTokens":5}})") == 5);
}
