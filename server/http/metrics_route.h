// metrics_route: what the second listener answers: what was counted, and that the server runs. Nothing else is there, and what is
// there is not on the first.
#pragma once

#include <optional>

#include "server/http/request.h"
#include "server/http/worker.h"

namespace keyhold::server {

/// Only GET and HEAD of /metrics and /healthz, and no web page's.
std::optional<Reply> refuse_inside(const Request& request);
/// Of a request that was not refused.
Reply answer_inside(Service& service, const Request& request);

}  // namespace keyhold::server
