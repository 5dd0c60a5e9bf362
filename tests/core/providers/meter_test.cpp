#include "providers/meter.h"

#include "providers/feeding.h"

using namespace keyhold;
using namespace keyhold::test;

namespace {

struct Metered {
  std::string text;
  std::string reasoning;
  Usage usage;
  std::string model;
  std::string stop;
  std::string outcome = "ok";
  friend bool operator==(const Metered&, const Metered&) = default;
};

std::ostream& operator<<(std::ostream& out, const Metered& m) {
  const auto count = [&](const char* what, std::optional<std::int64_t> n) {
    out << what << (n ? std::to_string(*n) : "?");
  };
  out << m.outcome << " '" << m.text << "' '" << m.reasoning << "' " << m.model << " " << m.stop;
  count(" in ", m.usage.input);
  count(" out ", m.usage.output);
  return out;
}

Metered meter(const std::vector<std::string_view>& pieces, std::optional<Wire> wire, std::string_view type, bool chat) {
  Meter meter(wire, type, chat);
  Metered metered;
  const auto drain = [&] {
    for (const TextEvent& event : meter.take_events()) {
      (event.type == TextEvent::Type::text ? metered.text : metered.reasoning) += event.text;
    }
  };
  for (const std::string_view piece : pieces) {
    const std::string copy(piece);
    const auto fed = meter.feed(as_bytes(copy));
    drain();
    if (!fed) {
      metered.outcome = name(fed.error());
      CHECK(meter.feed(as_bytes("x")).error() == fed.error());
      break;
    }
  }
  const auto ended = meter.end();
  drain();
  if (!ended) metered.outcome = name(ended.error());
  metered.usage = meter.usage();
  metered.model = meter.model();
  metered.stop = meter.stop();
  return metered;
}

/// The same however the answer is cut.
Metered chat(std::string_view answer, Wire wire = Wire::openai_chat, std::string_view type = "text/event-stream") {
  Metered whole = meter({answer}, wire, type, true);
  for (const auto& pieces : cuts(answer, 10)) CHECK(meter(pieces, wire, type, true) == whole);
  return whole;
}

Metered pass(std::string_view answer, std::optional<Wire> wire = Wire::openai_chat,
             std::string_view type = "text/event-stream") {
  Metered whole = meter({answer}, wire, type, false);
  for (const auto& pieces : cuts(answer, 10)) CHECK(meter(pieces, wire, type, false) == whole);
  CHECK(whole.outcome == "ok");
  CHECK(whole.text.empty());
  return whole;
}

constexpr std::string_view kStream =
    ": waiting\n\n"
    "data: "
    "{\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hel\"},\"finish_reason\":null}],\"usage\":"
    "null}\n\n"
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"lo \\\"usage\\\":{\"}}]}\r\n\r\n"
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
    "data: {\"choices\":[],\"usage\": {\"prompt_tokens\":3,\"completion_tokens\":2}}\n\n"
    "data: [DONE]\n\n";

constexpr std::string_view kBody =
    "\n\n {\"model\":\"m\",\"choices\":[{\"message\":{\"content\":\"Hello\"},\"finish_reason\":\"stop\"}],"
    "\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}";

std::string reading(const Metered& metered) { return metered.outcome + " " + metered.text; }

}  // namespace

TEST_CASE("meter: a chat's stream gives text, usage, model and stop") {
  const Metered answer = chat(kStream);
  CHECK(answer.outcome == "ok");
  CHECK(answer.text == "Hello \"usage\":{");
  CHECK(answer.usage == Usage{.input = 3, .output = 2});
  CHECK(answer.model == "m");
  CHECK(answer.stop == "stop");
}

TEST_CASE("meter: what passes through is read for the same, but for text") {
  const Metered answer = pass(kStream);
  CHECK(answer.usage == Usage{.input = 3, .output = 2});
  CHECK(answer.model == "m");
  CHECK(answer.stop == "stop");
  CHECK(pass(kBody, Wire::openai_chat, "application/json").usage == Usage{.input = 3, .output = 2});
}

