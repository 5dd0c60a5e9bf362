// settling: how a call's end reaches the ledger, also when the database is away for a moment.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <optional>

#include "server/http/worker.h"
#include "server/relay/admission.h"

namespace keyhold::server {

/// Settles, or releases where there is no charge. While the database is away it is tried again, beside whatever comes next,
/// up to kSettleTries; after that the call's lease ends, and it is charged what was last noted of it.
asio::awaitable<void> settle_call(Worker& worker, CallId call, std::optional<Charge> charge, int http_status);
inline constexpr int kSettleTries = 30;
inline constexpr std::chrono::seconds kSettleAgain{1};

/// What a call under way has come to at the least; nobody waits for it.
void note_progress(Worker& worker, CallId call, std::int64_t micro_usd);

}  // namespace keyhold::server
