// billing_routes: buying a plan, managing it, and what Stripe says of it.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "base/json.h"
#include "server/http/client.h"

namespace keyhold::server {

/// Sessions at Stripe that one user may ask for in a minute.
inline constexpr int kSessionsPerMinute = 10;

// Only where billing is configured.

/// {"plan", "return_url"} -> {"url"}, where the user pays.
asio::awaitable<Reply> checkout(Client& client, const Request& request);
/// {"return_url"} -> {"url"}, where the user changes or ends what they pay for.
asio::awaitable<Reply> portal(Client& client, const Request& request);
/// One event, signed. 200 says that Stripe need not send it again: it was counted, now or before, or no plan depends on it.
asio::awaitable<Reply> webhook(Client& client, const Request& request);

/// Sets `subscription` where there is one.
void set_subscription(JsonOut& out, const SubscriptionView& view);

}  // namespace keyhold::server
