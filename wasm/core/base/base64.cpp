#include "base/base64.h"

namespace keyhold {

namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// What a character stands for; -1 if it is no digit.
int digit_of(char c) noexcept {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '-' ? 62 : c == '_' ? 63 : -1;
}

}  // namespace

bool is_base64url_digit(char c) noexcept { return digit_of(c) >= 0; }

std::string encode_base64url(ByteView bytes) {
  // Written in place: a vault holds a digest for every key.
  std::string text((bytes.size() * 4 + 2) / 3, '\0');
  char* out = text.data();
  std::uint32_t pending = 0;
  int bits = 0;
  for (const std::uint8_t byte : bytes) {
    pending = pending << 8 | byte;
    for (bits += 8; bits >= 6; bits -= 6) *out++ = kAlphabet[pending >> (bits - 6) & 63];
  }
  if (bits > 0) *out = kAlphabet[pending << (6 - bits) & 63];
  return text;
}

Result<Bytes> parse_base64url(std::string_view text) {
  Bytes bytes(text.size() * 3 / 4);
  std::size_t size = 0;
  std::uint32_t pending = 0;
  int bits = 0;
  for (const char c : text) {
    const int digit = digit_of(c);
    if (digit < 0) return Errc::ERR_BAD_FORMAT;
    pending = pending << 6 | static_cast<std::uint32_t>(digit);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[size++] = static_cast<std::uint8_t>(pending >> bits);
    }
  }
  // A canonical text leaves fewer than 6 bits over, all zero: otherwise two texts would mean the same bytes.
  if (bits >= 6 || (pending & ((1U << bits) - 1)) != 0) return Errc::ERR_BAD_FORMAT;
  return bytes;
}

}  // namespace keyhold
