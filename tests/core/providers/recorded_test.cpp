// Answers that providers really gave, recorded by others (their folder's README names the sources). They are read where
// they lie and never copied; without them these tests say so and pass.
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "providers/diagnosis.h"
#include "providers/feeding.h"
#include "providers/meter.h"

using namespace keyhold;
using namespace keyhold::test;

namespace {

std::string recorded_folder() {
  if (const char* folder = std::getenv("KEYHOLD_RECORDED")) return folder;  // NOLINT(concurrency-mt-unsafe)
#ifdef KEYHOLD_SOURCE_DIR
  return KEYHOLD_SOURCE_DIR "/../shared/recorded";
#else
  return "../shared/recorded";
#endif
}

/// Nothing, with a warning, where there are no recordings.
std::optional<std::string> recorded(const std::string& name) {
  const std::string path = recorded_folder() + "/" + name;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    WARN("skipped: no recording at " << path);
    return std::nullopt;
  }
  std::string bytes;
  char buffer[4096];
  while (file.read(buffer, sizeof buffer) || file.gcount() > 0)
    bytes.append(buffer, static_cast<std::size_t>(file.gcount()));
  return bytes;
}

/// Some recordings are one JSON text a line: the framing their authors took off is put back.
std::string framed(const std::string& lines, bool with_done) {
  std::string stream;
  for (std::size_t at = 0; at < lines.size();) {
    const auto end = std::min(lines.find('\n', at), lines.size());
    if (end > at) stream += "data: " + lines.substr(at, end - at) + "\n\n";
    at = end + 1;
  }
  return stream + (with_done ? "data: [DONE]\n\n" : "");
}

struct Heard {
  std::string text;
  std::string reasoning;
  Usage usage;
  std::string model;
  std::string stop;
  std::optional<Errc> failed;
  friend bool operator==(const Heard&, const Heard&) = default;
};

Heard hear(const std::vector<std::string_view>& pieces, Wire wire, bool chat) {
  Meter meter(wire, "text/event-stream", chat);
  Heard heard;
  for (const std::string_view piece : pieces) {
    const std::string copy(piece);
    const auto fed = meter.feed(as_bytes(copy));
    for (const TextEvent& event : meter.take_events()) {
      (event.type == TextEvent::Type::text ? heard.text : heard.reasoning) += event.text;
    }
    if (!fed) {
      heard.failed = fed.error();
      break;
    }
  }
  const auto ended = meter.end();
  for (const TextEvent& event : meter.take_events()) {
    (event.type == TextEvent::Type::text ? heard.text : heard.reasoning) += event.text;
  }
  if (!ended) heard.failed = ended.error();
  heard.usage = meter.usage();
  heard.model = meter.model();
  heard.stop = meter.stop();
  return heard;
}

/// The same in every cut; passing through reads the same usage, model and stop.
Heard hear_all(const std::string& stream, Wire wire) {
  Heard whole = hear({stream}, wire, true);
  for (const auto& pieces : cuts(stream, 6)) CHECK(hear(pieces, wire, true) == whole);
  const Heard passed = hear({stream}, wire, false);
  CHECK(passed.text.empty());
  CHECK_FALSE(passed.failed);
  CHECK(passed.model == whole.model);
  CHECK(passed.stop == whole.stop);
  if (!whole.failed) CHECK(passed.usage == whole.usage);
  return whole;
}

struct Recording {
  const char* name;
  Wire wire;
  const char* model;
  const char* stop;
  Usage usage;  // as the file has it
  std::size_t text_size;
  std::size_t reasoning_size;
};

}  // namespace

