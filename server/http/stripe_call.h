// stripe_call: one request to Stripe's API and its answer, bounded in size and time.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "server/http/worker.h"

namespace keyhold::server {

inline constexpr std::chrono::seconds kStripeTime{20};

struct StripeAnswer {
  int status = 0;
  std::string body;  // at most kMaxStripeAnswer bytes
};

/// POSTs a form below the API's base. Nothing if Stripe could not be reached, or did not answer in time or in bounds. Only where
/// billing is configured.
/// @param idempotency_key  with the same one and the same form, Stripe does nothing a second time
asio::awaitable<std::optional<StripeAnswer>> call_stripe(Worker& worker, std::string_view path, std::string form,
                                                         std::string idempotency_key);

}  // namespace keyhold::server
