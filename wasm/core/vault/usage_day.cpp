#include "vault/usage_day.h"

#include <algorithm>

#include "vault/read_fields.h"

namespace keyhold {

namespace {

constexpr std::size_t kMaxTextBytes = 256;
// With those for all that came apart by source and figures only.
constexpr std::size_t kMaxRowEntries = 2 * kMaxUsageEntries + 16;

}  // namespace

void add_sum(UsageSum& into, const UsageSum& sum) {
  for (const auto figure : kUsageFigures) into.*figure = std::min(into.*figure + sum.*figure, kMaxCount);
}

bool operator<(const UsageKey& a, const UsageKey& b) noexcept {
  for (const auto text : kUsageTexts) {
    if (const int order = (a.*text).compare(b.*text); order != 0) return order < 0;
  }
  return false;
}

void add_usage(UsageDay& day, const UsageKey& key, const UsageSum& sum) {
  UsageKey place = key;
  for (const auto text : kUsageTexts) {
    if ((place.*text).size() > kMaxTextBytes) place.*text = kOthers;
  }
  if (day.size() >= kMaxUsageEntries && !day.contains(place)) place.model = kOthers;
  if (day.size() >= 2 * kMaxUsageEntries && !day.contains(place)) {
    place.record = place.provider = place.app = place.model;
  }
  add_sum(day[place], sum);
}

JsonOut encode_usage_day(const UsageDay& day) {
  JsonOut entries = JsonOut::array();
  for (const auto& [key, sum] : day) {
    JsonOut entry = JsonOut::array();
    for (const auto text : kUsageTexts) entry.push(key.*text);
    for (const auto figure : kUsageFigures) entry.push(sum.*figure);
    entries.push(entry);
  }
  return entries;
}

Result<UsageDay> parse_usage_day(JsonRef array) {
  constexpr std::size_t kTexts = std::size(kUsageTexts);
  constexpr std::size_t kFigures = std::size(kUsageFigures);
  if (!array.is_array() || array.size() > kMaxRowEntries) return Errc::ERR_BAD_FORMAT;
  UsageDay day;
  for (std::size_t i = 0; i < array.size(); ++i) {
    KEYHOLD_TRY(const JsonRef entry, array.at(i));
    if (entry.size() != kTexts + kFigures) return Errc::ERR_BAD_FORMAT;
    UsageKey key;
    UsageSum sum;
    for (std::size_t place = 0; place < entry.size(); ++place) {
      KEYHOLD_TRY(const JsonRef part, entry.at(place));
      if (place < kTexts) {
        KEYHOLD_TRY(key.*kUsageTexts[place], part.text(kMaxTextBytes));
      } else {
        KEYHOLD_TRY(sum.*kUsageFigures[place - kTexts], part.integer(0, kMaxCount));
      }
    }
    // As it stands: what was put together once is not put together again.
    add_sum(day[key], sum);
  }
  return day;
}

}  // namespace keyhold