TEST_CASE("meter: the content decides, not the content type") {
  for (const char* type :
       {"text/event-stream", "application/json", "application/octet-stream", "", "Text/Event-Stream; charset=utf-8"}) {
    CAPTURE(type);
    CHECK(reading(chat(kStream, Wire::openai_chat, type)) == "ok Hello \"usage\":{");
    CHECK(reading(chat(kBody, Wire::openai_chat, type)) == "ok Hello");
    CHECK(pass(kStream, Wire::openai_chat, type).usage.known());
    CHECK(pass(kBody, Wire::openai_chat, type).usage.known());
  }
  const std::string with_bom = "\xef\xbb\xbf" + std::string(kStream);
  CHECK(reading(chat(with_bom, Wire::openai_chat, "")) == "ok Hello \"usage\":{");
}

TEST_CASE("meter: a chat's answer that is no answer is an error, each of its own kind") {
  struct Case {
    const char* answer;
    const char* outcome;
  };
  for (const auto& [answer, outcome] : {
           Case{"<!doctype html><title>Sign in</title>", "ERR_BAD_ANSWER"},
           Case{"OK", "ERR_BAD_ANSWER"},
           Case{"database is down", "ERR_BAD_ANSWER"},
           Case{"", "ERR_BAD_ANSWER"},
           Case{"  \n ", "ERR_BAD_ANSWER"},
           Case{"{}", "ERR_BAD_ANSWER"},
           Case{"[1,2]", "ERR_BAD_ANSWER"},
           Case{R"({"choices":[{"message":{"content":"Hel)", "ERR_BAD_STREAM"},
           Case{R"({"choices":[],"choices":[]})", "ERR_BAD_STREAM"},
           Case{R"({"error":{"type":"server_error"}})", "ERR_PROVIDER_DOWN"},
           Case{"data: {\"choices\":[]}\n\n", "ERR_BAD_STREAM"},  // cut
           Case{"data: {\"choices\"\n\n", "ERR_BAD_STREAM"},
           Case{"data: hello\n\n", "ERR_BAD_STREAM"},
           Case{"data: {\"a\":1,\"a\":1}\n\n", "ERR_BAD_STREAM"},
           Case{"data: {\"error\":{\"code\":429}}\n\ndata: [DONE]\n\n", "ERR_RATE_LIMITED"},
       }) {
    CAPTURE(answer);
    CHECK(chat(answer, Wire::openai_chat, "").outcome == outcome);
    CHECK(pass(answer, Wire::openai_chat, "").outcome == "ok");
  }
  CHECK(chat("", Wire::openai_chat, "text/event-stream").outcome == "ERR_BAD_STREAM");
  CHECK(chat("<html>", Wire::openai_chat, "text/event-stream").outcome == "ERR_BAD_ANSWER");
  CHECK(chat("hello: x\n\ndata: [DONE]\n\n", Wire::openai_chat, "text/event-stream").outcome == "ok");
}

TEST_CASE("meter: a stream is complete when it says so, however it says so") {
  CHECK(chat("data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: [DONE]\n\n").outcome == "ok");
  CHECK(chat("data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\n\n").outcome == "ok");
  CHECK(chat("data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: [DONE]").outcome == "ERR_BAD_STREAM");
  const std::string anthropic = "data: {\"type\":\"message_start\",\"message\":{}}\n\n";
  CHECK(chat(anthropic, Wire::anthropic).outcome == "ERR_BAD_STREAM");
  const std::string with_reason =
      anthropic + "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n";
  CHECK(chat(with_reason, Wire::anthropic).outcome == "ERR_BAD_STREAM");
  const std::string stopped = with_reason + "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
  CHECK(chat(stopped, Wire::anthropic).outcome == "ok");
  CHECK(chat("data: {\"candidates\":[{\"content\":{}}]}\n\n", Wire::gemini).outcome == "ERR_BAD_STREAM");
  CHECK(chat("data: {\"candidates\":[{\"finishReason\":\"STOP\"}]}\r\n\r\n", Wire::gemini).outcome == "ok");
  CHECK(chat("[{\"candidates\":[{\"finishReason\":\"STOP\"}]}]", Wire::gemini).outcome == "ok");
}

