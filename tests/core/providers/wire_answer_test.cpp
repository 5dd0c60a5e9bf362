// What an answer in each provider's form says: text, reasoning, stop, usage, errors.
#include "providers/feeding.h"
#include "providers/usual.h"
#include "providers/wire.h"

using namespace keyhold;
using namespace keyhold::test;

namespace {

struct Reading {
  Answer answer;
  std::optional<Errc> failed;
};

Reading read(Wire wire, std::initializer_list<std::string_view> pieces, bool want_text = true) {
  Reading reading;
  for (const std::string_view piece : pieces) {
    const Json json = Json::parse(as_bytes(piece)).value();
    if (const auto read = read_piece(wire, json.root(), want_text, reading.answer); !read)
      reading.failed = read.error();
  }
  return reading;
}

std::string said(const Answer& answer, TextEvent::Type type) {
  std::string text;
  for (const TextEvent& event : answer.events) {
    if (event.type == type) text += event.text;
  }
  return text;
}

std::string text(const Answer& answer) { return said(answer, TextEvent::Type::text); }
std::string reasoning(const Answer& answer) { return said(answer, TextEvent::Type::reasoning); }

Usage openai_usage(std::string_view usage) {
  const std::string piece = R"({"choices":[],"usage":)" + std::string(usage) + "}";
  return read(Wire::openai_chat, {piece}).answer.usage;
}

}  // namespace

TEST_CASE("wire: text, reasoning, model and stop of OpenAI's form and its dialects") {
  const Reading openai = read(
      Wire::openai_chat, {R"({"model":"gpt","choices":[{"index":0,"delta":{"role":"assistant","content":null}}]})",
                          R"({"model":"other","choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}]})",
                          R"({"choices":[{"index":1,"delta":{"content":"second choice"}}]})",
                          R"({"choices":[{"index":0,"delta":{"content":"lo"},"finish_reason":"stop"}]})",
                          R"({"choices":[],"usage":null})"});
  CHECK(text(openai.answer) == "Hello");
  CHECK(openai.answer.model == "gpt");
  CHECK(openai.answer.stop == "stop");
  CHECK(openai.answer.complete);
  CHECK_FALSE(openai.answer.usage.known());

  const Reading thoughts =
      read(Wire::openai_chat,
           {R"({"choices":[{"delta":{"content":"","reasoning_content":"a"}}]})",
            R"({"choices":[{"delta":{"content":null,"reasoning":"b","reasoning_details":[{"text":"b"}]}}]})",
            R"({"choices":[{"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"c"}]}]}}]})",
            R"({"choices":[{"delta":{"content":[{"type":"text","text":"d"}]}}]})",
            R"({"choices":[{"delta":{"refusal":"e"}}]})", R"({"choices":[{"text":"f","delta":{"content":"F"}}]})",
            R"({"choices":[{"text":"g"}]})"});
  CHECK(reasoning(thoughts.answer) == "abc");
  CHECK(text(thoughts.answer) == "deFg");
  CHECK_FALSE(thoughts.answer.complete);

  const Reading whole = read(Wire::openai_chat, {R"({"model":"m","choices":[{"index":0,"finish_reason":"length",
      "message":{"role":"assistant","content":"Hi","reasoning":"hm"}}],"usage":{"prompt_tokens":1,"completion_tokens":2}})"});
  CHECK(text(whole.answer) == "Hi");
  CHECK(reasoning(whole.answer) == "hm");
  CHECK(whole.answer.stop == "length");
  CHECK(whole.answer.usage == Usage{.input = 1, .output = 2});
}

