// settling: how a call's end reaches the ledger, also when the database is away for a moment.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "server/http/worker.h"
#include "server/relay/admission.h"

namespace keyhold::server {

/// Settles, or releases where there is no charge. While the database is away it is tried again, beside whatever comes next,
/// for as long as the server runs: the call's lease is renewed as long. A server that shuts down gives up after
/// kSettleTries; then the lease ends, and the call is charged what was last noted of it.
asio::awaitable<void> settle_call(Worker& worker, CallId call, std::string provider, std::optional<Charge> charge,
                                  int http_status);
inline constexpr int kSettleTries = 30;
/// Between tries; between those after kSettleTries.
inline constexpr std::chrono::seconds kSettleAgain{1};
inline constexpr std::chrono::seconds kSettleLater{10};

/// What a call under way has come to at the least; nobody waits for it.
void note_progress(Worker& worker, CallId call, std::int64_t micro_usd);

}  // namespace keyhold::server
