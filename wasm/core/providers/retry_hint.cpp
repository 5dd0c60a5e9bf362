#include "providers/retry_hint.h"

#include <algorithm>
#include <cstdint>

#include "providers/diagnosis.h"
#include "providers/wire/forms.h"

namespace keyhold {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A decimal number in thousandths, taken off the beginning of `text`. Further digits round up.
std::optional<std::int64_t> take_thousandths(std::string_view& text) {
  constexpr std::int64_t kMost = std::int64_t{kMaxRetryAfterS} * 1000;
  if (text.empty() || !is_digit(text[0])) return std::nullopt;
  std::int64_t value = 0;
  while (!text.empty() && is_digit(text[0])) {
    value = std::min(kMost, value * 10 + (text[0] - '0'));
    text.remove_prefix(1);
  }
  value = std::min(kMost, value * 1000);
  if (text.size() < 2 || text[0] != '.' || !is_digit(text[1])) return value;
  text.remove_prefix(1);
  bool more = false;
  for (std::int64_t weight = 100; !text.empty() && is_digit(text[0]); weight /= 10) {
    value += weight * (text[0] - '0');
    more = more || (weight == 0 && text[0] != '0');
    text.remove_prefix(1);
  }
  return value + (more ? 1 : 0);
}

bool take(std::string_view& text, std::string_view start) {
  if (text.substr(0, start.size()) != start) return false;
  text.remove_prefix(start.size());
  return true;
}

int rounded_up(std::int64_t ms) { return static_cast<int>(std::min<std::int64_t>((ms + 999) / 1000, kMaxRetryAfterS)); }

// "120ms", "34.4s", "1m2.3s", "2h0m0s"
std::optional<int> duration(std::string_view text) {
  std::int64_t total = 0;
  bool any = false;
  while (const auto number = take_thousandths(text)) {
    std::int64_t ms = 0;
    if (take(text, "ms")) {
      ms = (*number + 999) / 1000;
    } else if (take(text, "s")) {
      ms = *number;
    } else if (take(text, "m")) {
      ms = *number * 60;
    } else if (take(text, "h")) {
      ms = *number * 3600;
    } else {
      break;
    }
    total += ms;
    any = true;
  }
  return any ? std::optional(rounded_up(total)) : std::nullopt;
}

}  // namespace

std::optional<int> retry_after(std::string_view header) {
  std::string_view rest = header;
  const auto thousandths = take_thousandths(rest);
  if (!thousandths) return std::nullopt;
  return rest.empty() ? std::optional(rounded_up(*thousandths)) : duration(header);
}

std::string_view wait_asked(const Headers& headers) {
  constexpr std::string_view kLeft = "x-ratelimit-remaining-";
  constexpr std::string_view kReset = "x-ratelimit-reset-";
  std::string_view reset;
  for (const auto& [name, value] : headers) {
    if (name == "retry-after") return value;
    if (value != "0" || std::string_view(name).substr(0, kLeft.size()) != kLeft) continue;
    // Of this kind nothing is left: when there will be some again?
    for (const auto& [other, time] : headers) {
      if (std::string_view(other).substr(0, kReset.size()) == kReset &&
          std::string_view(other).substr(kReset.size()) == std::string_view(name).substr(kLeft.size())) {
        reset = time;
      }
    }
  }
  return reset;
}

std::optional<int> retry_hint(JsonRef body) {
  const auto inner = object_at(body, "error");
  const auto error = inner ? inner : std::optional(body);  // flat in some
  std::optional<int> hint;
  each_at(*error, "details", [&](JsonRef detail) {
    if (!hint) hint = duration(text_at(detail, "retryDelay"));
  });
  if (hint) return hint;
  constexpr std::string_view kPhrase = "try again in ";
  const auto message = text_at(*error, "message");
  const auto at = message.find(kPhrase);
  if (at == std::string_view::npos) return std::nullopt;
  return duration(message.substr(at + kPhrase.size()));
}

}  // namespace keyhold