TEST_CASE("recorded: streams are heard alike in every cut, and their usage is what the file says") {
  const std::vector<Recording> all = {
      {"openai/chat-tool-call.sse",
       Wire::openai_chat,
       "gpt-4o-mini-2024-07-18",
       "tool_calls",
       {.input = 53, .output = 15, .cached_input = 0, .reasoning = 0, .audio_input = 0, .audio_output = 0},
       0,
       0},
      {"openai/chat-tool-call-latest.sse",
       Wire::openai_chat,
       "gpt-5.6-sol",
       "tool_calls",
       {.input = 159,
        .output = 17,
        .cached_input = 0,
        .cache_write = 0,
        .reasoning = 0,
        .audio_input = 0,
        .audio_output = 0},
       0,
       0},
      {"mistral/chat-thinking.sse",
       Wire::openai_chat,
       "magistral-medium-latest",
       "stop",
       {.input = 10, .output = 232},
       1,
       1},
      {"mistral/chat-tool-call.sse",
       Wire::openai_chat,
       "mistral-large-2512",
       "tool_calls",
       {.input = 128, .output = 16},
       0,
       0},
      {"deepseek/chat-reasoning.sse",
       Wire::openai_chat,
       "deepseek-reasoner",
       "stop",
       {.input = 6, .output = 212, .cached_input = 0, .reasoning = 198},
       1,
       1},
      {"deepseek/chat-tool-call.sse",
       Wire::openai_chat,
       "deepseek-v4-pro",
       "tool_calls",
       {.input = 337, .output = 37, .cached_input = 256},
       0,
       0},
      {"xai/xai-text.chunks.txt",
       Wire::openai_chat,
       "grok-3-mini",
       "stop",
       {.input = 12, .output = 291, .cached_input = 11, .reasoning = 290, .audio_input = 0, .audio_output = 0},
       5,
       1},
      {"openrouter/chat-tool-call.sse",
       Wire::openai_chat,
       "qwen/qwen3.5-122b-a10b-20260224",
       "tool_calls",
       {.input = 331,
        .output = 92,
        .cached_input = 0,
        .cache_write = 0,
        .reasoning = 56,
        .audio_input = 0,
        .audio_output = 0},
       0,
       1},
      {"openrouter/chat-tool-call-quirk-a.sse",
       Wire::openai_chat,
       "moonshotai/kimi-k2",
       "",
       {.input = 57, .output = 17, .cached_input = 0, .reasoning = 0},
       0,
       0},
      {"anthropic/messages-text.sse",
       Wire::anthropic,
       "claude-sonnet-4-5-20250929",
       "end_turn",
       {.input = 17, .output = 10, .cached_input = 0, .cache_write = 0},
       1,
       0},
      {"anthropic/messages-tool-use.sse",
       Wire::anthropic,
       "claude-haiku-4-5-20251001",
       "tool_use",
       {.input = 543, .output = 40, .cached_input = 0, .cache_write = 0},
       0,
       0},
      {"anthropic/messages-redacted-thinking.sse",
       Wire::anthropic,
       "claude-sonnet-4-5-20250929",
       "end_turn",
       {.input = 92, .output = 189, .cached_input = 0, .cache_write = 0},
       1,
       0},
      {"anthropic/messages-refusal-sdk.sse",
       Wire::anthropic,
       "claude-fable-5",
       "refusal",
       {.input = 28, .output = 106, .cached_input = 0, .cache_write = 0, .reasoning = 67},
       2,
       1},
      {"anthropic/anthropic-refusal.chunks.txt",
       Wire::anthropic,
       "claude-fable-5",
       "refusal",
       {.input = 18, .output = 5, .cached_input = 0, .cache_write = 0},
       0,
       0},
      {"anthropic/duplicate-message-start.chunks.txt",
       Wire::anthropic,
       "claude-3-haiku-20240307",
       "end_turn",
       {.input = 17, .output = 227},
       13,
       0},
      {"google/generate-text.sse", Wire::gemini, "gemini-2.0-flash-exp", "STOP", {.input = 13, .output = 8}, 1, 0},
      {"google/generate-tool-call.sse",
       Wire::gemini,
       "gemini-3-pro-preview",
       "STOP",
       {.input = 29, .output = 212, .reasoning = 202},
       0,
       0},
      {"google/generate-tool-call-latest.sse",
       Wire::gemini,
       "gemini-3.5-flash",
       "STOP",
       {.input = 104, .output = 99, .reasoning = 80},
       0,
       0},
      {"google/generate-text-json-array.json",
       Wire::gemini,
       "gemini-3.6-flash",
       "STOP",
       {.input = 11, .output = 293, .reasoning = 291},
       5,
       1},
  };
  for (const Recording& file : all) {
    CAPTURE(file.name);
    auto bytes = recorded(file.name);
    if (!bytes) return;
    if (std::string_view(file.name).find(".chunks.txt") != std::string_view::npos) {
      bytes = framed(*bytes, file.wire == Wire::openai_chat);
    }
    const Heard heard = hear_all(*bytes, file.wire);
    CHECK_FALSE(heard.failed);
    CHECK(heard.model == file.model);
    CHECK(heard.stop == file.stop);
    CHECK(heard.usage == file.usage);
    CHECK((file.text_size == 0 ? heard.text.empty() : heard.text.size() >= file.text_size));
    CHECK((file.reasoning_size == 0 ? heard.reasoning.empty() : heard.reasoning.size() >= file.reasoning_size));
  }
}