TEST_CASE("wire: usage in OpenAI's form and its dialects") {
  CHECK(openai_usage(R"({"prompt_tokens":159,"completion_tokens":17,"total_tokens":176,
      "prompt_tokens_details":{"cached_tokens":100,"cache_write_tokens":7,"audio_tokens":9},
      "completion_tokens_details":{"reasoning_tokens":5,"audio_tokens":3}})") == Usage{.input = 159,
                                                                                       .output = 17,
                                                                                       .cached_input = 100,
                                                                                       .cache_write = 7,
                                                                                       .reasoning = 5,
                                                                                       .audio_input = 9,
                                                                                       .audio_output = 3});
  CHECK(openai_usage(
            R"({"prompt_tokens":6,"completion_tokens":2,"prompt_cache_hit_tokens":4,"prompt_cache_miss_tokens":2})") ==
        Usage{.input = 6, .output = 2, .cached_input = 4});  // DeepSeek
  CHECK(openai_usage(R"({"prompt_tokens":12,"completion_tokens":1,"total_tokens":303,
      "completion_tokens_details":{"reasoning_tokens":290}})") ==
        Usage{.input = 12, .output = 291, .reasoning = 290});  // xAI counts reasoning beside
  CHECK(openai_usage(R"({"prompt_tokens":1,"completion_tokens":9,"reasoning_tokens":4})").reasoning == 4);  // Together
  CHECK(openai_usage(R"({"prompt_tokens":8,"total_tokens":8})") == Usage{.input = 8});  // embeddings
  CHECK(openai_usage(R"({"prompt_tokens":0,"completion_tokens":0})") == Usage{.input = 0, .output = 0});
  CHECK_FALSE(openai_usage("{}").known());
  CHECK_FALSE(openai_usage(R"({"prompt_tokens":-1,"completion_tokens":"7"})").known());
  CHECK_FALSE(openai_usage(R"({"prompt_tokens":1e30,"completion_tokens":1.5})").known());
  CHECK_FALSE(openai_usage(R"({"prompt_tokens_details":7,"completion_tokens_details":[]})").known());
  CHECK(read(Wire::openai_chat, {R"({"choices":[],"x_groq":{"usage":{"prompt_tokens":3,"completion_tokens":4}}})"})
            .answer.usage == Usage{.input = 3, .output = 4});
  // The last report counts, and null is none.
  CHECK(read(Wire::openai_chat, {R"({"usage":{"prompt_tokens":1,"completion_tokens":1}})",
                                 R"({"usage":{"prompt_tokens":2,"completion_tokens":3}})", R"({"usage":null})"})
            .answer.usage == Usage{.input = 2, .output = 3});
}

TEST_CASE("wire: usage in OpenAI's form, where some say it elsewhere") {
  // Moonshot says it in the choice, and what came from a cache outside of any details.
  CHECK(read(Wire::openai_chat, {R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop","usage":{"prompt_tokens":9,
      "completion_tokens":12,"total_tokens":21,"cached_tokens":4}}],"usage":null})"})
            .answer.usage == Usage{.input = 9, .output = 12, .cached_input = 4});
  // Groq says it twice.
  CHECK(read(Wire::openai_chat, {R"({"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":6},
      "x_groq":{"usage":{"prompt_tokens":3,"completion_tokens":4}}})"})
            .answer.usage == Usage{.input = 5, .output = 6});
  // A transcription counts sound in details of a third name.
  CHECK(openai_usage(R"({"type":"tokens","input_tokens":14,"output_tokens":45,"total_tokens":59,
      "input_token_details":{"text_tokens":0,"audio_tokens":14}})") ==
        Usage{.input = 14, .output = 45, .audio_input = 14});
  CHECK(openai_usage(R"({"prompt_tokens":2,"completion_tokens":3,"prompt_tokens_details":null,
      "completion_tokens_details":null})") == Usage{.input = 2, .output = 3});
}

TEST_CASE("wire: a stream of the Responses form") {
  const Reading stream = read(
      Wire::openai_responses,
      {R"({"type":"response.created","response":{"status":"in_progress","model":"gpt","usage":null,"error":null}})",
       R"({"type":"response.queued","response":{"status":"queued"}})",
       R"({"type":"response.reasoning_summary_text.delta","delta":"h","summary_index":0})",
       R"({"type":"response.reasoning_text.delta","delta":"m"})",
       R"({"type":"response.reasoning_text.done","text":"hm"})",
       R"({"type":"response.output_text.delta","delta":"Hel","logprobs":[]})",
       R"({"type":"response.output_text.delta","delta":"lo"})",
       R"({"type":"response.function_call_arguments.delta","delta":"{"})",
       R"({"type":"response.refusal.delta","delta":"!"})", R"({"type":"response.output_text.done","text":"Hello"})",
       R"({"type":"response.output_item.done","item":{"type":"message","content":[{"text":"Hello"}]}})"});
  CHECK(text(stream.answer) == "Hello!");
  CHECK(reasoning(stream.answer) == "hm");
  CHECK(stream.answer.model == "gpt");
  CHECK_FALSE(stream.answer.complete);
  CHECK_FALSE(stream.answer.usage.known());

  const Reading ended = read(Wire::openai_responses, {R"({"type":"response.completed","response":{"status":"completed",
      "model":"gpt","output":[{"type":"message","content":[{"type":"output_text","text":"Hello"}]}],"error":null,
      "usage":{"input_tokens":45,"input_tokens_details":{"cached_tokens":7,"cache_write_tokens":2},"output_tokens":24,
      "output_tokens_details":{"reasoning_tokens":5},"total_tokens":69}}})"});
  CHECK(ended.answer.events.empty());  // it came piece by piece before
  CHECK(ended.answer.stop == "completed");
  CHECK(ended.answer.complete);
  CHECK(ended.answer.usage == Usage{.input = 45, .output = 24, .cached_input = 7, .cache_write = 2, .reasoning = 5});
}

