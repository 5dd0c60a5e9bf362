#include "server/http/metrics_route.h"

namespace keyhold::server {

namespace {

constexpr std::string_view kMetrics = "/metrics";
constexpr std::string_view kHealth = "/healthz";

bool has_body(const Request& request) {
  const std::string_view length = request.header("content-length");
  return (!length.empty() && length != "0") || !request.header("transfer-encoding").empty();
}

}  // namespace

std::optional<Reply> refuse_inside(const Request& request) {
  const auto refused = [&](ProblemType type) { return Reply::of({.type = type}, request); };
  if (!request.header("origin").empty()) return refused(ProblemType::origin_not_allowed);
  if (request.path != kMetrics && request.path != kHealth) return refused(ProblemType::not_found);
  if (request.method != "GET" && request.method != "HEAD") return refused(ProblemType::method_not_allowed);
  if (has_body(request)) return refused(ProblemType::too_large);
  return std::nullopt;
}

Reply answer_inside(Service& service, const Request& request) {
  if (request.path == kHealth) return {.body = R"({"status":"ok"})"};
  return {.body = service.metrics.text(service.store.failures(), service.clients),
          .content_type = std::string(Metrics::kContentType)};
}

}  // namespace keyhold::server
