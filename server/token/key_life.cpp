#include "server/token/key_life.h"

#include <algorithm>
#include <charconv>

namespace keyhold::server {

namespace {

constexpr std::string_view kMaxAge = "max-age=";

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool same(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == y; });
}

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

}  // namespace

std::chrono::seconds key_life(std::string_view cache_control) noexcept {
  std::chrono::seconds life = kUsualKeyLife;
  while (!cache_control.empty()) {
    const auto comma = std::min(cache_control.find(','), cache_control.size());
    const std::string_view one = trimmed(cache_control.substr(0, comma));
    cache_control.remove_prefix(std::min(comma + 1, cache_control.size()));
    if (same(one, "no-store") || same(one, "no-cache")) return kMinKeyLife;
    if (!same(one.substr(0, kMaxAge.size()), kMaxAge)) continue;
    std::string_view number = one.substr(kMaxAge.size());
    if (number.size() > 1 && number.front() == '"' && number.back() == '"')
      number = number.substr(1, number.size() - 2);
    std::int64_t seconds = 0;
    const auto [end, problem] = std::from_chars(number.data(), number.data() + number.size(), seconds);
    if (problem == std::errc::result_out_of_range) seconds = kMaxKeyLife.count();
    if (problem == std::errc::invalid_argument || end != number.data() + number.size()) continue;
    life = std::clamp(std::chrono::seconds(seconds), kMinKeyLife, kMaxKeyLife);
  }
  return life;
}

}  // namespace keyhold::server