TEST_CASE("recorded: texts are put together as they were said") {
  const auto xai = recorded("xai/xai-text.chunks.txt");
  const auto gemini = recorded("google/generate-text.sse");
  const auto array = recorded("google/generate-text-json-array.json");
  const auto claude = recorded("anthropic/messages-text.sse");
  if (!xai || !gemini || !array || !claude) return;
  CHECK(hear_all(framed(*xai, true), Wire::openai_chat).text == "Hello");
  CHECK(hear_all(*gemini, Wire::gemini).text == "The capital of France is Paris.\n");
  CHECK(hear_all(*array, Wire::gemini).text == "Scoop");
  CHECK(hear_all(*claude, Wire::anthropic).text == "- Captain\n- Scoop");
}

TEST_CASE("recorded: errors in the middle of a stream") {
  const auto groq = recorded("groq/chat-midstream-error.sse");
  const auto openrouter = recorded("openrouter/chat-midstream-error.sse");
  if (!groq || !openrouter) return;
  const Heard failed = hear_all(*groq, Wire::openai_chat);
  CHECK(failed.failed == Errc::ERR_PROVIDER_REFUSED);
  CHECK_FALSE(failed.reasoning.empty());
  CHECK_FALSE(failed.usage.known());
  const Heard too_long = hear_all(*openrouter, Wire::openai_chat);
  CHECK(too_long.failed == Errc::ERR_PROVIDER_REFUSED);
  CHECK(too_long.usage == Usage{.input = 43, .output = 10, .cached_input = 0, .reasoning = 11, .audio_input = 0});
}

TEST_CASE("recorded: refusals mean what their providers meant") {
  struct Refusal {
    const char* name;
    const char* provider;
    int status;
    Errc code;
  };
  for (const auto& [name, id, status, code] : {
           Refusal{"openai/badkey-models.json", "openai", 401, Errc::ERR_BAD_KEY},
           Refusal{"openai/badkey-responses.json", "openai", 401, Errc::ERR_BAD_KEY},
           Refusal{"openai/responses-error-insufficient-quota.json", "openai", 429, Errc::ERR_NO_CREDIT},
           Refusal{"openai/chat-error-400-unsupported-parameter.json", "openai", 400, Errc::ERR_PROVIDER_REFUSED},
           Refusal{"anthropic/badkey-models.json", "anthropic", 401, Errc::ERR_BAD_KEY},
           Refusal{"anthropic/error-404-model.json", "anthropic", 404, Errc::ERR_MODEL_NOT_FOUND},
           Refusal{"google/badkey-models.json", "google", 400, Errc::ERR_BAD_KEY},
           Refusal{"google/error-404-model.json", "google", 404, Errc::ERR_MODEL_NOT_FOUND},
           Refusal{"mistral/badkey-models.json", "mistral", 401, Errc::ERR_BAD_KEY},
           Refusal{"groq/badkey-models.json", "groq", 401, Errc::ERR_BAD_KEY},
           Refusal{"groq/chat-error-400-tool-use-failed.json", "groq", 400, Errc::ERR_PROVIDER_REFUSED},
           Refusal{"openrouter/error-400-model.json", "openrouter", 400, Errc::ERR_MODEL_NOT_FOUND},
           Refusal{"openrouter/error-429.json", "openrouter", 429, Errc::ERR_RATE_LIMITED},
           Refusal{"deepseek/error-400-octet-stream.json", "deepseek", 400, Errc::ERR_MODEL_NOT_FOUND},
           Refusal{"deepseek/responses-error-400.json", "deepseek", 400, Errc::ERR_PROVIDER_REFUSED},
       }) {
    CAPTURE(name);
    const auto body = recorded(name);
    if (!body) return;
    const auto problem = diagnose_answer(*provider(id), {status, "application/octet-stream", as_bytes(*body), ""});
    REQUIRE(problem.has_value());
    CHECK(problem->code == code);
    CHECK(problem->status == status);
    CHECK_FALSE(problem->retry_after_s.has_value());
  }
}
