// sse: server-sent events from bytes, as the WHATWG algorithm has it. Knows nothing of what the events mean.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/function_ref.h"
#include "base/result.h"

namespace keyhold {

/// One event. The views live only while the callback runs. Malformed UTF-8 passes as it is.
struct SseEvent {
  std::string_view name;  // "message" where the stream gives none
  std::string_view data;  // lines joined by '\n'
  std::string_view id;    // of the last event that had one
};

/// Bytes in, events out. Memory is bounded by the two limits.
class SseDecoder {
 public:
  static constexpr std::size_t kMaxLine = 4 << 20;   // without its line end
  static constexpr std::size_t kMaxEvent = 8 << 20;  // data of one event

  using OnEvent = FunctionRef<Result<void>(const SseEvent&)>;

  /// Calls `on_event` for each event that is now complete; an error it returns ends the feeding and is returned.
  /// ERR_LINE_TOO_LONG over either limit. After an error the decoder is not to be fed again.
  /// An event not ended by an empty line when the stream ends is dropped, as the algorithm says: there is no end().
  Result<void> feed(ByteView bytes, const OnEvent& on_event);

  /// What the stream asked for with `retry:`, in milliseconds.
  std::optional<std::int64_t> retry_ms() const noexcept { return retry_ms_; }

 private:
  Result<void> line(std::string_view text, const OnEvent& on_event);
  Result<void> field(std::string_view name, std::string_view value);
  Result<void> dispatch(const OnEvent& on_event);
  Result<void> add_data(std::string_view value);
  std::string_view skip_bom(std::string_view bytes);

  std::size_t bom_seen_ = 0;  // bytes of a byte order mark so far; > 3 once the beginning is past
  bool after_cr_ = false;     // a LF that comes now belongs to the CR before it
  std::string partial_;       // a line whose end has not come yet
  std::size_t data_lines_ = 0;
  std::string_view data_view_;  // the only data line so far, still inside the chunk being fed
  std::string data_;            // otherwise
  std::string name_;
  std::string id_;
  std::optional<std::int64_t> retry_ms_;
};

}  // namespace keyhold