TEST_CASE("wire: the Responses form cut short, failed, and whole") {
  const Reading cut = read(Wire::openai_responses, {R"({"type":"response.incomplete","response":{"status":"incomplete",
      "incomplete_details":{"reason":"max_output_tokens"},"usage":{"input_tokens":3,"output_tokens":2}}})"});
  CHECK(cut.answer.stop == "max_output_tokens");
  CHECK(cut.answer.complete);
  CHECK_FALSE(cut.failed);
  CHECK(cut.answer.usage == Usage{.input = 3, .output = 2});

  const Reading failed = read(Wire::openai_responses, {R"({"type":"response.failed","response":{"status":"failed",
      "error":{"code":"server_error","message":"x"},"usage":{"input_tokens":3,"output_tokens":0}}})"});
  CHECK(failed.failed == Errc::ERR_PROVIDER_DOWN);
  CHECK(failed.answer.usage == Usage{.input = 3, .output = 0});  // paid for all the same

  const Reading whole =
      read(Wire::openai_responses, {R"({"object":"response","status":"completed","model":"m","error":null,
      "output":[{"type":"reasoning","summary":[{"type":"summary_text","text":"h"}],"content":[{"type":"reasoning_text","text":"m"}]},
      {"type":"function_call","arguments":"{}"},{"type":"message","content":[{"type":"output_text","text":"Hi"},
      {"type":"refusal","refusal":" no"}]}],"usage":{"input_tokens":1,"output_tokens":2}})"});
  CHECK(text(whole.answer) == "Hi no");
  CHECK(reasoning(whole.answer) == "hm");
  CHECK(whole.answer.complete);
  CHECK(whole.answer.usage == Usage{.input = 1, .output = 2});
}

TEST_CASE("wire: Cohere's stream and whole answers; what is billed counts") {
  const Reading stream = read(
      Wire::cohere,
      {R"({"type":"message-start","delta":{"message":{"role":"assistant","content":[],"tool_plan":"","tool_calls":[]}}})",
       R"({"type":"content-start","index":0,"delta":{"message":{"content":{"type":"thinking","thinking":"h"}}}})",
       R"({"type":"content-delta","index":0,"delta":{"message":{"content":{"thinking":"m"}}}})",
       R"({"type":"tool-plan-delta","delta":{"message":{"tool_plan":"."}}})",
       R"({"type":"content-start","index":1,"delta":{"message":{"content":{"type":"text","text":"Hel"}}}})",
       R"({"type":"content-delta","index":1,"delta":{"message":{"content":{"text":"lo"}}}})",
       R"({"type":"tool-call-delta","index":0,"delta":{"message":{"tool_calls":{"function":{"arguments":"{"}}}}})"});
  CHECK(text(stream.answer) == "Hello");
  CHECK(reasoning(stream.answer) == "hm.");
  CHECK(stream.answer.recognised);
  CHECK_FALSE(stream.answer.complete);
  const Reading ended = read(Wire::cohere, {R"({"type":"message-end","delta":{"finish_reason":"TOOL_CALL","usage":{
      "billed_units":{"input_tokens":8,"output_tokens":2},"tokens":{"input_tokens":503,"output_tokens":4},"cached_tokens":480}}})"});
  CHECK(ended.answer.stop == "TOOL_CALL");
  CHECK(ended.answer.complete);
  CHECK(ended.answer.usage == Usage{.input = 8, .output = 2});
  CHECK(read(Wire::cohere, {R"({"type":"message-end","delta":{"finish_reason":"ERROR"}})"}).failed ==
        Errc::ERR_PROVIDER_DOWN);

  const Reading whole =
      read(Wire::cohere, {R"({"message":{"role":"assistant","content":[{"type":"thinking","thinking":"hm"},
      {"type":"text","text":"Hi"}]},"finish_reason":"MAX_TOKENS","usage":{"tokens":{"input_tokens":5,"output_tokens":6}}})"});
  CHECK(text(whole.answer) == "Hi");
  CHECK(reasoning(whole.answer) == "hm");
  CHECK(whole.answer.stop == "MAX_TOKENS");
  CHECK(whole.answer.usage == Usage{.input = 5, .output = 6});
  CHECK(read(Wire::cohere, {R"({"embeddings":{},"meta":{"billed_units":{"input_tokens":7}}})"}).answer.usage ==
        Usage{.input = 7});
}

