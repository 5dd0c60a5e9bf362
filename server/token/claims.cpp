#include "server/token/claims.h"

#include <algorithm>
#include <cmath>

namespace keyhold::server {

namespace {

// A claim that is a time, in milliseconds. Nothing if it is no whole number of seconds in range.
std::optional<UnixMs> time_of(JsonRef claim) {
  if (const auto seconds = claim.integer(0, kMaxClaimSeconds)) return *seconds * 1000;
  const auto number = claim.number();
  // The range is asked first: what a double cannot hold must not become an integer.
  if (!number || !(*number >= 0 && *number <= static_cast<double>(kMaxClaimSeconds)) ||
      std::floor(*number) != *number) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(*number) * 1000;
}

std::optional<TokenProblem> problem_of_times(JsonRef claims, UnixMs now, UnixMs& expires_at) {
  const auto exp = claims.find("exp");
  if (!exp) return TokenProblem::no_expiry;
  const auto end = time_of(*exp);
  if (!end) return TokenProblem::bad_claim;
  UnixMs begin = 0;
  for (const char* name : {"nbf", "iat"}) {
    const auto claim = claims.find(name);
    if (!claim) continue;
    const auto time = time_of(*claim);
    if (!time) return TokenProblem::bad_claim;
    begin = std::max(begin, *time);
  }
  if (now >= *end + kClockLeewayMs) return TokenProblem::expired;
  if (now < begin - kClockLeewayMs) return TokenProblem::not_yet_valid;
  expires_at = *end;
  return std::nullopt;
}

bool is_text(std::optional<JsonRef> claim, std::string_view wanted) {
  if (!claim) return false;
  const auto text = claim->text(wanted.size());
  return text.ok() && *text == wanted;
}

std::optional<TokenProblem> problem_of_audience(JsonRef claims, std::string_view wanted) {
  const auto claim = claims.find("aud");
  if (!claim) return TokenProblem::wrong_audience;
  bool named = is_text(claim, wanted);
  if (!claim->is_string()) {
    if (!claim->is_array() || claim->size() > kMaxAudiences) return TokenProblem::bad_claim;
    for (std::size_t place = 0; place < claim->size(); ++place) {
      const JsonRef one = claim->at(place).value();
      if (!one.is_string()) return TokenProblem::bad_claim;
      named = named || is_text(one, wanted);
    }
  }
  return named ? std::nullopt : std::optional(TokenProblem::wrong_audience);
}

// Controls, and what would rearrange the line of a log or a table: line and paragraph ends, marks of writing direction.
bool is_control(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
         (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

// The reader of JSON has refused malformed UTF-8 already.
bool has_control(std::string_view utf8) {
  char32_t point = 0;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto byte = static_cast<std::uint8_t>(utf8[i]);
    if (byte < 0x80) {
      point = byte;
    } else if (byte < 0xc0) {
      point = point << 6 | (byte & 0x3f);
    } else {
      point = byte & (byte < 0xe0 ? 0x1f : byte < 0xf0 ? 0x0f : 0x07);
    }
    const bool ends = i + 1 == utf8.size() || (static_cast<std::uint8_t>(utf8[i + 1]) & 0xc0) != 0x80;
    if (ends && is_control(point)) return true;
  }
  return false;
}

}  // namespace

Outcome<TokenUser, TokenProblem> read_claims(JsonRef claims, const TokenRules& rules, UnixMs now) {
  UnixMs expires_at = 0;
  if (const auto problem = problem_of_times(claims, now, expires_at)) return *problem;
  if (rules.issuer && !is_text(claims.find("iss"), *rules.issuer)) return TokenProblem::wrong_issuer;
  if (const auto problem = problem_of_audience(claims, rules.audience)) return *problem;
  const auto sub = claims.find("sub");
  if (!sub) return TokenProblem::no_subject;
  const auto subject = sub->text(kMaxSubjectBytes);
  if (!subject || subject->empty() || has_control(*subject)) return TokenProblem::bad_subject;
  TokenUser user{std::string(*subject), expires_at};
  if (rules.organisation_claim.empty()) return user;
  const auto claim = claims.find(rules.organisation_claim);
  if (!claim) return user;
  const auto organisation = claim->text(kMaxOrganisationClaimBytes);
  // Not passed over: whoever means to say something must not be taken for somebody who says nothing.
  if (!organisation || organisation->empty() || has_control(*organisation)) return TokenProblem::bad_claim;
  user.organisation = *organisation;
  return user;
}

}  // namespace keyhold::server
