// usage: what users' calls came to, by day, provider and model, a page at a time.
#include <algorithm>

#include "server/quota/quota.h"
#include "server/quota/rows.h"

namespace keyhold::server {
namespace {

bool is_asked(std::string_view user, UnixMs from, UnixMs to) {
  return !user.empty() && user.size() <= kMaxUserBytes && user.find('\0') == std::string_view::npos && from >= 0 &&
         to <= kMaxTime && from <= to;
}

}  // namespace

Answer<Usage> QuotaBook::usage(std::string_view user, UnixMs from, UnixMs to) {
  // Before every row: no provider has an empty name.
  return usage_after(user, from, to, {.day = from - from % kDayMs});
}

Answer<Usage> QuotaBook::usage_after(std::string_view user, UnixMs from, UnixMs to, const UsageRow& last) {
  if (!is_asked(user, from, to) || last.day < 0) return QuotaError::bad_input;
  const std::string name(user);
  const UnixMs begin = std::max(from, last.day);
  const std::int64_t last_day = last.day / kDayMs;
  return database_->reading([&]() -> Answer<Usage> {
    Usage usage;
    UsageRow row;
    std::int64_t day = 0;
    const auto limit = static_cast<std::int64_t>(kMaxUsageRows + 1);
    database_->rows(
        "SELECT ended_at / 86400000 AS day, provider, model, organisation, COUNT(*), CAST(SUM(charged) AS BIGINT),"
        // The price that the markup was put on, as `marked_up` rounds it; in two parts, so that no product overflows.
        " CAST(SUM(charged / (10000 + markup) * 10000 + charged % (10000 + markup) * 10000 / (10000 + markup)) AS "
        "BIGINT),"
        " CAST(SUM(CASE WHEN figures = 'reported' THEN 0 ELSE 1 END) AS BIGINT) FROM calls"
        " WHERE user_id = :user AND state = 'settled' AND ended_at >= :from AND ended_at < :to"
        " AND (ended_at / 86400000, provider, model, organisation) > (:day, :provider, :model, :organisation)"
        " GROUP BY ended_at / 86400000, provider, model, organisation"
        " ORDER BY day, provider, model, organisation LIMIT :limit",
        std::tie(day, row.provider, row.model, row.organisation, row.calls, row.charged, row.cost, row.estimated),
        [&] {
          usage.more = usage.rows.size() == kMaxUsageRows;
          if (usage.more) return false;
          row.day = day * kDayMs;
          usage.rows.push_back(row);
          return true;
        },
        name, begin, to, last_day, last.provider, last.model, last.organisation, limit);
    return usage;
  });
}

Answer<std::vector<std::string>> QuotaBook::users_after(std::string_view last) {
  if (last.size() > kMaxUserBytes || last.find('\0') != std::string_view::npos) return QuotaError::bad_input;
  const std::string after(last);
  return database_->reading([&]() -> Answer<std::vector<std::string>> {
    std::vector<std::string> users;
    std::string user;
    const std::int64_t limit = kUserBatch;
    database_->rows(
        "SELECT user_id FROM accounts WHERE user_id > :after ORDER BY user_id LIMIT :limit", std::tie(user),
        [&] {
          users.push_back(user);
          return true;
        },
        after, limit);
    return users;
  });
}

}  // namespace keyhold::server
