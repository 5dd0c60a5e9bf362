// usage_swallow: takes out of a stream of chat completions what only our asking for usage put into it, so that its reader
// sees what it would have seen without. Everything else passes byte for byte.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace keyhold {

/// The chunk without choices that reports usage goes, with the empty line behind it; `"usage":null` goes out of the
/// others. A report in a chunk that has choices stays: those who send it so do it unasked.
class UsageSwallow {
 public:
  /// A longer line passes as it is.
  static constexpr std::size_t kMaxHeld = 1 << 20;

  /// Bytes to pass on now, valid until the next feed(). A line of data is held back until its end is here.
  ByteView feed(ByteView bytes);
  /// At the end of the body: what the last feed() gave, and what was held back.
  ByteView finish();

 private:
  void line(std::string_view text, char end);

  std::string out_;
  std::string held_;       // the line so far
  bool too_long_ = false;  // the line so far has been passed on
  bool dropping_ = false;  // inside an event that goes: up to the empty line
  bool kept_ = true;       // the last line end was passed on
  bool after_cr_ = false;  // a LF that comes now belongs to the CR before it
};

}  // namespace keyhold
