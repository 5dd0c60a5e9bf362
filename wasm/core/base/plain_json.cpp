#include "base/plain_json.h"

namespace keyhold {

namespace {

bool eat(std::string_view& from, std::string_view what) noexcept {
  if (!from.starts_with(what)) return false;
  from.remove_prefix(what.size());
  return true;
}

bool is_plain(char c) noexcept { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

}  // namespace

std::optional<std::string_view> PlainJson::text(std::string_view name) noexcept {
  auto value = value_of(name);
  if (!value || !eat(*value, "\"")) return std::nullopt;
  std::size_t size = 0;
  while (size < value->size() && is_plain((*value)[size])) ++size;
  if (size == value->size() || (*value)[size] != '"') return std::nullopt;
  go_on(value->substr(size + 1));
  return value->substr(0, size);
}

std::optional<std::int64_t> PlainJson::count(std::string_view name) noexcept {
  const auto value = value_of(name);
  if (!value) return std::nullopt;
  std::int64_t number = 0;
  std::size_t size = 0;
  for (; size < value->size() && is_digit((*value)[size]); ++size) {
    if (size == kMaxDigits) return std::nullopt;
    number = number * 10 + ((*value)[size] - '0');
  }
  // No number begins with a zero but zero. One with a fraction or an exponent is not followed by what must come next.
  if (size == 0 || (size > 1 && value->front() == '0')) return std::nullopt;
  const std::string_view rest = value->substr(size);
  if (!rest.starts_with(',') && !rest.starts_with('}')) return std::nullopt;
  go_on(rest);
  return number;
}

std::optional<std::string_view> PlainJson::value_of(std::string_view name) const noexcept {
  std::string_view rest = rest_;
  if (!eat(rest, begun_ ? "," : "{") || !eat(rest, "\"") || !eat(rest, name) || !eat(rest, "\":")) return std::nullopt;
  return rest;
}

void PlainJson::go_on(std::string_view rest) noexcept {
  rest_ = rest;
  begun_ = true;
}

}  // namespace keyhold
