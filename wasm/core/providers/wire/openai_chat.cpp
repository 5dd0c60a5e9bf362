// openai_chat: chat completions, in OpenAI's form and the dialects of those who took it over.
#include "providers/error_meaning.h"
#include "providers/wire/forms.h"

namespace keyhold {

namespace {

void read_usage(JsonRef reporter, Answer& answer) {
  if (const auto usage = object_at(reporter, "usage")) read_openai_usage(*usage, answer.usage);
}

// Content is a text, or (Mistral) a list of parts of which some are thoughts.
void read_content(JsonRef said, bool want_text, Answer& answer) {
  say(answer, want_text, TextEvent::Type::text, text_at(said, "content"));
  each_at(said, "content", [&](JsonRef part) {
    say(answer, want_text, TextEvent::Type::text, text_at(part, "text"));
    each_at(part, "thinking",
            [&](JsonRef thought) { say(answer, want_text, TextEvent::Type::reasoning, text_at(thought, "text")); });
  });
}

void read_choice(JsonRef choice, bool want_text, Answer& answer) {
  // With several choices the first is the answer; the others only cost.
  const auto index = count_at(choice, "index");
  const bool first = !index || *index == 0;
  auto said = object_at(choice, "delta");
  if (!said) said = object_at(choice, "message");
  if (!said) {
    say(answer, want_text && first, TextEvent::Type::text, text_at(choice, "text"));  // plain completions
  } else if (first) {
    // One or the other: DeepSeek and xAI name it so, Groq and OpenRouter so.
    const auto thought = text_at(*said, "reasoning_content");
    say(answer, want_text, TextEvent::Type::reasoning, thought.empty() ? text_at(*said, "reasoning") : thought);
    read_content(*said, want_text, answer);
    say(answer, want_text, TextEvent::Type::text, text_at(*said, "refusal"));
  }
  note_stop(answer, text_at(choice, "finish_reason"));
  read_usage(choice, answer);  // Moonshot
}

}  // namespace

JsonOut openai_chat_body(const Question& question) {
  JsonOut body = JsonOut::object();
  body.set("model", question.model).set("messages", messages_of(question)).set("stream", true);
  body.set(question.provider.chat.max_tokens_field, question.max_tokens);
  if (question.provider.chat.ask_usage) {
    JsonOut options = JsonOut::object();
    options.set("include_usage", true);
    body.set("stream_options", options);
  }
  return body;
}

Result<void> read_openai_chat(JsonRef piece, bool want_text, Answer& answer) {
  const auto choices = piece.find("choices");
  if (choices && choices->is_array()) answer.recognised = true;
  note_model(answer, text_at(piece, "model"));
  each_at(piece, "choices", [&](JsonRef choice) { read_choice(choice, want_text, answer); });
  if (const auto groq = object_at(piece, "x_groq")) read_usage(*groq, answer);
  read_usage(piece, answer);
  const auto error = piece.find("error");
  if (error && !error->is_null()) return meaning_of_error(piece);
  return {};
}

}  // namespace keyhold
