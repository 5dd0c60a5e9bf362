#include "vault/spend.h"

#include <algorithm>

#include "vault/read_fields.h"

namespace keyhold {

namespace {

std::int64_t sum_of(std::int64_t a, std::int64_t b) { return std::min(a + b, kMaxCount); }

/// Days from 1970 to the first of a month (the civil calendar reckoned from March, as Howard Hinnant has it).
std::int64_t days_before(std::int64_t month) {
  const std::int64_t from_march = month + 1970 * 12 - 2;
  const std::int64_t year = from_march / 12;
  const std::int64_t days_in_year = (153 * (from_march % 12) + 2) / 5;
  return year * 365 + year / 4 - year / 100 + year / 400 + days_in_year - 719'468;
}

}  // namespace

bool Caps::in_bounds() const noexcept {
  const auto fits = [](const std::optional<std::int64_t>& cap) {
    return !cap || (*cap >= 0 && *cap <= kMaxCapMicroUsd);
  };
  return fits(day) && fits(month);
}

std::int64_t month_of(UnixMs at) {
  const std::int64_t day = at / kDayMs;
  // Never too late, and early by less than a year at the end of what is counted.
  std::int64_t month = day / 31;
  while (days_before(month + 1) <= day) ++month;
  return month;
}

UnixMs month_start(std::int64_t month) { return days_before(month) * kDayMs; }

void Spend::charge(const Charge& charge) {
  std::erase_if(holds, [&](const Hold& hold) { return hold.id == charge.hold; });
  const std::int64_t at_day = charge.at / kDayMs;
  const std::int64_t at_month = month_of(charge.at);
  if (at_day > day) {
    day = at_day;
    of_day = 0;
  }
  if (at_month > month) {
    month = at_month;
    of_month = 0;
  }
  // What comes late counts for the day and month that it was in, if they are still the last.
  if (at_day == day) of_day = sum_of(of_day, charge.micro_usd);
  if (at_month == month) of_month = sum_of(of_month, charge.micro_usd);
}

// A clock that was set back does not open a day anew.
std::int64_t Spend::on_day(UnixMs now) const { return now / kDayMs > day ? 0 : of_day; }
std::int64_t Spend::in_month(UnixMs now) const { return month_of(now) > month ? 0 : of_month; }

std::int64_t Spend::held(UnixMs now) const {
  std::int64_t sum = 0;
  for (const Hold& hold : holds) {
    if (hold.until > now) sum = sum_of(sum, hold.micro_usd);
  }
  return sum;
}

std::optional<CapHit> Spend::over(const Caps& caps, std::int64_t needed, UnixMs now) const {
  const auto hit = [&](const std::optional<std::int64_t>& cap, std::int64_t spent) {
    return cap && sum_of(sum_of(spent, held(now)), needed) > *cap;
  };
  if (hit(caps.month, in_month(now))) {
    return CapHit{true, *caps.month, in_month(now), held(now), needed, month_start(month_of(now) + 1)};
  }
  if (hit(caps.day, on_day(now))) {
    return CapHit{false, *caps.day, on_day(now), held(now), needed, (now / kDayMs + 1) * kDayMs};
  }
  return std::nullopt;
}

Result<void> Spend::hold(Hold hold, UnixMs now) {
  std::erase_if(holds, [&](const Hold& other) { return other.until <= now; });
  if (holds.size() >= kMaxHolds) return Errc::ERR_TOO_MANY;
  holds.push_back(std::move(hold));
  return {};
}

void Spend::renew(const Hold& hold, UnixMs now) {
  std::erase_if(holds, [&](const Hold& other) { return other.id == hold.id || other.until <= now; });
  if (holds.size() < kMaxHolds) holds.push_back(hold);
}

std::string encode_spend(const Spend& spend) {
  JsonOut holds = JsonOut::array();
  for (const Hold& hold : spend.holds) {
    JsonOut one = JsonOut::array();
    one.push(hold.id).push(hold.until).push(hold.micro_usd);
    holds.push(one);
  }
  JsonOut out = JsonOut::object();
  out.set("day", spend.day).set("ofDay", spend.of_day).set("month", spend.month).set("ofMonth", spend.of_month);
  return out.set("holds", holds).dump();
}

Result<Spend> parse_spend(JsonRef object) {
  KEYHOLD_CHECK(object.only({"day", "ofDay", "month", "ofMonth", "holds"}));
  Spend spend;
  KEYHOLD_TRY(spend.day, read_count(object, "day"));
  KEYHOLD_TRY(spend.of_day, read_count(object, "ofDay"));
  KEYHOLD_TRY(spend.month, read_count(object, "month"));
  KEYHOLD_TRY(spend.of_month, read_count(object, "ofMonth"));
  KEYHOLD_TRY(const JsonRef holds, object.field("holds"));
  if (!holds.is_array() || holds.size() > kMaxHolds) return Errc::ERR_BAD_FORMAT;
  for (std::size_t i = 0; i < holds.size(); ++i) {
    KEYHOLD_TRY(const JsonRef one, holds.at(i));
    if (one.size() != 3) return Errc::ERR_BAD_FORMAT;
    KEYHOLD_TRY(const JsonRef id, one.at(0));
    KEYHOLD_TRY(const JsonRef until, one.at(1));
    KEYHOLD_TRY(const JsonRef micro_usd, one.at(2));
    Hold hold;
    KEYHOLD_TRY(hold.id, id.text(kMaxHoldIdBytes));
    KEYHOLD_TRY(hold.until, until.integer(0, kMaxCount));
    KEYHOLD_TRY(hold.micro_usd, micro_usd.integer(0, kMaxCount));
    spend.holds.push_back(std::move(hold));
  }
  return spend;
}

JsonOut encode_caps(const Caps& caps) {
  JsonOut out = JsonOut::object();
  if (caps.day) out.set("day", *caps.day);
  if (caps.month) out.set("month", *caps.month);
  return out;
}

Result<Caps> parse_caps(JsonRef object) {
  KEYHOLD_CHECK(object.only({"day", "month"}));
  Caps caps;
  const auto read = [&](std::string_view name, std::optional<std::int64_t>& cap) -> Result<void> {
    if (const auto value = object.find(name)) {
      KEYHOLD_TRY(cap, value->integer(0, kMaxCapMicroUsd));
    }
    return {};
  };
  KEYHOLD_CHECK(read("day", caps.day));
  KEYHOLD_CHECK(read("month", caps.month));
  return caps;
}

}  // namespace keyhold
