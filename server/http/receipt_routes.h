// receipt_routes: GET /v1/receipts/{call} and /v1/receipts/keys.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "server/http/client.h"

namespace keyhold::server {

/// Of a call of the token's user. Somebody else's is as unknown as none.
asio::awaitable<Reply> receipt_of(Client& client, const Request& request);
Reply receipt_keys(const Service& service);

}  // namespace keyhold::server
