// usage_route: GET /v1/usage, which is its user's own usage and nobody else's, for a time and in a form of theirs.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string_view>

#include "server/http/client.h"

namespace keyhold::server {

/// Without a `from`, so many days up to the last.
inline constexpr std::int64_t kUsualUsageDays = 92;
inline constexpr std::int64_t kMaxUsageDays = 366;

/// `from` and `to` are the first millisecond of the first day, and of the one after the last.
struct UsageAsked {
  UnixMs from = 0;
  UnixMs to = 0;
  bool csv = false;
};

asio::awaitable<Reply> usage_of(Client& client, const Request& request);

}  // namespace keyhold::server
