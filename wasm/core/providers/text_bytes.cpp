#include "providers/text_bytes.h"

#include <algorithm>

namespace keyhold {

namespace {

bool names_text(std::string_view name) {
  constexpr std::string_view kNames[] = {
      "content",      "text",   "reasoning", "reasoning_content", "thinking", "delta",      "arguments",
      "partial_json", "prompt", "input",     "instructions",      "system",   "transcript", "refusal"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

/// Where the string that begins at `at` ends: at its closing quote, or at the end of what there is.
std::size_t closing_quote(std::string_view json, std::size_t at) {
  while (at < json.size() && json[at] != '"') at += json[at] == '\\' ? 2 : 1;
  return std::min(at, json.size());
}

}  // namespace

std::size_t text_bytes(std::string_view json) noexcept {
  std::size_t sum = 0;
  bool text_follows = false;
  for (std::size_t at = 0; (at = json.find('"', at)) != std::string_view::npos;) {
    const std::size_t end = closing_quote(json, at + 1);
    const std::string_view inside = json.substr(at + 1, end - at - 1);
    at = std::min(end + 1, json.size());
    const std::size_t next = json.find_first_not_of(" \t\r\n", at);
    const bool is_name = next != std::string_view::npos && json[next] == ':';
    if (!is_name) {
      if (text_follows) sum += inside.size();
      text_follows = false;
      continue;
    }
    // Only a text right behind the name counts, not one inside of a list or an object there.
    const std::size_t value = json.find_first_not_of(" \t\r\n", next + 1);
    text_follows = value != std::string_view::npos && json[value] == '"' && names_text(inside);
  }
  return sum;
}

}  // namespace keyhold
