// server: listens, hands each connection to a thread, keeps the leases of calls under way, and ends in good order.
#pragma once

#include <chrono>
#include <functional>

#include "server/http/worker.h"

namespace keyhold::server {

/// How long calls under way may go on after SIGTERM. Then they are ended, and charged for what had come.
inline constexpr std::chrono::seconds kDrainTime{25};
inline constexpr int kMaxClients = 20'000;

/// Serves until SIGTERM or SIGINT. `listening` is called once with the port, and that of metrics (0: they are not served).
/// @return false if it could not listen
bool serve(Service& service, const std::function<void(std::uint16_t port, std::uint16_t metrics_port)>& listening);

}  // namespace keyhold::server
