// subscription: what Stripe's events say of a subscription, in whatever order and however often they come, and which plan its user
// has by it. Pure: the same events give the same state, whatever their order.
//
// Of two events of a subscription the newer holds, by `created`. That is in whole seconds; within one, in this order:
//   1. a subscription that is over (canceled, incomplete_expired) stays over;
//   2. `deleted` is after `updated` is after `created`;
//   3. the later end of its period: it was paid for;
//   4. the status that comes later in a subscription's life: incomplete, trialing, unpaid, paused, past_due, active;
//   5. the larger id of the event, so that there is one answer.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace keyhold::server {

/// Stripe's own. `none`: only its checkout was heard of.
enum class SubscriptionStatus {
  none,
  incomplete,
  trialing,
  unpaid,
  paused,
  past_due,
  active,
  incomplete_expired,
  canceled,
};
/// As Stripe writes it; "" of none.
std::string_view name_of(SubscriptionStatus status) noexcept;
std::optional<SubscriptionStatus> subscription_status(std::string_view name) noexcept;

/// There is a contract: it is paid for, or is to be.
bool is_living(SubscriptionStatus status) noexcept;

/// What one event said of a subscription.
struct SubscriptionChange {
  std::string user;  // "": it does not say
  std::string customer;
  std::string plan;  // by its price; "": of something that is no plan
  SubscriptionStatus status = SubscriptionStatus::none;
  UnixMs period_end = 0;      // 0: not known
  UnixMs ends_at = 0;         // it ended, or will; 0: it goes on
  std::int64_t created = -1;  // of the event, seconds; -1: there was none yet
  std::int64_t rank = 0;      // 0 created, 1 updated, 2 deleted
  std::string event;          // its id
  bool operator==(const SubscriptionChange&) const = default;
};

/// What the checkout said that made it.
struct CheckoutDone {
  std::string user;
  std::string customer;
  std::int64_t created = -1;
  auto operator<=>(const CheckoutDone&) const = default;
};

/// A subscription as it is kept.
struct Subscription {
  std::string id;
  SubscriptionChange now;
  CheckoutDone checkout;

  /// "": not known yet. Its own word counts for more than its checkout's.
  const std::string& user() const noexcept { return now.user.empty() ? checkout.user : now.user; }
  const std::string& customer() const noexcept { return now.customer.empty() ? checkout.customer : now.customer; }
  bool operator==(const Subscription&) const = default;
};

/// Whether `a` is after `b`, by the rule above.
bool is_newer(const SubscriptionChange& a, const SubscriptionChange& b) noexcept;
/// Takes it in if it is newer. @return whether anything changed
bool take(Subscription& subscription, const SubscriptionChange& change);
bool take(Subscription& subscription, const CheckoutDone& checkout);

/// The plans in the order of the configuration: from the least to the most. The first is that of users without a subscription.
using PlanOrder = std::vector<std::string>;

/// What a user has by their subscriptions.
struct Entitlement {
  std::string plan;
  bool paid = true;  // false: the plan is theirs, and does not work until it is paid for
  bool operator==(const Entitlement&) const = default;
};

/// active, trialing, past_due: the plan; of several, the one further down in the order. Else unpaid, paused: the plan, not paid for.
/// Else nothing: all others give none, and a plan that is not in the order (any more) neither.
std::optional<Entitlement> entitlement_of(std::span<const Subscription> subscriptions, const PlanOrder& plans);

/// The one to show: a living one before one that is over, a better status before a worse, the newer before the older.
/// Null if none is of a plan.
const Subscription* most_telling(std::span<const Subscription> subscriptions) noexcept;

}  // namespace keyhold::server
