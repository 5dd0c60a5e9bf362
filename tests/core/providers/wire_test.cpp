// What is asked in each provider's form, and the lists of models they answer.
#include "providers/wire.h"

#include "providers/feeding.h"
#include "providers/usual.h"

using namespace keyhold;
using namespace keyhold::test;

namespace {

using Role = ChatMessage::Role;

const std::vector<ChatMessage> kMessages = {{Role::system, "Be brief."},
                                            {Role::user, "Hi \"you\""},
                                            {Role::assistant, "Hello"},
                                            {Role::system, "Be kind."},
                                            {Role::user, "Bye\n\xf0\x9f\x91\x8b"}};

/// As JSON is compared: whatever the order of members.
std::string in_order(std::string_view json) { return Json::parse(as_bytes(json)).value().root().dump(); }

std::vector<std::string> models(Wire wire, std::string_view body) { return parse_models(wire, as_bytes(body)).value(); }

}  // namespace

TEST_CASE("wire: a question in OpenAI's form") {
  CHECK(in_order(*chat_body(*provider("qwen"), "a/b", kMessages, 256)) ==
        in_order(R"({"model":"a/b","messages":[{"role":"system","content":"Be brief."},)"
                 R"({"role":"user","content":"Hi \"you\""},{"role":"assistant","content":"Hello"},)"
                 R"({"role":"system","content":"Be kind."},{"role":"user","content":"Bye\n)"
                 "\xf0\x9f\x91\x8b"
                 R"("}],"stream":true,"max_tokens":256,"stream_options":{"include_usage":true}})"));
  const std::vector<ChatMessage> hi = {{Role::user, "Hi"}};
  CHECK(in_order(*chat_body(*provider("openai"), "m", hi, 1)) ==
        in_order(R"({"model":"m","messages":[{"role":"user","content":"Hi"}],"stream":true,"max_completion_tokens":1,)"
                 R"("stream_options":{"include_usage":true}})"));
  CHECK(in_order(*chat_body(*provider("mistral"), "m", hi, 1)) ==
        in_order(R"({"model":"m","messages":[{"role":"user","content":"Hi"}],"stream":true,"max_tokens":1})"));
  CHECK(*chat_path(Wire::openai_chat, "any model/at all") == "chat/completions");
}

TEST_CASE("wire: a question in Anthropic's form puts system texts together") {
  CHECK(in_order(*chat_body(*provider("anthropic"), "m", kMessages, 256)) ==
        in_order(R"({"model":"m","max_tokens":256,"stream":true,"system":"Be brief.\n\nBe kind.",)"
                 R"("messages":[{"role":"user","content":"Hi \"you\""},{"role":"assistant","content":"Hello"},)"
                 R"({"role":"user","content":"Bye\n)"
                 "\xf0\x9f\x91\x8b"
                 R"("}]})"));
  CHECK(*chat_path(Wire::anthropic, "m") == "messages");
}

TEST_CASE("wire: a question in Gemini's form has the model in its path") {
  CHECK(
      in_order(*chat_body(*provider("google"), "m", kMessages, 256)) ==
      in_order(
          R"({"contents":[{"role":"user","parts":[{"text":"Hi \"you\""}]},{"role":"model","parts":[{"text":"Hello"}]},)"
          R"({"role":"user","parts":[{"text":"Bye\n)"
          "\xf0\x9f\x91\x8b"
          R"("}]}],"systemInstruction":{"parts":[{"text":"Be brief.\n\nBe kind."}]},)"
          R"("generationConfig":{"maxOutputTokens":256}})"));
  CHECK(*chat_path(Wire::gemini, "gemini-3.8-flash") == "models/gemini-3.8-flash:streamGenerateContent?alt=sse");
  CHECK(*chat_path(Wire::gemini, "models/gemini-3.8-flash") == "models/gemini-3.8-flash:streamGenerateContent?alt=sse");
  for (const char* model : {"", "models/", "a/b", "..", "models/..", "a:b", "a?b", "a%2fb", "a b", "a#b"}) {
    CAPTURE(model);
    CHECK(chat_path(Wire::gemini, model).error() == Errc::ERR_BAD_INPUT);
  }
}

TEST_CASE("wire: a question in each of the other forms") {
  const std::vector<ChatMessage> talk = {{Role::system, "Be brief."}, {Role::user, "Hi"}};
  const auto body = [&](Wire wire) {
    return in_order(*chat_body(usual_provider("a", "A", endpoint("https://a.example/"), wire), "m", talk, 9));
  };
  const std::string messages = R"([{"role":"system","content":"Be brief."},{"role":"user","content":"Hi"}])";
  // Nothing is to be kept at the provider.
  CHECK(body(Wire::openai_responses) ==
        in_order(R"({"model":"m","input":)" + messages + R"(,"stream":true,"store":false,"max_output_tokens":9})"));
  CHECK(body(Wire::cohere) == in_order(R"({"model":"m","messages":)" + messages + R"(,"stream":true,"max_tokens":9})"));
  CHECK(body(Wire::ollama) ==
        in_order(R"({"model":"m","messages":)" + messages + R"(,"stream":true,"options":{"num_predict":9}})"));
  CHECK(*chat_path(Wire::openai_responses, "a/b") == "responses");
  CHECK(*chat_path(Wire::cohere, "a") == "v2/chat");
  CHECK(*chat_path(Wire::ollama, "a:b") == "api/chat");
}