TEST_CASE("meter: text that came before an error is not lost") {
  const Metered answer =
      chat("data: {\"choices\":[{\"delta\":{\"content\":\"Hel\"}}]}\n\ndata: {\"error\":{\"code\":503}}\n\n");
  CHECK(answer.outcome == "ERR_PROVIDER_DOWN");
  CHECK(answer.text == "Hel");
}

TEST_CASE("meter: an odd event among sound ones spoils only a chat") {
  const std::string odd = "data: {oops\n\n" + std::string(kStream);
  CHECK(chat(odd).outcome == "ERR_BAD_STREAM");
  CHECK(pass(odd).usage == Usage{.input = 3, .output = 2});
  const std::string failing = std::string(kStream.substr(0, kStream.find("data: [DONE]"))) +
                              "data: {\"error\":{\"code\":503},\"usage\":{\"prompt_tokens\":9}}\n\n";
  CHECK(pass(failing).usage == Usage{.input = 9});
}

TEST_CASE("meter: each wire's usage is found in what passes through, without parsing every event") {
  const std::string anthropic =
      "event: message_start\ndata: "
      "{\"type\":\"message_start\",\"message\":{\"model\":\"c\",\"usage\":{\"input_tokens\":5,\"output_tokens\":1}}}"
      "\n\n"
      "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"delta\":{\"text\":\"message_delta "
      "\\\"usage\\\"\"}}\n\n"
      "event: content_block_delta\ndata: {not parsed}\n\n"
      "event: message_delta\ndata: "
      "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":7}}\n\n"
      "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
  const Metered c = pass(anthropic, Wire::anthropic);
  CHECK(c.usage == Usage{.input = 5, .output = 7});
  CHECK(c.model == "c");
  CHECK(c.stop == "end_turn");

  const std::string part =
      "data: {\"candidates\":[{\"content\":{}}],\"usageMetadata\":{\"promptTokenCount\":5,\"candidatesTokenCount\":";
  const std::string gemini =
      part + "1},\"modelVersion\":\"g\"}\r\n\r\n" + part + "2}}\r\n\r\n" + "data: {\"candidates\":[]}\r\n\r\n";
  CHECK(pass(gemini, Wire::gemini).usage == Usage{.input = 5, .output = 2});  // cut: the last report still counts
  const std::string finished = gemini +
                               "data: "
                               "{\"candidates\":[{\"finishReason\":\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":"
                               "5,\"candidatesTokenCount\":9},\"modelVersion\":\"g\"}\r\n\r\n";
  const Metered g = pass(finished, Wire::gemini);
  CHECK(g.usage == Usage{.input = 5, .output = 9});
  CHECK(g.model == "g");
  CHECK(g.stop == "STOP");
}

TEST_CASE("meter: the Responses form is over when it says so; its deltas need no reading for usage") {
  const std::string begun =
      "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"status\":\"in_progress\","
      "\"model\":\"r\",\"usage\":null}}\n\n"
      "event: response.output_text.delta\ndata: "
      "{\"type\":\"response.output_text.delta\",\"delta\":\"\\\"response\\\":{\"}\n\n";
  const std::string ended =
      "event: response.incomplete\ndata: {\"type\":\"response.incomplete\",\"response\":{\"status\":\"incomplete\","
      "\"incomplete_details\":{\"reason\":\"content_filter\"},\"usage\":{\"input_tokens\":5,\"output_tokens\":7}}}\n\n";
  CHECK(chat(begun, Wire::openai_responses).outcome == "ERR_BAD_STREAM");
  const Metered whole = chat(begun + ended, Wire::openai_responses);
  CHECK(reading(whole) == "ok \"response\":{");
  CHECK(whole.stop == "content_filter");
  const Metered passed = pass(begun + "data: {not parsed}\n\n" + ended, Wire::openai_responses);
  CHECK(passed.usage == Usage{.input = 5, .output = 7});
  CHECK(passed.model == "r");
  CHECK(passed.stop == "content_filter");
}

