// route: which addresses there are, and what an address of the relay's asks for. Pure: it sees a path, and no request.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace keyhold::server {

/// Of a request to the relay.
inline constexpr std::uint64_t kMaxRequestBody = 32 << 20;

enum class Route {
  health,
  ready,
  document,
  plans,
  account,
  usage,
  checkout,
  portal,
  webhook,
  receipt_keys,
  receipt,
  relay
};

struct KnownRoute {
  std::string_view path;  // of the relay and of receipts: how their addresses begin
  Route route;
  bool token;                  // only for whoever has one
  std::uint64_t max_body = 0;  // 0: it is read with GET
};

/// Null: there is nothing. `path` as it stands in the request, without its query; nothing in it is decoded.
const KnownRoute* route_of(std::string_view path) noexcept;

/// What comes after that beginning.
std::string_view below(std::string_view path) noexcept;

/// What an address of the relay's asks for.
struct RelayTarget {
  std::string provider;  // what stands where its id belongs
  std::string below;     // the address below the provider's base, with its query
};

/// `path` is one of the relay's.
RelayTarget relay_target(std::string_view path, std::string_view query);

}  // namespace keyhold::server
