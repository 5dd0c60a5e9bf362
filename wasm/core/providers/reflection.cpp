#include "providers/reflection.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

namespace keyhold {

namespace {

constexpr std::size_t kTableSize = 4096;
constexpr std::size_t kMaxShift = 255;

std::size_t hash(const std::uint8_t* two_bytes) noexcept {
  return (two_bytes[0] << 5 ^ two_bytes[1]) & (kTableSize - 1);
}

// Where an encoding is written, byte by byte. Room is for the longest: three bytes for one.
class Writer {
 public:
  explicit Writer(std::size_t secret_size) : bytes_(3 * secret_size) {}
  void put(char c) noexcept { bytes_.fill()[size_++] = static_cast<std::uint8_t>(c); }
  ByteView written() const noexcept { return bytes_.reveal().first(size_); }  // REVEAL: a pattern to look for

 private:
  SecretBytes bytes_;
  std::size_t size_ = 0;
};

Writer json_escaped(ByteView secret, bool slashes_too) {
  Writer out(secret.size());
  for (const std::uint8_t byte : secret) {
    if (byte == '"' || byte == '\\' || (slashes_too && byte == '/')) out.put('\\');
    out.put(static_cast<char>(byte));
  }
  return out;
}

// `keep`: characters that stay as they are beside letters and digits; nothing: not even those stay.
Writer percent_encoded(ByteView secret, std::optional<std::string_view> keep, std::string_view digits) {
  Writer out(secret.size());
  for (const std::uint8_t byte : secret) {
    const char c = static_cast<char>(byte);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (keep && (plain || keep->find(c) != std::string_view::npos)) {
      out.put(c);
    } else {
      out.put('%');
      out.put(digits[byte >> 4]);
      out.put(digits[byte & 15]);
    }
  }
  return out;
}

// The digits that the secret alone decides when `offset` bytes stand before it: the rest depends on its neighbours.
Writer base64(ByteView secret, std::size_t offset, std::string_view last_two) {
  static constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  Writer out(secret.size());
  const std::size_t end = (offset + secret.size()) * 8 / 6;
  for (std::size_t digit = (offset * 8 + 5) / 6; digit < end; ++digit) {
    unsigned value = 0;
    for (std::size_t bit = digit * 6; bit < digit * 6 + 6; ++bit) {
      value = value << 1 | (secret[bit / 8 - offset] >> (7 - bit % 8) & 1);
    }
    out.put(value < kAlphabet.size() ? kAlphabet[value] : last_two[value - kAlphabet.size()]);
  }
  return out;
}

}  // namespace

ReflectionScanner::ReflectionScanner(const SecretBytes& secret) {
  const ByteView key = secret.reveal();  // REVEAL: to know what must not come back
  if (key.size() < 2) return;
  constexpr std::size_t kMostPatterns = 15;
  patterns_ = SecretBytes(kMostPatterns * 3 * key.size());
  add_pattern(key);
  add_pattern(json_escaped(key, false).written());
  add_pattern(json_escaped(key, true).written());
  for (const std::string_view digits : {"0123456789ABCDEF", "0123456789abcdef"}) {
    add_pattern(percent_encoded(key, std::nullopt, digits).written());
    add_pattern(percent_encoded(key, "-_.~", digits).written());       // RFC 3986
    add_pattern(percent_encoded(key, "-_.!~*'()", digits).written());  // encodeURIComponent
  }
  for (std::size_t offset = 0; offset < 3; ++offset) {
    add_pattern(base64(key, offset, "+/").written());
    add_pattern(base64(key, offset, "-_").written());
  }
  build_shifts();
}

ByteView ReflectionScanner::pattern(const Span& span) const noexcept {
  return patterns_.reveal().subspan(span.offset, span.size);  // REVEAL: compared, never passed on
}

void ReflectionScanner::add_pattern(ByteView bytes) {
  for (const Span& span : spans_) {
    if (equal(pattern(span), bytes)) return;
  }
  std::copy(bytes.begin(), bytes.end(), patterns_.fill().subspan(used_).begin());
  spans_.push_back({used_, bytes.size()});
  used_ += bytes.size();
}

// Wu-Manber: the last two bytes of a window as wide as the shortest pattern tell how far it is to the next place where
// a pattern can begin. Nearly always it is the whole width.
void ReflectionScanner::build_shifts() {
  shortest_ = spans_[0].size;
  longest_ = 0;
  for (const Span& span : spans_) {
    shortest_ = std::min(shortest_, span.size);
    longest_ = std::max(longest_, span.size);
  }
  shifts_ = SecretBytes(kTableSize);
  const auto shifts = shifts_.fill();
  std::fill(shifts.begin(), shifts.end(), static_cast<std::uint8_t>(std::min(shortest_ - 1, kMaxShift)));
  begins_ = SecretBytes(kTableSize);
  for (const Span& span : spans_) {
    const ByteView bytes = pattern(span);
    begins_.fill()[hash(bytes.data())] = 1;
    for (std::size_t i = 0; i + 1 < shortest_; ++i) {
      std::uint8_t& shift = shifts[hash(&bytes[i])];
      shift = static_cast<std::uint8_t>(std::min<std::size_t>(shift, shortest_ - 2 - i));
    }
  }
}

bool ReflectionScanner::occurs_in(ByteView bytes) const noexcept {
  if (spans_.empty()) return false;
  const std::uint8_t* shifts = shifts_.reveal().data();  // REVEAL: a table, not passed on
  std::size_t at = 0;
  while (at + shortest_ <= bytes.size()) {
    const std::size_t shift = shifts[hash(&bytes[at + shortest_ - 2])];
    if (shift == 0) {
      for (const Span& span : spans_) {
        if (span.size <= bytes.size() - at && equal(pattern(span), bytes.subspan(at, span.size))) return true;
      }
    }
    at += std::max<std::size_t>(shift, 1);
  }
  return false;
}

// Length of the longest tail that is the beginning of a pattern (but not all of it: that was a find).
std::size_t ReflectionScanner::held_back(ByteView bytes) const noexcept {
  std::size_t length = std::min(bytes.size(), longest_ - 1);
  const std::uint8_t* begins = begins_.reveal().data();  // REVEAL: a table, not passed on
  for (; length > 0; --length) {
    const ByteView tail = bytes.last(length);
    if (length > 1 && begins[hash(tail.data())] == 0) continue;  // nearly always
    for (const Span& span : spans_) {
      if (length < span.size && equal(pattern(span).first(length), tail)) return length;
    }
  }
  return 0;
}

Result<ByteView> ReflectionScanner::feed(ByteView chunk) {
  if (found_) return Errc::ERR_KEY_REFLECTED;
  if (spans_.empty()) return chunk;
  ByteView bytes = chunk;
  if (!held_.empty()) {
    SecretBytes joined(held_.size() + chunk.size());
    const ByteView held = held_.reveal();  // REVEAL: it is part of the answer, and may turn out to be no secret
    std::copy(chunk.begin(), chunk.end(), std::copy(held.begin(), held.end(), joined.fill().begin()));
    joined_ = std::move(joined);
    bytes = joined_.reveal();
  }
  if (occurs_in(bytes)) {
    found_ = true;
    held_.wipe();
    joined_.wipe();
    return Errc::ERR_KEY_REFLECTED;
  }
  const std::size_t back = held_back(bytes);
  held_ = SecretBytes::copy_of(bytes.last(back));
  return bytes.first(bytes.size() - back);
}

Result<ByteView> ReflectionScanner::finish() {
  if (found_) return Errc::ERR_KEY_REFLECTED;
  joined_ = std::move(held_);
  return joined_.reveal();  // REVEAL: only the beginning of the secret, and the answer ends here
}

}  // namespace keyhold