TEST_CASE("wire: Ollama's lines") {
  const Reading lines = read(
      Wire::ollama,
      {R"({"model":"q","message":{"role":"assistant","content":"","thinking":"hm"},"done":false})",
       R"({"model":"q","message":{"role":"assistant","content":"Hi"},"done":false})",
       R"({"model":"q","message":{"content":"","tool_calls":[{"function":{"name":"f","arguments":{}}}]},"done":false})"});
  CHECK(text(lines.answer) == "Hi");
  CHECK(reasoning(lines.answer) == "hm");
  CHECK(lines.answer.model == "q");
  CHECK(lines.answer.recognised);
  CHECK_FALSE(lines.answer.complete);
  const Reading ended = read(Wire::ollama, {R"({"model":"q","message":{"content":""},"done":true,"done_reason":"length",
      "prompt_eval_count":20,"eval_count":2})"});
  CHECK(ended.answer.stop == "length");
  CHECK(ended.answer.complete);
  CHECK(ended.answer.usage == Usage{.input = 20, .output = 2});
  // A prompt that was in the cache is not counted: then it is unknown.
  CHECK(read(Wire::ollama, {R"({"message":{"content":"x"},"done":true,"eval_count":2})"}).answer.usage ==
        Usage{.output = 2});
  CHECK(text(read(Wire::ollama, {R"({"model":"q","response":"Hi","thinking":"","done":false})"}).answer) == "Hi");
  CHECK(read(Wire::ollama, {R"({"error":"model 'x' not found"})"}).failed == Errc::ERR_PROVIDER_REFUSED);
}

TEST_CASE("wire: Anthropic's stream, with usage as running totals") {
  const Reading stream = read(
      Wire::anthropic,
      {R"({"type":"message_start","message":{"model":"claude","content":[],"usage":{"input_tokens":10,
           "cache_creation_input_tokens":200,"cache_read_input_tokens":3000,"output_tokens":1}}})",
       R"({"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}})",
       R"({"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}})",
       R"({"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"x"}})",
       R"({"type": "ping"})", R"({"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Hel"}})",
       R"({"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"lo"}})",
       R"({"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{"}})",
       R"({"type":"something_new","text":"no"})",
       R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":40,
           "output_tokens_details":{"thinking_tokens":30}}})"});
  CHECK(text(stream.answer) == "Hello");
  CHECK(reasoning(stream.answer) == "hm");
  CHECK(stream.answer.model == "claude");
  CHECK(stream.answer.stop == "end_turn");
  CHECK_FALSE(stream.answer.complete);  // message_stop is the end
  CHECK(stream.answer.usage ==
        Usage{.input = 3210, .output = 40, .cached_input = 3000, .cache_write = 200, .reasoning = 30});
  CHECK(read(Wire::anthropic, {R"({"type":"message_stop"})"}).answer.complete);

  // The count of output at the beginning is a guess: a stream cut there has none.
  const Reading cut =
      read(Wire::anthropic,
           {R"({"type":"message_start","message":{"model":"c","usage":{"input_tokens":5,"output_tokens":1}}})"});
  CHECK(cut.answer.usage == Usage{.input = 5});
}

