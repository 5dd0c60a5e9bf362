#include "server/http/request.h"

#include <cstdint>

namespace keyhold::server {

namespace {

void line(std::string& head, std::string_view name, std::string_view value) {
  head.append(name).append(": ").append(value).append("\r\n");
}

/// Where to look at a number that a client may want to wait for.
Headers headers_of(const Problem& problem) {
  Headers headers;
  if (problem.retry_after_s) headers.emplace_back("retry-after", std::to_string(*problem.retry_after_s));
  // SDKs repeat by themselves what was refused for good.
  if (!problem.retry_after_s) headers.emplace_back("x-should-retry", "false");
  if (problem.type == ProblemType::unauthorized) headers.emplace_back("www-authenticate", "Bearer");
  return headers;
}

}  // namespace

std::string_view Request::header(std::string_view name) const noexcept {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

Reply Reply::of(const Problem& problem, const Request& request) {
  return {status_of(problem.type), problem.json(request.id), "application/problem+json", headers_of(problem),
          problem.type};
}

std::string head_of(int status, const Headers& headers, std::int64_t length, const Request& request) {
  // The reason is free text, and nobody reads it.
  std::string head = "HTTP/1.1 " + std::to_string(status) + " \r\n";
  for (const auto& [name, value] : headers) line(head, name, value);
  line(head, "keyhold-request-id", request.id);
  line(head, "cache-control", "no-store");
  line(head, "x-content-type-options", "nosniff");
  if (length >= 0) {
    line(head, "content-length", std::to_string(length));
  } else if (request.http11) {
    line(head, "transfer-encoding", "chunked");
  }
  line(head, "connection", request.keep_alive && (length >= 0 || request.http11) ? "keep-alive" : "close");
  return head += "\r\n";
}

}  // namespace keyhold::server
