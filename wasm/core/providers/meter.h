// meter: what an answer says, read from its bytes as they pass: usage, model, why it ended, and, for chat, its text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "providers/provider.h"
#include "providers/sse.h"
#include "providers/text_bytes.h"
#include "providers/usage.h"
#include "providers/wire.h"

namespace keyhold {

/// Reads one 2xx answer: a stream of events or of lines, or one JSON text. Goes by its content; the content type only
/// decides where that is unclear.
///
/// For a chat (`want_text`) whatever is not a sound answer is an error. For bytes that only pass through, odd content
/// is no error: usage then stays unknown, and feed() and end() always succeed.
class Meter {
 public:
  static constexpr std::size_t kMaxJsonBody = 4 << 20;  // of an answer that is not a stream

  /// `wire`: none if the answer's form is not one of ours; nothing is read then.
  Meter(std::optional<Wire> wire, std::string_view content_type, bool want_text);

  /// ERR_LINE_TOO_LONG, ERR_TOO_LARGE, ERR_BAD_STREAM (malformed), ERR_BAD_ANSWER (neither JSON nor a stream), or the
  /// meaning of an error the provider sent in the middle of the answer. An error is final.
  Result<void> feed(ByteView bytes);
  /// The body is complete. ERR_BAD_STREAM if the answer is not.
  Result<void> end();

  /// Text that came since the last call.
  std::vector<TextEvent> take_events();
  /// So far. Absent figures are unknown.
  const Usage& usage() const noexcept { return answer_.usage; }
  /// The model that answered, in the provider's words; "" if unknown.
  const std::string& model() const noexcept { return answer_.model; }
  /// Why the answer ended, in the provider's word; "" if unknown.
  const std::string& stop() const noexcept { return answer_.stop; }
  /// After end(): the answer came to the end that its form has, so that its usage is final.
  bool complete() const noexcept { return form_ == Form::json ? answer_.recognised : answer_.complete; }
  /// It is of a form that is read, as far as it came.
  bool read() const noexcept { return form_ != Form::unread; }
  /// How much text came, for an estimate where the provider says nothing.
  std::size_t text_bytes() const { return text_bytes_ + keyhold::text_bytes(body_); }

 private:
  enum class Form { undecided, stream, lines, json, unread };

  Result<void> settle(Result<void> result);
  Result<void> take(ByteView bytes);
  Result<void> finish();
  Form recognise(std::string_view text) const noexcept;
  Result<void> collect(ByteView bytes);
  Result<void> split(ByteView bytes);
  Result<void> datum(std::string_view data);
  bool worth_parsing(std::string_view data);
  Result<void> piece(std::string_view data);

  std::optional<Wire> wire_;
  bool event_stream_;  // by the content type
  bool want_text_;
  Form form_ = Form::undecided;
  SseDecoder sse_;
  std::string body_;            // the beginning while undecided, then the JSON body, or a line without its end
  std::string last_usage_;      // Gemini repeats usage in each event: the newest, read at the end
  std::size_t text_bytes_ = 0;  // of the events so far
  std::optional<Errc> failed_;
  Answer answer_;
};

}  // namespace keyhold
