#include "providers/meter.h"

#include <algorithm>
#include <utility>

namespace keyhold {

namespace {

constexpr std::string_view kBom = "\xef\xbb\xbf";
constexpr std::string_view kWhite = " \t\r\n";
constexpr std::size_t kMaxBodyValues = 1 << 17;

bool starts_with(std::string_view text, std::string_view start) { return text.substr(0, start.size()) == start; }

bool is_event_stream(std::string_view content_type) {
  constexpr std::string_view kType = "text/event-stream";
  if (content_type.size() < kType.size()) return false;
  for (std::size_t i = 0; i < kType.size(); ++i) {
    const char c = content_type[i];
    if ((c >= 'A' && c <= 'Z' ? c + 32 : c) != kType[i]) return false;
  }
  return true;
}

// The member `rest_of_key` (its name without the first quote: that is everywhere) with a value that begins so.
bool has_member(std::string_view json, std::string_view rest_of_key, char value_begin) {
  for (std::size_t at = 0; (at = json.find(rest_of_key, at)) != std::string_view::npos;) {
    at += rest_of_key.size();
    const auto value = json.find_first_not_of(kWhite, at);
    if (value != std::string_view::npos && json[value] == value_begin) return true;
  }
  return false;
}

}  // namespace

Meter::Meter(std::optional<Wire> wire, std::string_view content_type, bool want_text)
    : wire_(wire), event_stream_(is_event_stream(content_type)), want_text_(want_text) {
  if (!wire_) form_ = Form::unread;
}

Result<void> Meter::feed(ByteView bytes) {
  if (failed_) return *failed_;
  return settle(take(bytes));
}

Result<void> Meter::end() {
  if (failed_) return *failed_;
  return settle(finish());
}

// What is wrong with a chat stays wrong; what only passes through is no longer read.
Result<void> Meter::settle(Result<void> result) {
  if (result) return {};
  if (want_text_) {
    failed_ = result.error();
    return result;
  }
  form_ = Form::unread;
  body_ = {};
  return {};
}

std::vector<TextEvent> Meter::take_events() { return std::exchange(answer_.events, {}); }

Result<void> Meter::take(ByteView bytes) {
  switch (form_) {
    case Form::unread: return {};
    case Form::stream: return sse_.feed(bytes, [this](const SseEvent& event) { return datum(event.data); });
    case Form::lines: return split(bytes);
    case Form::json: return collect(bytes);
    case Form::undecided: break;
  }
  std::string_view text = as_text(bytes);
  // Providers keep connections alive with empty lines before the answer.
  if (body_.empty()) text.remove_prefix(std::min(text.find_first_not_of(kWhite), text.size()));
  body_ += text;
  form_ = recognise(body_);
  if (form_ == Form::unread) return Errc::ERR_BAD_ANSWER;
  if (form_ == Form::json) return collect({});
  return form_ == Form::undecided ? Result<void>() : take(as_bytes(std::exchange(body_, {})));
}

Meter::Form Meter::recognise(std::string_view text) const noexcept {
  if (starts_with(text, kBom)) text.remove_prefix(kBom.size());
  if (text.empty() || starts_with(kBom, text)) return Form::undecided;
  if (text[0] == '{' || text[0] == '[') return *wire_ == Wire::ollama ? Form::lines : Form::json;
  if (text[0] == '<') return Form::unread;
  if (event_stream_) return Form::stream;
  for (const std::string_view field : {"data:", "event:", "id:", "retry:", ":"}) {
    if (starts_with(text, field)) return Form::stream;
    if (starts_with(field, text)) return Form::undecided;
  }
  return Form::unread;
}

Result<void> Meter::collect(ByteView bytes) {
  if (body_.size() + bytes.size() > kMaxJsonBody) return Errc::ERR_TOO_LARGE;
  body_ += as_text(bytes);
  return {};
}

// One JSON text a line; the last may do without its end.
Result<void> Meter::split(ByteView bytes) {
  for (std::string_view rest = as_text(bytes);;) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    if (body_.size() + end > SseDecoder::kMaxLine) return Errc::ERR_LINE_TOO_LONG;
    body_ += rest.substr(0, end);
    if (end == rest.size()) return {};
    KEYHOLD_CHECK(datum(std::exchange(body_, {})));
    rest.remove_prefix(end + 1);
  }
}

Result<void> Meter::datum(std::string_view data) {
  if (data.find_first_not_of(kWhite) == std::string_view::npos) return {};
  if (data == "[DONE]") {
    answer_.complete = true;
    return {};
  }
  text_bytes_ += keyhold::text_bytes(data);
  return want_text_ || worth_parsing(data) ? piece(data) : Result<void>();
}

bool Meter::worth_parsing(std::string_view data) {
  switch (*wire_) {
    case Wire::openai_chat:
      return (answer_.model.empty() && has_member(data, "model\":", '"')) || has_member(data, "usage\":", '{') ||
             has_member(data, "finish_reason\":", '"');
    case Wire::openai_responses: return has_member(data, "response\":", '{');  // its state: not in the deltas
    case Wire::cohere: return has_member(data, "finish_reason\":", '"');
    case Wire::ollama: return has_member(data, "done\":", 't');
    case Wire::anthropic: return data.find("message_") != std::string_view::npos;  // message_start and message_delta
    case Wire::gemini:
      if (has_member(data, "finishReason\":", '"')) {
        last_usage_.clear();
        return true;
      }
      // A running total in every event: only the last one needs reading.
      if (data.find("usageMetadata") != std::string_view::npos) last_usage_ = data;
      return false;
  }
  return false;
}

Result<void> Meter::piece(std::string_view data) {
  const auto document = Json::parse(as_bytes(data), {.max_bytes = SseDecoder::kMaxEvent, .max_values = kMaxBodyValues});
  if (!document) return want_text_ ? Result<void>(Errc::ERR_BAD_STREAM) : Result<void>();
  const auto read = read_piece(*wire_, document->root(), want_text_, answer_);
  // An error in the middle of an answer concerns the caller, who sees it too.
  return want_text_ ? read : Result<void>();
}

Result<void> Meter::finish() {
  switch (form_) {
    case Form::unread: return {};
    case Form::undecided: return event_stream_ ? Errc::ERR_BAD_STREAM : Errc::ERR_BAD_ANSWER;
    case Form::json: {
      const std::string body = std::exchange(body_, {});
      KEYHOLD_CHECK(piece(body));
      if (!answer_.usage.known()) text_bytes_ = keyhold::text_bytes(body);
      return answer_.recognised ? Result<void>() : Result<void>(Errc::ERR_BAD_ANSWER);
    }
    case Form::lines: KEYHOLD_CHECK(datum(std::exchange(body_, {}))); break;
    case Form::stream: break;
  }
  if (!last_usage_.empty()) KEYHOLD_CHECK(piece(std::exchange(last_usage_, {})));
  return answer_.complete ? Result<void>() : Result<void>(Errc::ERR_BAD_STREAM);
}

}  // namespace keyhold
