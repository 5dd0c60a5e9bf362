#include "providers/key_format.h"

#include <algorithm>
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
                                          ",",
                                          ";",
                                          "\xc2\xa0",
                                          "\xe2\x80\x8b",
                                          "\xef\xbb\xbf",
                                          "\xe2\x80\x9c",
                                          "\xe2\x80\x9d",
                                          "\xe2\x80\x98",
                                          "\xe2\x80\x99"};

// All of these read secret bytes and give back a part of them: views into the SecretBytes, never copies.
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
// Before a colon only what is surely one, and dashes may be in it: x-api-key, Authorization.
Name name_of_key(std::string_view text, char separator) {
  bool shouted = !text.empty() && separator == '=';
  for (const char c : text) {
    const bool letter = lower(c) >= 'a' && lower(c) <= 'z';
    if (!letter && (c < '0' || c > '9') && c != '_' && (c != '-' || separator != ':')) return Name::none;
    if (c >= 'a' && c <= 'z') shouted = false;
  }
  for (const std::string_view end : {"key", "token", "authorization"}) {
    if (text.size() >= end.size() && starts_with_word(text.substr(text.size() - end.size()), end)) return Name::surely;
  }
  return shouted ? Name::maybe : Name::none;
}

KeyText without_name(std::string_view text) {
  constexpr std::string_view kExport = "export ";
  const std::string_view rest = starts_with_word(text, kExport) ? unwrapped(text.substr(kExport.size())) : text;
  const auto at = rest.find_first_of("=:");
  if (at == std::string_view::npos) return {{}, text};
  const std::string_view before = unwrapped(rest.substr(0, at));
  const std::string_view after = unwrapped(rest.substr(at + 1));
  const Name name = name_of_key(before, rest[at]);
  // Too little after it for a key: the '=' is the padding at the key's own end.
  const bool is_name = name == Name::surely || (name == Name::maybe && after.size() >= kMinKeyBytes);
  return is_name ? KeyText{before, after} : KeyText{{}, text};
}

std::string_view without_bearer(std::string_view text) {
  constexpr std::string_view kBearer = "bearer ";
  return starts_with_word(text, kBearer) ? unwrapped(text.substr(kBearer.size())) : text;
}

}  // namespace

KeyText find_key(ByteView pasted) {
  const KeyText found = without_name(unwrapped(as_text(pasted)));
  return {found.name, without_bearer(found.key)};
}

bool is_key(std::string_view text) {
  if (text.size() < kMinKeyBytes || text.size() > kMaxKeyBytes) return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

Result<SecretBytes> clean_key(const SecretBytes& pasted) {
  if (pasted.size() > kMaxPastedBytes) return Errc::ERR_BAD_KEY_TEXT;
  // REVEAL: to find the key within what was pasted.
  const std::string_view key = find_key(pasted.reveal()).key;
  if (!is_key(key)) return Errc::ERR_BAD_KEY_TEXT;
  return SecretBytes::copy_of(as_bytes(key));
}

std::string hint(ByteView key) {
  if (key.size() < kMinForHint) return {};
  return std::string(as_text(key.last(kHintBytes)));
}

}  // namespace keyhold
