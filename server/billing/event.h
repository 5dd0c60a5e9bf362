// event: what does an event of Stripe say? Reads only what a plan depends on; decides nothing.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <variant>

#include "base/bytes.h"
#include "base/result.h"
#include "server/billing/subscription.h"

namespace keyhold::server {

inline constexpr std::size_t kMaxEventBytes = 256 << 10;
inline constexpr std::size_t kMaxStripeId = 255;
inline constexpr std::size_t kMaxBilledUser = 200;  // bytes, as a token's subject
inline constexpr std::size_t kMaxItems = 100;       // of one subscription

/// An event of something that no plan depends on.
struct NotOurs {};

struct BillingEvent {
  std::string id;
  std::string type;
  std::int64_t created = 0;  // seconds
  std::string subscription;  // "" of an event that is not ours
  std::variant<NotOurs, CheckoutDone, SubscriptionChange> what;
};

/// Of checkout.session.completed (mode subscription): whose it is. Of customer.subscription.created, updated, paused, resumed and
/// deleted: all that counts. Any other type is NotOurs, whatever is in it. In the form of API versions since 2020 or so: the end of
/// the period is read where it was (of the subscription) and where it is since 2025 (of its items).
/// @param plan_of  the plan of a price's id; "" if it is of none. The first item whose price is a plan's says which it is.
/// ERR_TOO_LARGE, ERR_BAD_JSON; also for a status that this version does not know, so that Stripe keeps the event for a newer one.
Result<BillingEvent> read_event(ByteView body, const std::function<std::string_view(std::string_view price)>& plan_of);

}  // namespace keyhold::server
