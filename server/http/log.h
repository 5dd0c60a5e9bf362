// log: what the server says of itself: JSON lines on standard error. A request is its id, route, status and time; never an
// address, a header, a body, a user or a key.
#pragma once

#include <chrono>
#include <string_view>

namespace keyhold::server {

void start_log();
void log_info(std::string_view what);
void log_warning(std::string_view what);
/// `route`: one of the server's own words, never the client's.
void log_request(std::string_view request_id, std::string_view route, int status,
                 std::chrono::steady_clock::duration took);

}  // namespace keyhold::server
