// gemini: the generateContent form.
#include "providers/error_meaning.h"
#include "providers/wire/forms.h"

namespace keyhold {

namespace {

JsonOut parts_of(std::string_view text) {
  JsonOut part = JsonOut::object();
  part.set("text", text);
  JsonOut parts = JsonOut::array();
  parts.push(part);
  return parts;
}

// Of a list that says how many tokens were of which kind.
std::optional<std::int64_t> audio_at(JsonRef reported, std::string_view key) {
  std::optional<std::int64_t> audio;
  each_at(reported, key, [&](JsonRef part) {
    if (text_at(part, "modality") == "AUDIO") audio = count_at(part, "tokenCount");
  });
  return audio;
}

// Each report is a running total of everything.
void read_usage(JsonRef reported, Usage& usage) {
  const auto thoughts = count_at(reported, "thoughtsTokenCount");
  usage.input = sum({count_at(reported, "promptTokenCount"), count_at(reported, "toolUsePromptTokenCount")});
  usage.output = sum({count_at(reported, "candidatesTokenCount"), thoughts});
  usage.cached_input = count_at(reported, "cachedContentTokenCount");
  usage.reasoning = thoughts;
  usage.audio_input = audio_at(reported, "promptTokensDetails");
  usage.cached_audio_input = audio_at(reported, "cacheTokensDetails");
  usage.audio_output = audio_at(reported, "candidatesTokensDetails");
}

void read_candidate(JsonRef candidate, bool want_text, Answer& answer) {
  const auto index = count_at(candidate, "index");
  if (index && *index != 0) return;
  if (const auto content = object_at(candidate, "content")) {
    each_at(*content, "parts", [&](JsonRef part) {
      const auto thought = part.find("thought");
      const bool reasoning = thought && thought->boolean().ok() && *thought->boolean();
      say(answer, want_text, reasoning ? TextEvent::Type::reasoning : TextEvent::Type::text, text_at(part, "text"));
    });
  }
  note_stop(answer, text_at(candidate, "finishReason"));
}

}  // namespace

JsonOut gemini_body(const Question& question) {
  std::string system;
  JsonOut contents = JsonOut::array();
  for (const ChatMessage& message : question.messages) {
    if (message.role == ChatMessage::Role::system) {
      if (!system.empty()) system += "\n\n";
      system += message.text;
      continue;
    }
    JsonOut item = JsonOut::object();
    item.set("role", message.role == ChatMessage::Role::user ? "user" : "model");
    item.set("parts", parts_of(message.text));
    contents.push(item);
  }
  JsonOut body = JsonOut::object();
  body.set("contents", contents);
  if (!system.empty()) {
    JsonOut instruction = JsonOut::object();
    instruction.set("parts", parts_of(system));
    body.set("systemInstruction", instruction);
  }
  JsonOut config = JsonOut::object();
  config.set("maxOutputTokens", question.max_tokens);
  body.set("generationConfig", config);
  return body;
}

Result<void> read_gemini(JsonRef piece, bool want_text, Answer& answer) {
  if (piece.is_array()) {  // a stream asked for without alt=sse
    return piece.each([&](JsonRef element) -> Result<void> {
      if (element.is_array()) return {};
      return read_gemini(element, want_text, answer);
    });
  }
  if (piece.find("candidates")) answer.recognised = true;
  note_model(answer, text_at(piece, "modelVersion"));
  each_at(piece, "candidates", [&](JsonRef candidate) { read_candidate(candidate, want_text, answer); });
  if (const auto feedback = object_at(piece, "promptFeedback")) {
    answer.recognised = true;
    note_stop(answer, text_at(*feedback, "blockReason"));
  }
  if (const auto usage = object_at(piece, "usageMetadata")) read_usage(*usage, answer.usage);
  const auto error = piece.find("error");
  if (error && !error->is_null()) return meaning_of_error(piece);
  return {};
}

}  // namespace keyhold
