#include "providers/key_format.h"

#include <initializer_list>
#include <string_view>

namespace keyhold {

namespace {

constexpr std::size_t kHintBytes = 4;
constexpr std::size_t kMinForHint = 16;

// White space and quotes that come along with copied text, also as chat programs and web pages write them (UTF-8).
constexpr std::string_view kWrapping[] = {" ",
                                          "\t",
                                          "\r",
                                          "\n",
                                          "\"",
                                          "'",
                                          "`",
                                          "\xc2\xa0",
                                          "\xe2\x80\x8b",
                                          "\xef\xbb\xbf",
                                          "\xe2\x80\x9c",
                                          "\xe2\x80\x9d",
                                          "\xe2\x80\x98",
                                          "\xe2\x80\x99"};

// These two read secret bytes and give back a part of them: views into the SecretBytes, never copies.
std::string_view unwrapped(std::string_view text) {
  for (bool changed = true; changed;) {
    changed = false;
    for (const std::string_view piece : kWrapping) {
      if (text.size() >= piece.size() && text.substr(0, piece.size()) == piece) {
        text.remove_prefix(piece.size());
        changed = true;
      }
      if (text.size() >= piece.size() && text.substr(text.size() - piece.size()) == piece) {
        text.remove_suffix(piece.size());
        changed = true;
      }
    }
  }
  return text;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool starts_with_word(std::string_view text, std::string_view lower_case) {
  if (text.size() < lower_case.size()) return false;
  for (std::size_t i = 0; i < lower_case.size(); ++i) {
    if (lower(text[i]) != lower_case[i]) return false;
  }
  return true;
}

enum class Name { none, maybe, surely };

// OPENAI_API_KEY, api_token: surely the name of a variable. ABC: maybe, or the beginning of a key with '=' in it.
Name variable_name(std::string_view text) {
  bool shouted = !text.empty();
  for (const char c : text) {
    const bool letter = lower(c) >= 'a' && lower(c) <= 'z';
    if (!letter && (c < '0' || c > '9') && c != '_') return Name::none;
    if (c >= 'a' && c <= 'z') shouted = false;
  }
  for (const std::string_view end : {std::string_view("key"), std::string_view("token")}) {
    if (text.size() >= end.size() && starts_with_word(text.substr(text.size() - end.size()), end)) return Name::surely;
  }
  return shouted ? Name::maybe : Name::none;
}

std::string_view without_name(std::string_view text) {
  constexpr std::string_view kExport = "export ";
  std::string_view rest = starts_with_word(text, kExport) ? unwrapped(text.substr(kExport.size())) : text;
  const auto equals = rest.find('=');
  if (equals == std::string_view::npos) return text;
  const Name name = variable_name(rest.substr(0, equals));
  rest = unwrapped(rest.substr(equals + 1));
  // Too little after it for a key: the '=' is the padding at the key's own end.
  const bool is_name = name == Name::surely || (name == Name::maybe && rest.size() >= kMinKeyBytes);
  return is_name ? rest : text;
}

std::string_view without_bearer(std::string_view text) {
  constexpr std::string_view kBearer = "bearer ";
  return starts_with_word(text, kBearer) ? unwrapped(text.substr(kBearer.size())) : text;
}

}  // namespace

Result<SecretBytes> clean_key(const SecretBytes& pasted) {
  if (pasted.size() > kMaxPastedBytes) return Errc::ERR_BAD_KEY_TEXT;
  // REVEAL: to find the key within what was pasted.
  const std::string_view key = without_bearer(without_name(unwrapped(as_text(pasted.reveal()))));
  if (key.size() < kMinKeyBytes || key.size() > kMaxKeyBytes) return Errc::ERR_BAD_KEY_TEXT;
  for (const char c : key) {
    if (c <= ' ' || c > '~') return Errc::ERR_BAD_KEY_TEXT;
  }
  return SecretBytes::copy_of(as_bytes(key));
}

std::string hint(ByteView key) {
  if (key.size() < kMinForHint) return {};
  return std::string(as_text(key.last(kHintBytes)));
}

}  // namespace keyhold
