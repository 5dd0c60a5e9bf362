// anthropic: the Messages form.
#include "providers/error_meaning.h"
#include "providers/wire/forms.h"

namespace keyhold {

namespace {

struct Tokens {
  std::optional<std::int64_t> fresh;  // read, and neither from a cache nor into it
  std::optional<std::int64_t> cache_read;
  std::optional<std::int64_t> cache_write;
  std::optional<std::int64_t> output;
};

Tokens read_tokens(JsonRef reported) {
  Tokens tokens{count_at(reported, "input_tokens"), count_at(reported, "cache_read_input_tokens"),
                count_at(reported, "cache_creation_input_tokens"), count_at(reported, "output_tokens")};
  // With compaction the top level counts the last round only.
  Tokens all;
  each_at(reported, "iterations", [&](JsonRef round) {
    all.fresh = sum({all.fresh, count_at(round, "input_tokens")});
    all.cache_read = sum({all.cache_read, count_at(round, "cache_read_input_tokens")});
    all.cache_write = sum({all.cache_write, count_at(round, "cache_creation_input_tokens")});
    all.output = sum({all.output, count_at(round, "output_tokens")});
  });
  return all.fresh ? all : tokens;
}

// Figures are running totals: each report replaces the last. Without input tokens it says nothing of the input.
void read_usage(JsonRef message, bool output_is_final, Usage& usage) {
  const auto reported = object_at(message, "usage");
  if (!reported) return;
  const Tokens tokens = read_tokens(*reported);
  if (tokens.fresh) {
    if (tokens.cache_read) usage.cached_input = tokens.cache_read;
    if (tokens.cache_write) usage.cache_write = tokens.cache_write;
    usage.input = sum({tokens.fresh, usage.cached_input, usage.cache_write});
  }
  if (!output_is_final) return;
  if (tokens.output) usage.output = tokens.output;
  if (const auto details = object_at(*reported, "output_tokens_details")) {
    usage.reasoning = count_at(*details, "thinking_tokens");
  }
}

// A block of content, or what is added to one: both name their texts alike.
void read_block(JsonRef block, bool want_text, Answer& answer) {
  say(answer, want_text, TextEvent::Type::text, text_at(block, "text"));
  say(answer, want_text, TextEvent::Type::reasoning, text_at(block, "thinking"));
}

void read_message(JsonRef message, Answer& answer, bool whole) {
  answer.recognised = true;
  note_model(answer, text_at(message, "model"));
  // At the beginning the count of output is a guess.
  read_usage(message, whole, answer.usage);
}

}  // namespace

JsonOut anthropic_body(const Question& question) {
  std::string system;
  JsonOut messages = JsonOut::array();
  for (const ChatMessage& message : question.messages) {
    if (message.role == ChatMessage::Role::system) {
      if (!system.empty()) system += "\n\n";
      system += message.text;
      continue;
    }
    JsonOut item = JsonOut::object();
    item.set("role", message.role == ChatMessage::Role::user ? "user" : "assistant").set("content", message.text);
    messages.push(item);
  }
  JsonOut body = JsonOut::object();
  body.set("model", question.model).set("max_tokens", question.max_tokens).set("stream", true);
  if (!system.empty()) body.set("system", system);
  body.set("messages", messages);
  return body;
}

Result<void> read_anthropic(JsonRef piece, bool want_text, Answer& answer) {
  const auto type = text_at(piece, "type");
  if (type == "message_start") {
    if (const auto message = object_at(piece, "message")) read_message(*message, answer, false);
  } else if (type == "content_block_start") {
    if (const auto block = object_at(piece, "content_block")) read_block(*block, want_text, answer);
  } else if (type == "content_block_delta") {
    if (const auto delta = object_at(piece, "delta")) read_block(*delta, want_text, answer);
  } else if (type == "message_delta") {
    // A reason is not the end yet: message_stop is.
    if (const auto delta = object_at(piece, "delta")) note_reason(answer, text_at(*delta, "stop_reason"));
    read_usage(piece, true, answer.usage);
  } else if (type == "message_stop") {
    answer.complete = true;
  } else if (type == "message") {
    read_message(piece, answer, true);
    each_at(piece, "content", [&](JsonRef block) { read_block(block, want_text, answer); });
    note_stop(answer, text_at(piece, "stop_reason"));
  } else if (type == "error") {
    return meaning_of_error(piece);
  }
  return {};
}

}  // namespace keyhold
