// usage_day: what calls used on one day (UTC), as one sealed row: the row of a day grows with what that day was used
// for, never with the days before it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/json.h"
#include "base/result.h"
#include "base/time.h"

namespace keyhold {

/// Days since 1970.
using UsageDate = std::int64_t;
/// Of one day. What would be one more is counted under the model "*"; with twice as many, only source and figures tell
/// what more comes apart.
inline constexpr std::size_t kMaxUsageEntries = 1000;
inline constexpr std::string_view kOthers = "*";

/// For what something was used. A text of more than 256 bytes is "*".
struct UsageKey {
  std::string record;    // id of the key; "" for a call without one
  std::string provider;  // its id
  std::string model;     // "" if unknown
  std::string app;       // origin of the page that asked; "" for the vault's own
  std::string source;    // who paid: "user" or "app"
  std::string figures;   // "reported", "estimated" or "unknown"
  friend bool operator==(const UsageKey&, const UsageKey&) = default;
  friend bool operator<(const UsageKey& a, const UsageKey& b) noexcept;
};

inline constexpr std::string UsageKey::*kUsageTexts[] = {&UsageKey::record, &UsageKey::provider, &UsageKey::model,
                                                         &UsageKey::app,    &UsageKey::source,   &UsageKey::figures};

struct UsageSum {
  std::int64_t requests = 0;
  std::int64_t unpriced = 0;  // how many of them have no known cost
  std::int64_t input = 0;     // tokens, cached ones too
  std::int64_t cached = 0;
  std::int64_t output = 0;  // reasoning too
  std::int64_t reasoning = 0;
  std::int64_t cost_micro_usd = 0;
  friend bool operator==(const UsageSum&, const UsageSum&) = default;
};
/// In the order in which a row has them.
inline constexpr std::int64_t UsageSum::*kUsageFigures[] = {
    &UsageSum::requests, &UsageSum::unpriced,  &UsageSum::input,         &UsageSum::cached,
    &UsageSum::output,   &UsageSum::reasoning, &UsageSum::cost_micro_usd};

using UsageDay = std::map<UsageKey, UsageSum>;

/// Sums stay within what a row can hold.
void add_sum(UsageSum& into, const UsageSum& sum);
/// The same for the entry of that name, or the one that stands for it.
void add_usage(UsageDay& day, const UsageKey& key, const UsageSum& sum);

JsonOut encode_usage_day(const UsageDay& day);
/// ERR_BAD_JSON, ERR_BAD_FORMAT.
Result<UsageDay> parse_usage_day(JsonRef array);

}  // namespace keyhold