TEST_CASE("wire: a question is refused without a user's message or a sound model and bound") {
  const ProviderRef openai = provider("openai");
  const std::vector<ChatMessage> hi = {{Role::user, "Hi"}};
  const auto refusal = [&](std::string_view model, std::span<const ChatMessage> messages, std::int64_t most) {
    const auto body = chat_body(*openai, model, messages, most);
    REQUIRE_FALSE(body.ok());
    return body.error();
  };
  const std::vector<ChatMessage> system = {{Role::system, "Hi"}};
  CHECK(refusal("m", {}, 1) == Errc::ERR_BAD_INPUT);
  CHECK(refusal("m", system, 1) == Errc::ERR_BAD_INPUT);
  CHECK(refusal("", hi, 1) == Errc::ERR_BAD_INPUT);
  CHECK(refusal("a\nb", hi, 1) == Errc::ERR_BAD_INPUT);
  CHECK(refusal("m", hi, 0) == Errc::ERR_BAD_INPUT);
  CHECK(refusal("m", hi, kMaxMaxTokens + 1) == Errc::ERR_BAD_INPUT);
  CHECK(chat_body(*openai, "m", hi, kMaxMaxTokens).ok());
  CHECK(chat_body(*openai, std::string(kMaxModelName, 'm'), hi, 1).ok());
  CHECK(refusal(std::string(kMaxModelName + 1, 'm'), hi, 1) == Errc::ERR_BAD_INPUT);
  CHECK(chat_body(*openai, "m", std::vector(1000, hi[0]), 1).ok());
  CHECK(refusal("m", std::vector(1001, hi[0]), 1) == Errc::ERR_BAD_INPUT);
  const std::vector<ChatMessage> large = {{Role::user, std::string((32 << 20) + 1, 'x')}};
  CHECK(refusal("m", large, 1) == Errc::ERR_TOO_LARGE);
}

TEST_CASE("wire: model lists of each form") {
  using List = std::vector<std::string>;
  CHECK(
      models(Wire::openai_chat, R"({"object":"list","data":[{"id":"a"},{"id":"b/c:free"},{"name":"x"},{"id":7},1]})") ==
      List{"a", "b/c:free"});
  CHECK(models(Wire::openai_chat, R"([{"id":"a"}])") == List{"a"});
  CHECK(models(Wire::anthropic, R"({"data":[{"type":"model","id":"claude-x"}],"has_more":false})") == List{"claude-x"});
  CHECK(models(Wire::gemini, R"({"models":[
      {"name":"models/a","supportedGenerationMethods":["generateContent","countTokens"]},
      {"name":"models/embedder","supportedGenerationMethods":["embedContent"]},
      {"name":"models/untold"},{"name":"bare","supportedGenerationMethods":["generateContent"]}]})") ==
        List{"a", "untold", "bare"});
  CHECK(models(Wire::openai_responses, R"({"data":[{"id":"a"}]})") == List{"a"});
  CHECK(models(Wire::cohere, R"({"models":[{"name":"command-a","endpoints":["chat"]}],"next_page_token":""})") ==
        List{"command-a"});
  CHECK(models(Wire::ollama, R"({"models":[{"name":"qwen3.5:2b","model":"qwen3.5:2b","size":7}]})") ==
        List{"qwen3.5:2b"});
  CHECK(models(Wire::openai_chat, R"({"data":[]})").empty());
  for (const char* body : {"", "<html>", "{}", R"({"data":{}})", R"({"data":null})", "7", R"({"data":[],"data":[]})"}) {
    CAPTURE(body);
    CHECK(parse_models(Wire::openai_chat, as_bytes(body)).error() == Errc::ERR_BAD_ANSWER);
  }
}

TEST_CASE("wire: a model list is bounded, exactly") {
  const auto list = [](std::size_t count) {
    std::string body = "[";
    for (std::size_t i = 0; i < count; ++i) body += std::string(i > 0 ? "," : "") + R"({"id":"m"})";
    return body + "]";
  };
  CHECK(models(Wire::openai_chat, list(kMaxModels - 1)).size() == kMaxModels - 1);
  CHECK(models(Wire::openai_chat, list(kMaxModels + 1)).size() == kMaxModels);
  CHECK(models(Wire::openai_chat, R"([{"id":")" + std::string(kMaxModelName, 'm') + R"("}])").size() == 1);
  CHECK(models(Wire::openai_chat, R"([{"id":")" + std::string(kMaxModelName + 1, 'm') + R"("}])").empty());
}
