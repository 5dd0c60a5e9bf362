// spend: what a key, or a grant, has cost today and this month, and what is held for calls under way: one sealed row for each.
// Days and months are UTC's. Whether a call may be made is decided here, from the row as stored, so that it holds for all
// tabs and workers at once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/result.h"
#include "base/time.h"

namespace keyhold {

/// A million dollars: what a cap, and what one call, may be at most.
inline constexpr std::int64_t kMaxCapMicroUsd = 1'000'000'000'000;
/// A hold that is not renewed for so long was left behind, and counts no more.
inline constexpr std::int64_t kHoldLeaseMs = 15 * kMinuteMs;
inline constexpr std::size_t kMaxHolds = 256;
inline constexpr std::size_t kMaxHoldIdBytes = 32;

/// In millionths of a US dollar; nothing: no cap.
struct Caps {
  std::optional<std::int64_t> day;
  std::optional<std::int64_t> month;
  bool any() const noexcept { return day || month; }
  /// Each from 0 to kMaxCapMicroUsd.
  bool in_bounds() const noexcept;
  friend bool operator==(const Caps&, const Caps&) = default;
};

/// What may be spent on a call under way.
struct Hold {
  std::string id;
  UnixMs until = 0;
  std::int64_t micro_usd = 0;
};

/// A call that is over, as far as the spending of its key or grant goes.
struct Charge {
  UnixMs at = 0;
  std::int64_t micro_usd = 0;
  std::string hold;  // the hold it ends; "" for none
};

/// Why a call is not made.
struct CapHit {
  bool monthly = false;
  std::int64_t cap = 0;
  std::int64_t spent = 0;
  std::int64_t held = 0;
  std::int64_t needed = 0;
  UnixMs resets_at = 0;
};

struct Spend {
  std::int64_t rev = 0;    // the row's own sequence; 0: never stored
  std::int64_t day = 0;    // since 1970, of `of_day`
  std::int64_t month = 0;  // since January 1970, of `of_month`
  std::int64_t of_day = 0;
  std::int64_t of_month = 0;
  std::vector<Hold> holds;

  void charge(const Charge& charge);
  std::int64_t on_day(UnixMs now) const;
  std::int64_t in_month(UnixMs now) const;
  std::int64_t held(UnixMs now) const;
  /// The cap that `needed` more would go over, the month's first.
  std::optional<CapHit> over(const Caps& caps, std::int64_t needed, UnixMs now) const;
  /// ERR_TOO_MANY. Also lets go of what others left behind.
  Result<void> hold(Hold hold, UnixMs now);
  /// Puts off a hold's end, or holds again what had ended.
  void renew(const Hold& hold, UnixMs now);
};

/// Months since January 1970.
std::int64_t month_of(UnixMs at);
/// When a month begins.
UnixMs month_start(std::int64_t month);

std::string encode_spend(const Spend& spend);
/// ERR_BAD_JSON, ERR_BAD_FORMAT.
Result<Spend> parse_spend(JsonRef object);

/// In the JSON of a record: only those that there are.
JsonOut encode_caps(const Caps& caps);
Result<Caps> parse_caps(JsonRef object);

}  // namespace keyhold
