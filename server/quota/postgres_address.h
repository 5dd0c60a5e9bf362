// postgres_address: which database an operator means, made safe to hand on.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace keyhold::server {

/// Is this the address of a PostgreSQL database?
bool names_postgres(std::string_view connection);

/// The same address, every part of it escaped, with limits where it has none of its own: connecting takes at most
/// kConnectSeconds (libpq's least is 2). Nothing if libpq cannot read it.
std::optional<std::string> postgres_address(const std::string& connection);
inline constexpr int kConnectSeconds = 3;

/// What was said of a connection that could not be made, for the log: one line of at most kMaxSaidBytes, without what stands in
/// quotes or brackets (names of users, hosts and databases, and addresses), and without any part of the address.
std::string said_of_connecting(std::string_view said, const std::string& connection);
inline constexpr std::size_t kMaxSaidBytes = 300;

}  // namespace keyhold::server