TEST_CASE("meter: Cohere's stream is over when it says so") {
  const std::string begun =
      "event: content-delta\ndata: "
      "{\"type\":\"content-delta\",\"delta\":{\"message\":{\"content\":{\"text\":\"Hi\"}}}}\n\n";
  const std::string ended =
      "event: message-end\ndata: {\"type\":\"message-end\",\"delta\":{\"finish_reason\":\"COMPLETE\",\"usage\":{"
      "\"billed_units\":{\"input_tokens\":5,\"output_tokens\":7}}}}\n\n";
  CHECK(chat(begun, Wire::cohere).outcome == "ERR_BAD_STREAM");
  CHECK(reading(chat(begun + ended, Wire::cohere)) == "ok Hi");
  CHECK(pass(begun + ended, Wire::cohere).usage == Usage{.input = 5, .output = 7});
}

TEST_CASE("meter: lines of JSON are read line by line, the last also without its end") {
  const std::string lines =
      "{\"model\":\"q\",\"message\":{\"content\":\"Hel\"},\"done\":false}\r\n\n"
      "{\"model\":\"q\",\"message\":{\"content\":\"lo\"},\"done\":false}\n";
  const std::string last = "{\"done\":true,\"done_reason\":\"stop\",\"prompt_eval_count\":5,\"eval_count\":7}";
  for (const std::string end : {"", "\n"}) {
    const Metered whole = chat(lines + last + end, Wire::ollama, "application/x-ndjson");
    CHECK(reading(whole) == "ok Hello");
    CHECK(whole.usage == Usage{.input = 5, .output = 7});
    CHECK(pass(lines + last + end, Wire::ollama, "").usage == Usage{.input = 5, .output = 7});
  }
  CHECK(chat(lines, Wire::ollama).outcome == "ERR_BAD_STREAM");
  CHECK(chat(lines + "{oops\n" + last, Wire::ollama).outcome == "ERR_BAD_STREAM");
  CHECK(pass(lines + "{oops\n" + last, Wire::ollama).usage.known());
  CHECK(chat(lines + "{\"error\":{\"code\":503}}\n", Wire::ollama).outcome == "ERR_PROVIDER_DOWN");
}

TEST_CASE("meter: a line of JSON is bounded, exactly") {
  const std::string start = R"({"message":{"content":")";
  const std::string end = R"("},"done":true})";
  for (const std::size_t over : {0, 1}) {
    std::string line = start;
    line.append(SseDecoder::kMaxLine + over - start.size() - end.size(), 'x').append(end);
    CHECK(meter({line}, Wire::ollama, "", true).outcome == (over == 0 ? "ok" : "ERR_LINE_TOO_LONG"));
    CHECK(meter({line}, Wire::ollama, "", false).outcome == "ok");
  }
}

TEST_CASE("meter: unknown usage stays unknown") {
  CHECK_FALSE(pass("data: {\"choices\":[]}\n\ndata: [DONE]\n\n").usage.known());
  CHECK_FALSE(pass(kStream, std::nullopt).usage.known());
  CHECK_FALSE(pass("anything \xff\x00 at all", Wire::anthropic, "application/octet-stream").usage.known());
  CHECK_FALSE(chat("data: {\"choices\":[],\"usage\":null}\n\ndata: [DONE]\n\n").usage.known());
}

TEST_CASE("meter: a line of 10 MB ends a chat with its own code, and passes through all the same") {
  const std::string start = "data: {\"choices\":[{\"delta\":{\"content\":\"";
  const std::string megabyte(1'000'000, 'x');
  for (const bool is_chat : {true, false}) {
    Meter meter(Wire::openai_chat, "text/event-stream", is_chat);
    Result<void> fed = meter.feed(as_bytes(start));
    for (int i = 0; i < 10 && fed; ++i) fed = meter.feed(as_bytes(megabyte));
    CHECK(fed.ok() != is_chat);
    if (!fed) CHECK(fed.error() == Errc::ERR_LINE_TOO_LONG);
  }
}

TEST_CASE("meter: a JSON body is bounded, exactly") {
  const std::string start = R"({"choices":[{"message":{"content":")";
  const std::string end = R"("}}]})";
  for (const std::size_t over : {0, 1}) {
    std::string body = start;
    body.append(Meter::kMaxJsonBody + over - start.size() - end.size(), 'x').append(end);
    CHECK(meter({body}, Wire::openai_chat, "application/json", true).outcome == (over == 0 ? "ok" : "ERR_TOO_LARGE"));
    CHECK(meter({body}, Wire::openai_chat, "application/json", false).outcome == "ok");
  }
}
