// request: one request of a client as it was read, and what may be answered to it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "providers/provider.h"
#include "server/relay/problem.h"

namespace keyhold::server {

struct Request {
  std::string id;
  std::string method;
  std::string path;   // without its query; as it stands in the request
  std::string query;  // without '?'
  Headers headers;    // names in lower case
  std::string body;
  std::string address;       // the client's; "" where addresses are not kept
  bool inside = false;       // came by the listener for metrics
  std::string user;          // whose token it has; "" where none is asked for
  std::string organisation;  // which the token names; "": none
  bool keep_alive = true;
  bool http11 = true;  // takes an answer in chunks

  /// "" if it is not there. Of several, the first.
  std::string_view header(std::string_view name) const noexcept;
};

/// An answer that is there as a whole.
struct Reply {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  Headers headers{};
  std::optional<ProblemType> problem{};  // what it refuses with

  static Reply of(const Problem& problem, const Request& request);
};

/// The head of an answer, up to the empty line. `length`: of the body; negative: it comes in chunks, or up to the connection's
/// end.
std::string head_of(int status, const Headers& headers, std::int64_t length, const Request& request);

}  // namespace keyhold::server
