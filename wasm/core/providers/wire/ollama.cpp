// ollama: the form of Ollama's own chat: one JSON object a line.
#include "providers/error_meaning.h"
#include "providers/wire/forms.h"

namespace keyhold {

JsonOut ollama_body(const Question& question) {
  JsonOut options = JsonOut::object();
  options.set("num_predict", question.max_tokens);
  JsonOut body = JsonOut::object();
  body.set("model", question.model).set("messages", messages_of(question)).set("stream", true);
  body.set("options", options);
  return body;
}

Result<void> read_ollama(JsonRef piece, bool want_text, Answer& answer) {
  const auto error = piece.find("error");
  if (error && !error->is_null()) return meaning_of_error(piece);
  note_model(answer, text_at(piece, "model"));
  const auto message = object_at(piece, "message");
  const JsonRef said = message ? *message : piece;
  say(answer, want_text, TextEvent::Type::reasoning, text_at(said, "thinking"));
  say(answer, want_text, TextEvent::Type::text, text_at(said, message ? "content" : "response"));
  const auto done = piece.find("done");
  const auto last = done ? done->boolean() : Result<bool>(Errc::ERR_BAD_JSON);
  if (!last) return {};
  answer.recognised = true;
  if (!*last) return {};
  answer.complete = true;
  note_reason(answer, text_at(piece, "done_reason"));
  answer.usage = {.input = count_at(piece, "prompt_eval_count"), .output = count_at(piece, "eval_count")};
  return {};
}

}  // namespace keyhold
