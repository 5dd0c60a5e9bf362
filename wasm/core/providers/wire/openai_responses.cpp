// openai_responses: the Responses form, of OpenAI and those who took it over.
#include "providers/error_meaning.h"
#include "providers/wire/forms.h"

namespace keyhold {

namespace {

// The whole answer's state: all of it where nothing is streamed, else what the first and the last events carry.
Result<void> read_state(JsonRef response, Answer& answer) {
  answer.recognised = true;
  note_model(answer, text_at(response, "model"));
  if (const auto usage = object_at(response, "usage")) read_openai_usage(*usage, answer.usage);
  const auto status = text_at(response, "status");
  if (status == "in_progress" || status == "queued") return {};
  const auto details = object_at(response, "incomplete_details");
  const auto reason = details ? text_at(*details, "reason") : std::string_view();
  note_stop(answer, reason.empty() ? status : reason);
  return status == "failed" ? Result<void>(meaning_of_error(response)) : Result<void>();
}

void read_item(JsonRef item, bool want_text, Answer& answer) {
  const auto type = text_at(item, "type") == "reasoning" ? TextEvent::Type::reasoning : TextEvent::Type::text;
  for (const char* parts : {"summary", "content"}) {
    each_at(item, parts, [&](JsonRef part) {
      say(answer, want_text, type, text_at(part, "text"));
      say(answer, want_text, type, text_at(part, "refusal"));
    });
  }
}

}  // namespace

JsonOut openai_responses_body(const Question& question) {
  JsonOut body = JsonOut::object();
  body.set("model", question.model).set("input", messages_of(question)).set("stream", true);
  // Nothing is to be kept at the provider for a later question.
  body.set("store", false).set("max_output_tokens", question.max_tokens);
  return body;
}

Result<void> read_openai_responses(JsonRef piece, bool want_text, Answer& answer) {
  const auto type = text_at(piece, "type");
  if (type == "response.output_text.delta" || type == "response.refusal.delta") {
    say(answer, want_text, TextEvent::Type::text, text_at(piece, "delta"));
  } else if (type == "response.reasoning_text.delta" || type == "response.reasoning_summary_text.delta") {
    say(answer, want_text, TextEvent::Type::reasoning, text_at(piece, "delta"));
  } else if (const auto response = object_at(piece, "response")) {
    return read_state(*response, answer);
  } else if (piece.find("output")) {
    each_at(piece, "output", [&](JsonRef item) { read_item(item, want_text, answer); });
    return read_state(piece, answer);
  } else if (type == "error" || object_at(piece, "error")) {
    return meaning_of_error(piece);  // flat or not: both occur
  }
  return {};
}

}  // namespace keyhold
