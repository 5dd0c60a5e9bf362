// cohere: the form of Cohere's second version of chat.
#include "providers/wire/forms.h"

namespace keyhold {

namespace {

void read_content(JsonRef part, bool want_text, Answer& answer) {
  say(answer, want_text, TextEvent::Type::reasoning, text_at(part, "thinking"));
  say(answer, want_text, TextEvent::Type::text, text_at(part, "text"));
}

// What is billed, which is less than what was counted: a system text of Cohere's own is not.
void read_usage(JsonRef reported, Usage& usage) {
  const auto billed = object_at(reported, "billed_units");
  const auto counted = object_at(reported, "tokens");
  const JsonRef tokens = billed ? *billed : counted ? *counted : reported;
  usage = {.input = count_at(tokens, "input_tokens"), .output = count_at(tokens, "output_tokens")};
}

}  // namespace

JsonOut cohere_body(const Question& question) {
  JsonOut body = JsonOut::object();
  body.set("model", question.model).set("messages", messages_of(question)).set("stream", true);
  body.set("max_tokens", question.max_tokens);
  return body;
}

Result<void> read_cohere(JsonRef piece, bool want_text, Answer& answer) {
  // An event of a stream says in `delta` what a whole answer says at once.
  const auto delta = object_at(piece, "delta");
  const JsonRef said = delta ? *delta : piece;
  if (const auto message = object_at(said, "message")) {
    answer.recognised = true;
    say(answer, want_text, TextEvent::Type::reasoning, text_at(*message, "tool_plan"));
    if (const auto content = object_at(*message, "content")) read_content(*content, want_text, answer);
    each_at(*message, "content", [&](JsonRef part) { read_content(part, want_text, answer); });
  }
  for (const char* key : {"usage", "meta"}) {  // the latter in what is no chat
    if (const auto usage = object_at(said, key)) read_usage(*usage, answer.usage);
  }
  const auto reason = text_at(said, "finish_reason");
  note_stop(answer, reason);
  return reason == "ERROR" ? Result<void>(Errc::ERR_PROVIDER_DOWN) : Result<void>();
}

}  // namespace keyhold
