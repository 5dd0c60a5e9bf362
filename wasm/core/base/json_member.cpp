#include "base/json_member.h"

#include <algorithm>

#include "base/json.h"

namespace keyhold {

namespace {

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Walks over a document by the grammar of RFC 8259. Each step says whether the text went on as it must.
class Walker {
 public:
  explicit Walker(std::string_view text) noexcept : text_(text) {}

  bool at_end() const noexcept { return at_ == text_.size(); }
  std::size_t position() const noexcept { return at_; }
  std::string_view since(std::size_t begin) const noexcept { return text_.substr(begin, at_ - begin); }

  bool take(char c) noexcept {
    if (peek() != c || at_end()) return false;
    ++at_;
    return true;
  }
  void skip_space() noexcept {
    while (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r') ++at_;
  }
  bool string() noexcept {
    if (!take('"')) return false;
    while (!at_end()) {
      const char c = text_[at_++];
      if (c == '"') return true;
      if (static_cast<unsigned char>(c) < ' ' || (c == '\\' && !escape())) return false;
    }
    return false;
  }
  bool value(std::size_t depth) noexcept {
    switch (peek()) {
      case '"': return string();
      case '{': return depth > 0 && list('}', [&] { return string() && colon() && value(depth - 1); });
      case '[': return depth > 0 && list(']', [&] { return value(depth - 1); });
      case 't': return word("true");
      case 'f': return word("false");
      case 'n': return word("null");
      default: return number();
    }
  }
  bool colon() noexcept {
    skip_space();
    if (!take(':')) return false;
    skip_space();
    return true;
  }
  // Brackets and commas; `item` is called at the beginning of each item.
  template <class Item>
  bool list(char close, Item item) noexcept {
    ++at_;
    skip_space();
    if (take(close)) return true;
    for (;;) {
      if (!item()) return false;
      skip_space();
      if (take(close)) return true;
      if (!take(',')) return false;
      skip_space();
    }
  }

 private:
  char peek() const noexcept { return at_end() ? '\0' : text_[at_]; }

  bool escape() noexcept {
    const char c = peek();
    ++at_;
    if (c != 'u') return std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos;
    for (int i = 0; i < 4; ++i, ++at_) {
      if (hex_digit(peek()) < 0) return false;
    }
    return true;
  }
  bool word(std::string_view expected) noexcept {
    if (text_.substr(at_, expected.size()) != expected) return false;
    at_ += expected.size();
    return true;
  }
  bool digits() noexcept {
    const std::size_t begin = at_;
    while (peek() >= '0' && peek() <= '9') ++at_;
    return at_ > begin;
  }
  bool number() noexcept {
    take('-');
    if (!take('0') && !digits()) return false;
    if (take('.') && !digits()) return false;
    if (!take('e') && !take('E')) return true;
    if (!take('+')) take('-');
    return digits();
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Result<std::optional<std::string_view>> json_member(std::string_view document, std::string_view name) {
  std::optional<std::string_view> found;
  Walker walker(document);
  const auto member = [&] {
    std::size_t begin = walker.position();
    if (!walker.string()) return false;
    const std::string_view written = walker.since(begin);
    // Another spelling of a name could hide a second member of it.
    if (written.find('\\') != std::string_view::npos) return false;
    const bool wanted = written.substr(1, written.size() - 2) == name;
    if (!walker.colon()) return false;
    begin = walker.position();
    if (!walker.value(kJsonMaxDepth - 1)) return false;
    if (wanted && found) return false;
    if (wanted) found = walker.since(begin);
    return true;
  };
  walker.skip_space();
  if (document.substr(walker.position(), 1) != "{" || !walker.list('}', member)) return Errc::ERR_BAD_JSON;
  walker.skip_space();
  if (!walker.at_end()) return Errc::ERR_BAD_JSON;
  return found;
}

Result<SecretBytes> json_secret_text(std::string_view written) {
  Walker walker(written);
  if (!walker.string() || !walker.at_end()) return Errc::ERR_BAD_JSON;
  SecretBytes text(written.size());
  std::size_t size = 0;
  for (std::size_t i = 1; i + 1 < written.size(); ++i) {
    char c = written[i];
    if (c == '\\') {
      c = written[++i];
      const std::size_t control = std::string_view("bfnrt").find(c);
      if (control != std::string_view::npos) {
        c = "\b\f\n\r\t"[control];
      } else if (c == 'u') {
        int code = 0;
        for (int digit = 0; digit < 4; ++digit) code = code * 16 + hex_digit(written[++i]);
        if (code > 0x7f) return Errc::ERR_BAD_JSON;
        c = static_cast<char>(code);
      }
    }
    text.fill()[size++] = static_cast<std::uint8_t>(c);
  }
  // REVEAL: without what the escapes took more.
  return SecretBytes::copy_of(text.reveal().first(size));
}

}  // namespace keyhold
