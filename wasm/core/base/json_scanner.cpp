#include "base/json_scanner.h"

#include <cmath>
#include <cstdlib>
#include <limits>
#include <utility>

namespace keyhold {

namespace {

constexpr char kEnd = '\0';  // what stands past the end; no piece of JSON begins with it

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

std::uint8_t byte(char c) noexcept { return static_cast<std::uint8_t>(c); }

// Bytes of the well-formed UTF-8 sequence that `text` begins with (Unicode, table 3-7); 0 if it begins with none.
std::size_t sequence_length(std::string_view text) noexcept {
  const std::uint8_t lead = byte(text[0]);
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const std::size_t length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (text.size() < length) return 0;
  // No second spelling of a shorter sequence, no surrogate, nothing past U+10FFFF.
  const std::uint8_t lowest = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const std::uint8_t highest = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  if (byte(text[1]) < lowest || byte(text[1]) > highest) return 0;
  for (const char c : text.substr(2, length - 2)) {
    if ((byte(c) & 0xc0) != 0x80) return 0;
  }
  return length;
}

void append_utf8(std::string& out, std::uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
    return;
  }
  const int tails = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  constexpr std::uint8_t kLeads[] = {0, 0xc0, 0xe0, 0xf0};
  out += static_cast<char>(kLeads[tails] | code >> (6 * tails));
  for (int left = tails - 1; left >= 0; --left) out += static_cast<char>(0x80 | (code >> (6 * left) & 0x3f));
}

class Scanner {
 public:
  Scanner(std::string_view text, std::size_t max_depth, JsonPieces& pieces)
      : rest_(text), depth_left_(max_depth), pieces_(pieces) {}

  bool document() {
    if (!value()) return false;
    skip_white();
    return rest_.empty();
  }

 private:
  char peek() const noexcept { return rest_.empty() ? kEnd : rest_[0]; }

  bool take(char c) noexcept {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool take(std::string_view word) noexcept {
    if (rest_.substr(0, word.size()) != word) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  void skip_white() noexcept {
    while (take(' ') || take('\n') || take('\r') || take('\t')) {
    }
  }

  // The next piece of structure, past white space.
  bool next(char c) noexcept {
    skip_white();
    return take(c);
  }

  bool value() {
    skip_white();
    switch (peek()) {
      case '{': return object();
      case '[': return array();
      case '"': {
        std::string text;
        return string(text) && pieces_.text(std::move(text));
      }
      case 't': return take("true") && pieces_.boolean(true);
      case 'f': return take("false") && pieces_.boolean(false);
      case 'n': return take("null") && pieces_.null();
      default: return number();
    }
  }

  bool object() {
    if (!descend() || !pieces_.begin_object()) return false;
    if (next('}')) return ascend();
    do {
      skip_white();
      std::string name;
      if (!string(name) || !pieces_.name(std::move(name)) || !next(':') || !value()) return false;
    } while (next(','));
    return take('}') && ascend();
  }

  bool array() {
    if (!descend() || !pieces_.begin_array()) return false;
    if (next(']')) return ascend();
    do {
      if (!value()) return false;
    } while (next(','));
    return take(']') && ascend();
  }

  bool descend() noexcept {
    rest_.remove_prefix(1);
    return depth_left_ != 0 && depth_left_-- != 0;
  }

  bool ascend() {
    ++depth_left_;
    return pieces_.end();
  }

  bool string(std::string& out) {
    if (!take('"')) return false;
    for (;;) {
      std::size_t plain = 0;
      while (plain < rest_.size()) {
        const char c = rest_[plain];
        if (c == '"' || c == '\\' || byte(c) < 0x20) break;
        const std::size_t length = byte(c) < 0x80 ? 1 : sequence_length(rest_.substr(plain));
        if (length == 0) return false;
        plain += length;
      }
      out.append(rest_.substr(0, plain));
      rest_.remove_prefix(plain);
      if (take('"')) return true;
      // What else ends a run is a control character or the end of the text.
      if (!take('\\') || !escape(out)) return false;
    }
  }

  bool escape(std::string& out) {
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    if (take('u')) return escaped_unit(out);
    const auto which = rest_.empty() ? std::string_view::npos : kNames.find(rest_[0]);
    if (which == std::string_view::npos) return false;
    out += kMeanings[which];
    rest_.remove_prefix(1);
    return true;
  }

  // After \u: a character, or the first half of a surrogate pair and then the second.
  bool escaped_unit(std::string& out) {
    std::uint32_t code = 0;
    if (!hexadecimal(code)) return false;
    if (code >= 0xdc00 && code < 0xe000) return false;
    if (code >= 0xd800 && code < 0xdc00) {
      std::uint32_t low = 0;
      if (!take("\\u") || !hexadecimal(low) || low < 0xdc00 || low >= 0xe000) return false;
      code = 0x10000 + ((code - 0xd800) << 10 | (low - 0xdc00));
    }
    append_utf8(out, code);
    return true;
  }

  bool hexadecimal(std::uint32_t& code) noexcept {
    if (rest_.size() < 4) return false;
    for (int i = 0; i < 4; ++i) {
      const char c = rest_[0];
      const char lower = static_cast<char>(c | 0x20);
      const bool letter = lower >= 'a' && lower <= 'f';
      if (!is_digit(c) && !letter) return false;
      code = code << 4 | static_cast<std::uint32_t>(letter ? lower - 'a' + 10 : c - '0');
      rest_.remove_prefix(1);
    }
    return true;
  }

  bool digits() noexcept {
    if (!is_digit(peek())) return false;
    while (is_digit(peek())) rest_.remove_prefix(1);
    return true;
  }

  bool number() {
    const std::string_view begin = rest_;
    const bool negative = take('-');
    const std::string_view whole = rest_;
    if (!take('0') && !digits()) return false;
    const std::string_view magnitude = whole.substr(0, whole.size() - rest_.size());
    bool real = false;
    if (take('.')) {
      real = true;
      if (!digits()) return false;
    }
    if (take('e') || take('E')) {
      real = true;
      if (!take('+')) take('-');
      if (!digits()) return false;
    }
    std::uint64_t value = 0;
    if (!real && in_64_bits(magnitude, value)) {
      constexpr std::uint64_t kLowest = std::uint64_t{1} << 63;
      if (!negative) return pieces_.natural(value);
      if (value <= kLowest) return pieces_.integer(static_cast<std::int64_t>(0 - value));
    }
    const double rounded = std::strtod(std::string(begin.substr(0, begin.size() - rest_.size())).c_str(), nullptr);
    return std::isfinite(rounded) && pieces_.real(rounded);
  }

  static bool in_64_bits(std::string_view digits, std::uint64_t& value) noexcept {
    constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
    for (const char c : digits) {
      const auto digit = static_cast<std::uint64_t>(c - '0');
      if (value > (kMax - digit) / 10) return false;
      value = value * 10 + digit;
    }
    return true;
  }

  std::string_view rest_;
  std::size_t depth_left_;
  JsonPieces& pieces_;
};

}  // namespace

bool scan_json(std::string_view text, std::size_t max_depth, JsonPieces& pieces) {
  return Scanner(text, max_depth, pieces).document();
}

}  // namespace keyhold
