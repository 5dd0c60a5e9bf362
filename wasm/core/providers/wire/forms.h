// forms: what each wire has to do, for wire.cpp to choose from. Each file in this folder is one form.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "providers/wire.h"

namespace keyhold {

struct Question {
  const Provider& provider;
  std::string_view model;
  std::span<const ChatMessage> messages;
  std::int64_t max_tokens;
};

JsonOut openai_chat_body(const Question& question);
JsonOut openai_responses_body(const Question& question);
JsonOut anthropic_body(const Question& question);
JsonOut gemini_body(const Question& question);
JsonOut cohere_body(const Question& question);
JsonOut ollama_body(const Question& question);
/// [{"role":…, "content":…}, …], as most forms have it.
JsonOut messages_of(const Question& question);

Result<void> read_openai_chat(JsonRef piece, bool want_text, Answer& answer);
Result<void> read_openai_responses(JsonRef piece, bool want_text, Answer& answer);
Result<void> read_anthropic(JsonRef piece, bool want_text, Answer& answer);
Result<void> read_gemini(JsonRef piece, bool want_text, Answer& answer);
Result<void> read_cohere(JsonRef piece, bool want_text, Answer& answer);
Result<void> read_ollama(JsonRef piece, bool want_text, Answer& answer);

/// Usage as OpenAI reports it, of either form, and as those do who took it over.
void read_openai_usage(JsonRef reported, Usage& usage);

// Readers that take what is there and pass over what is not.

/// A count of tokens; nothing if absent, null or no such number.
std::optional<std::int64_t> count_at(JsonRef object, std::string_view key);
/// A text; "" if absent, null or of another type.
std::string_view text_at(JsonRef object, std::string_view key);
/// A member that is an object.
std::optional<JsonRef> object_at(JsonRef object, std::string_view key);
/// The elements of a member that is an array; none if it is not.
void each_at(JsonRef object, std::string_view key, FunctionRef<void(JsonRef)> visit);
/// The sum of those that are known; nothing if none is.
std::optional<std::int64_t> sum(std::initializer_list<std::optional<std::int64_t>> counts);

/// Notes text, unless it is empty or not wanted.
void say(Answer& answer, bool want_text, TextEvent::Type type, std::string_view text);
/// Notes the model that answers; the first name counts, and what is none does not.
void note_model(std::string& model, std::string_view name);
inline void note_model(Answer& answer, std::string_view name) { note_model(answer.model, name); }
/// Notes why the answer is going to end.
void note_reason(Answer& answer, std::string_view reason);
/// Notes why the answer ended, if a reason is given: it is complete then.
void note_stop(Answer& answer, std::string_view reason);

}  // namespace keyhold