TEST_CASE("wire: Anthropic's rounds are added up, and a whole message is read") {
  const Reading rounds = read(Wire::anthropic, {R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{
      "input_tokens":181,"cache_read_input_tokens":0,"output_tokens":8,"iterations":[
      {"input_tokens":100,"cache_read_input_tokens":55096,"cache_creation_input_tokens":0,"output_tokens":83},
      {"input_tokens":181,"cache_read_input_tokens":0,"output_tokens":8}]}})"});
  CHECK(rounds.answer.usage == Usage{.input = 55377, .output = 91, .cached_input = 55096, .cache_write = 0});

  const Reading whole =
      read(Wire::anthropic, {R"({"type":"message","model":"c","content":[{"type":"thinking","thinking":"hm"},
      {"type":"text","text":"Hi"},{"type":"tool_use","input":{}}],"stop_reason":"tool_use","usage":{"input_tokens":3,"output_tokens":4}})"});
  CHECK(text(whole.answer) == "Hi");
  CHECK(reasoning(whole.answer) == "hm");
  CHECK(whole.answer.stop == "tool_use");
  CHECK(whole.answer.complete);
  CHECK(whole.answer.usage == Usage{.input = 3, .output = 4});
}

TEST_CASE("wire: Gemini's stream, with usage as running totals of everything") {
  const Reading stream = read(
      Wire::gemini,
      {R"({"candidates":[{"content":{"parts":[{"text":"hm","thought":true}],"role":"model"},"index":0}],
           "usageMetadata":{"promptTokenCount":15,"totalTokenCount":15},"modelVersion":"gemini"})",
       R"({"candidates":[{"content":{"parts":[{"text":"Par"},{"functionCall":{"name":"f"}},{"text":"is"}]}}]})",
       R"({"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":104,"toolUsePromptTokenCount":6,
           "candidatesTokenCount":19,"thoughtsTokenCount":80,"cachedContentTokenCount":50,"totalTokenCount":209}})"});
  CHECK(text(stream.answer) == "Paris");
  CHECK(reasoning(stream.answer) == "hm");
  CHECK(stream.answer.model == "gemini");
  CHECK(stream.answer.stop == "STOP");
  CHECK(stream.answer.usage == Usage{.input = 110, .output = 99, .cached_input = 50, .reasoning = 80});

  // Each list says how many tokens were of which kind.
  CHECK(read(Wire::gemini,
             {R"({"usageMetadata":{"promptTokenCount":40,"candidatesTokenCount":30,"cachedContentTokenCount":20,
           "promptTokensDetails":[{"modality":"TEXT","tokenCount":15},{"modality":"AUDIO","tokenCount":25}],
           "cacheTokensDetails":[{"modality":"AUDIO","tokenCount":20}],
           "candidatesTokensDetails":[{"modality":"AUDIO","tokenCount":30},{"modality":7}]}})"})
            .answer.usage == Usage{.input = 40,
                                   .output = 30,
                                   .cached_input = 20,
                                   .audio_input = 25,
                                   .cached_audio_input = 20,
                                   .audio_output = 30});

  const Reading blocked =
      read(Wire::gemini, {R"({"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":4}})"});
  CHECK(blocked.answer.complete);
  CHECK(blocked.answer.stop == "SAFETY");
  CHECK(blocked.answer.usage == Usage{.input = 4});

  const Reading array = read(Wire::gemini, {R"([{"candidates":[{"content":{"parts":[{"text":"a"}]}}]},
      {"candidates":[{"content":{"parts":[{"text":"b"}]},"finishReason":"STOP"}]}, [[{"candidates":[]}]]])"});
  CHECK(text(array.answer) == "ab");
  CHECK(array.answer.complete);
}

