// usage_text: days and usage as people and spreadsheets read them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "server/quota/types.h"

namespace keyhold::server {

/// "2026-11-27": a day of the UTC calendar from 1970 on; its first millisecond. Nothing for any other text.
std::optional<UnixMs> parse_day(std::string_view text);
inline constexpr std::string_view kDaysExpected =
    "--from and --to are days of the UTC calendar, as in 2026-11-01, the first not after the last";
/// The day that `time` is in.
std::string text_of_day(UnixMs time);

/// One cell of RFC 4180. What a spreadsheet would take for a formula (it begins with = + - @, a tab or a line's end) gets a ' first:
/// names of models come from clients.
std::string csv_cell(std::string_view text);

/// Lines of CSV with their CRLF. `user`: for the operator, with a first column for whose it is and one for what the provider takes.
std::string usage_csv_head(bool user);
std::string usage_csv_line(const UsageRow& row, std::optional<std::string_view> user = std::nullopt);

}  // namespace keyhold::server
