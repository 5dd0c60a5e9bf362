// relay_call: one call with the app's key, from the reservation to the settlement, its answer passed on as it comes.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string_view>

#include "server/http/client.h"

namespace keyhold::server {

inline constexpr std::chrono::seconds kUpstreamSilence{120};
/// How often a call under way looks whether anything still moves, and notes what it has come to.
inline constexpr std::chrono::seconds kLookEvery{5};
inline constexpr std::size_t kMaxRefusal = 1 << 20;  // of a provider's answer that is no success

/// `rest`: the address below the provider's base, with its query. False: the connection is of no more use.
asio::awaitable<bool> relay(Client& client, const Request& request, std::string_view provider, std::string_view rest);

}  // namespace keyhold::server
