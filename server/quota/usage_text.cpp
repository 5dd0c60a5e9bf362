#include "server/quota/usage_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

namespace keyhold::server {

namespace {

using std::chrono::sys_days;

/// Digits only, all of them.
std::optional<int> number(std::string_view text) {
  int value = 0;
  const bool digits = std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!digits || std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<UnixMs> parse_day(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto year = number(text.substr(0, 4));
  const auto month = number(text.substr(5, 2));
  const auto day = number(text.substr(8, 2));
  if (!year || !month || !day || *year < 1970) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return sys_days(date).time_since_epoch().count() * kDayMs;
}

std::string text_of_day(UnixMs time) {
  const std::chrono::year_month_day date{sys_days{std::chrono::days{time / kDayMs}}};
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return text.data();
}

std::string csv_cell(std::string_view text) {
  constexpr std::string_view kFormula = "=+-@\t\r\n";
  std::string cell;
  if (!text.empty() && kFormula.find(text.front()) != std::string_view::npos) cell += '\'';
  cell += text;
  if (cell.find_first_of(",\"\r\n") == std::string::npos) return cell;
  std::string quoted = "\"";
  for (const char c : cell) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted += '"';
}

std::string usage_csv_head(bool user) {
  return std::string(user ? "user," : "") + "day,provider,model,organisation,calls,charged_micro_usd," +
         (user ? "cost_micro_usd," : "") + "estimated_calls\r\n";
}

std::string usage_csv_line(const UsageRow& row, std::optional<std::string_view> user) {
  return (user ? csv_cell(*user) + "," : "") + text_of_day(row.day) + "," + csv_cell(row.provider) + "," +
         csv_cell(row.model) + "," + csv_cell(row.organisation) + "," + std::to_string(row.calls) + "," +
         std::to_string(row.charged) + "," + (user ? std::to_string(row.cost) + "," : "") +
         std::to_string(row.estimated) + "\r\n";
}

}  // namespace keyhold::server
