// usage: what a user's calls came to, by day, provider and model.
#include "server/quota/quota.h"
#include "server/quota/rows.h"

namespace keyhold::server {

Answer<Usage> QuotaBook::usage(std::string_view user, UnixMs from, UnixMs to) {
  if (user.empty() || user.size() > kMaxUserBytes || user.find('\0') != std::string_view::npos || from < 0 ||
      to > kMaxTime || from > to) {
    return QuotaError::bad_input;
  }
  const std::string name(user);
  return database_->reading([&]() -> Answer<Usage> {
    Usage usage;
    UsageRow row;
    std::int64_t day = 0;
    const auto limit = static_cast<std::int64_t>(kMaxUsageRows + 1);
    database_->rows(
        "SELECT ended_at / 86400000 AS day, provider, model, COUNT(*), CAST(SUM(charged) AS BIGINT),"
        " CAST(SUM(CASE WHEN figures = 'reported' THEN 0 ELSE 1 END) AS BIGINT) FROM calls"
        " WHERE user_id = :user AND state = 'settled' AND ended_at >= :from AND ended_at < :to"
        " GROUP BY ended_at / 86400000, provider, model ORDER BY day, provider, model LIMIT :limit",
        std::tie(day, row.provider, row.model, row.calls, row.charged, row.estimated),
        [&] {
          usage.more = usage.rows.size() == kMaxUsageRows;
          if (usage.more) return false;
          row.day = day * kDayMs;
          usage.rows.push_back(row);
          return true;
        },
        name, from, to, limit);
    return usage;
  });
}

}  // namespace keyhold::server