TEST_CASE("wire: an error in the middle of an answer has its meaning") {
  struct Case {
    Wire wire;
    const char* piece;
    Errc code;
  };
  for (const auto& [wire, piece, code] : {
           Case{Wire::anthropic, R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})",
                Errc::ERR_PROVIDER_DOWN},
           Case{Wire::anthropic, R"({"type":"error","error":{"type":"rate_limit_error"}})", Errc::ERR_RATE_LIMITED},
           Case{Wire::anthropic, R"({"type":"error","error":{"type":"api_error"}})", Errc::ERR_PROVIDER_DOWN},
           Case{Wire::anthropic, R"({"type":"error"})", Errc::ERR_PROVIDER_REFUSED},
           Case{Wire::openai_chat, R"({"error":{"code":"tool_use_failed","status_code":400}})",
                Errc::ERR_PROVIDER_REFUSED},
           Case{Wire::openai_chat, R"({"error":{"code":429,"message":"x"},"choices":[]})", Errc::ERR_RATE_LIMITED},
           Case{Wire::openai_chat, R"({"error":{"code":502}})", Errc::ERR_PROVIDER_DOWN},
           Case{Wire::openai_chat, R"({"error":{"type":"insufficient_quota","code":"insufficient_quota"}})",
                Errc::ERR_NO_CREDIT},
           Case{Wire::openai_chat, R"({"error":{"type":"server_error","code":null}})", Errc::ERR_PROVIDER_DOWN},
           Case{Wire::openai_chat, R"({"error":{"code":"model_not_found"}})", Errc::ERR_MODEL_NOT_FOUND},
           Case{Wire::openai_chat, R"({"error":"something"})", Errc::ERR_PROVIDER_REFUSED},
           Case{Wire::openai_responses, R"({"type":"error","sequence_number":2,"error":{"type":"insufficient_quota"}})",
                Errc::ERR_NO_CREDIT},
           Case{Wire::openai_responses, R"({"type":"error","code":"rate_limit_exceeded","message":"x","param":null})",
                Errc::ERR_RATE_LIMITED},
           Case{Wire::openai_responses, R"({"error":{"code":"model_not_found"}})", Errc::ERR_MODEL_NOT_FOUND},
           Case{Wire::openai_responses, R"({"type":"error"})", Errc::ERR_PROVIDER_REFUSED},
           Case{Wire::gemini, R"({"error":{"code":503,"status":"UNAVAILABLE"}})", Errc::ERR_PROVIDER_DOWN},
           Case{Wire::gemini, R"({"error":{"code":429,"status":"RESOURCE_EXHAUSTED"}})", Errc::ERR_RATE_LIMITED},
           Case{Wire::gemini, R"([{"error":{"code":403,"status":"PERMISSION_DENIED"}}])", Errc::ERR_NO_PERMISSION},
       }) {
    CAPTURE(piece);
    CHECK(read(wire, {piece}).failed == code);
  }
  const Reading last =
      read(Wire::openai_chat,
           {R"({"error":{"code":400},"choices":[],"usage":{"prompt_tokens":43,"completion_tokens":10}})"});
  CHECK(last.failed == Errc::ERR_PROVIDER_REFUSED);
  CHECK(last.answer.usage == Usage{.input = 43, .output = 10});  // paid for all the same
  CHECK_FALSE(read(Wire::openai_chat, {R"({"error":null,"choices":[]})"}).failed);
}

TEST_CASE("wire: JSON of another shape is passed over, not guessed at") {
  for (const Wire wire : kWires) {
    for (const char* piece :
         {R"({"response":7,"output":7,"delta":{"message":7},"usage":7,"done":7})",
          R"({"output":[7,{"content":7,"summary":[7]}],"delta":{"message":{"content":[7],"tool_plan":7}}})", "null",
          "7", "\"text\"", "[]", "[1,[2]]", "{}", R"({"choices":7,"model":7,"usage":[]})",
          R"({"choices":[7,null,[],{"delta":7,"message":[],"finish_reason":7}]})",
          R"({"type":7,"message":7,"delta":7})", R"({"type":"message_start","message":7})",
          R"({"type":"message_delta","delta":[],"usage":7})", R"({"type":"message","content":7})",
          R"({"candidates":7,"usageMetadata":7,"promptFeedback":7})",
          R"({"candidates":[7,{"content":7},{"content":{"parts":7}},{"content":{"parts":[7,{"text":7}]}}]})"}) {
      CAPTURE(piece);
      const Reading reading = read(wire, {piece});
      CHECK_FALSE(reading.failed);
      CHECK(reading.answer.events.empty());
      CHECK_FALSE(reading.answer.complete);
      CHECK_FALSE(reading.answer.usage.known());
    }
  }
}
