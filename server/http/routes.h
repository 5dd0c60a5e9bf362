// routes: which addresses there are, who may ask for them, and what answers.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>

#include "server/http/client.h"

namespace keyhold::server {

/// What can be refused before a body is read: pages of other origins, addresses and methods that are not there, and whoever
/// has no valid token. Otherwise request.user says whose token it is.
asio::awaitable<std::optional<Reply>> refuse_head(Service& service, Request& request);
/// Of the bodies of requests to this address.
std::uint64_t max_body(const Request& request) noexcept;
/// For a page of an origin that may ask.
void add_cors(const Config& config, const Request& request, Headers& headers);
/// For the log: the route's own name, and whose provider it is if it is known. Nothing a client made up.
std::string route_name(const Service& service, const Request& request);
/// False: the connection is of no more use.
asio::awaitable<bool> answer(Client& client, Request request);

}  // namespace keyhold::server
