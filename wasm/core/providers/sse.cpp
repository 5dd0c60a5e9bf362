#include "providers/sse.h"

#include <cstring>
#include <utility>

namespace keyhold {

namespace {

constexpr std::string_view kBom = "\xef\xbb\xbf";
constexpr std::size_t kPastBom = kBom.size() + 1;

// What is longer than any wait has no meaning as one.
constexpr std::size_t kMaxRetryDigits = 15;

std::size_t find_byte(std::string_view text, char byte) {
  if (text.empty()) return text.size();
  const auto* found = static_cast<const char*>(std::memchr(text.data(), byte, text.size()));
  return found == nullptr ? text.size() : static_cast<std::size_t>(found - text.data());
}

}  // namespace

Result<void> SseDecoder::feed(ByteView bytes, const OnEvent& on_event) {
  std::string_view rest = skip_bom(as_text(bytes));
  std::size_t to_lf = find_byte(rest, '\n');  // looked for once per line feed, so that lone CRs cost no more
  while (!rest.empty()) {
    if (std::exchange(after_cr_, false) && rest[0] == '\n') {
      rest.remove_prefix(1);
      to_lf = find_byte(rest, '\n');
      continue;
    }
    const std::size_t end = find_byte(rest.substr(0, to_lf), '\r');
    if (partial_.size() + end > kMaxLine) return Errc::ERR_LINE_TOO_LONG;
    if (end == rest.size()) {
      partial_ += rest;
      break;
    }
    if (partial_.empty()) {
      KEYHOLD_CHECK(line(rest.substr(0, end), on_event));
    } else {
      partial_ += rest.substr(0, end);
      // The data may be a view of this line; it has to be copied before the next one overwrites it.
      KEYHOLD_CHECK(line(partial_, on_event));
      data_.append(std::exchange(data_view_, {}));
      partial_.clear();
    }
    after_cr_ = rest[end] == '\r';
    rest.remove_prefix(end + 1);
    to_lf = end < to_lf ? to_lf - end - 1 : find_byte(rest, '\n');
  }
  data_.append(std::exchange(data_view_, {}));
  return {};
}

std::string_view SseDecoder::skip_bom(std::string_view bytes) {
  while (bom_seen_ < kPastBom && !bytes.empty()) {
    if (bom_seen_ < kBom.size() && bytes[0] == kBom[bom_seen_]) {
      bytes.remove_prefix(1);
      ++bom_seen_;
      continue;
    }
    // No byte order mark after all: what looked like its beginning belongs to the first line.
    if (bom_seen_ < kBom.size()) partial_ = kBom.substr(0, bom_seen_);
    bom_seen_ = kPastBom;
  }
  return bytes;
}

Result<void> SseDecoder::line(std::string_view text, const OnEvent& on_event) {
  if (text.empty()) return dispatch(on_event);
  const std::size_t colon = find_byte(text, ':');
  if (colon == 0) return {};  // a comment
  if (colon == text.size()) return field(text, {});
  std::string_view value = text.substr(colon + 1);
  if (!value.empty() && value[0] == ' ') value.remove_prefix(1);
  return field(text.substr(0, colon), value);
}

Result<void> SseDecoder::field(std::string_view name, std::string_view value) {
  if (name == "data") return add_data(value);
  if (name == "event") {
    name_ = value;
  } else if (name == "id") {
    if (find_byte(value, '\0') == value.size()) id_ = value;
  } else if (name == "retry" && !value.empty() && value.size() <= kMaxRetryDigits &&
             value.find_first_not_of("0123456789") == std::string_view::npos) {
    std::int64_t ms = 0;
    for (const char c : value) ms = ms * 10 + (c - '0');
    retry_ms_ = ms;
  }
  return {};
}

Result<void> SseDecoder::add_data(std::string_view value) {
  if (data_.size() + data_view_.size() + value.size() + 1 > kMaxEvent) return Errc::ERR_LINE_TOO_LONG;
  if (data_lines_++ == 0) {
    data_view_ = value;
    return {};
  }
  data_.append(std::exchange(data_view_, {}));
  data_ += '\n';
  data_ += value;
  return {};
}

Result<void> SseDecoder::dispatch(const OnEvent& on_event) {
  const std::string_view data = data_view_.empty() ? std::string_view(data_) : data_view_;
  Result<void> result;
  if (data_lines_ > 0) {
    result = on_event({name_.empty() ? std::string_view("message") : std::string_view(name_), data, id_});
  }
  data_view_ = {};
  data_.clear();
  data_lines_ = 0;
  name_.clear();
  return result;
}

}  // namespace keyhold
