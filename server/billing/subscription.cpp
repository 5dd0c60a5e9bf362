#include "server/billing/subscription.h"

#include <algorithm>
#include <array>
#include <tuple>

namespace keyhold::server {

namespace {

constexpr std::array<std::string_view, 9> kNames = {"",         "incomplete", "trialing",           "unpaid",  "paused",
                                                    "past_due", "active",     "incomplete_expired", "canceled"};

bool is_over(SubscriptionStatus status) {
  return status == SubscriptionStatus::canceled || status == SubscriptionStatus::incomplete_expired;
}

bool is_paid(SubscriptionStatus status) {
  return status == SubscriptionStatus::active || status == SubscriptionStatus::trialing ||
         status == SubscriptionStatus::past_due;
}

/// -1: there is no such plan.
std::ptrdiff_t place_of(const PlanOrder& plans, std::string_view plan) {
  const auto found = std::find(plans.begin(), plans.end(), plan);
  return found == plans.end() ? -1 : found - plans.begin();
}

}  // namespace

std::string_view name_of(SubscriptionStatus status) noexcept { return kNames[static_cast<std::size_t>(status)]; }

std::optional<SubscriptionStatus> subscription_status(std::string_view name) noexcept {
  const auto found = std::find(kNames.begin() + 1, kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<SubscriptionStatus>(found - kNames.begin());
}

bool is_living(SubscriptionStatus status) noexcept {
  return is_paid(status) || status == SubscriptionStatus::unpaid || status == SubscriptionStatus::paused;
}

bool is_newer(const SubscriptionChange& a, const SubscriptionChange& b) noexcept {
  const auto order = [](const SubscriptionChange& one) {
    return std::tuple(one.created, is_over(one.status), one.rank, one.period_end, one.status,
                      std::string_view(one.event));
  };
  return order(a) > order(b);
}

bool take(Subscription& subscription, const SubscriptionChange& change) {
  if (!is_newer(change, subscription.now)) return false;
  subscription.now = change;
  return true;
}

bool take(Subscription& subscription, const CheckoutDone& checkout) {
  const auto order = [](const CheckoutDone& one) { return std::tie(one.created, one.user, one.customer); };
  if (order(checkout) <= order(subscription.checkout)) return false;
  subscription.checkout = checkout;
  return true;
}

std::optional<Entitlement> entitlement_of(std::span<const Subscription> subscriptions, const PlanOrder& plans) {
  std::pair<bool, std::ptrdiff_t> best{false, -1};
  for (const Subscription& one : subscriptions) {
    const std::ptrdiff_t place = place_of(plans, one.now.plan);
    if (place >= 0 && is_living(one.now.status)) best = std::max(best, {is_paid(one.now.status), place});
  }
  if (best.second < 0) return std::nullopt;
  return Entitlement{plans[static_cast<std::size_t>(best.second)], best.first};
}

const Subscription* most_telling(std::span<const Subscription> subscriptions) noexcept {
  const Subscription* best = nullptr;
  const auto order = [](const Subscription& one) {
    // Of those that are over, only when they ended says anything.
    const int alive = is_living(one.now.status) ? 1 + static_cast<int>(one.now.status) : 0;
    return std::tuple(alive, one.now.created, std::string_view(one.id));
  };
  for (const Subscription& one : subscriptions) {
    if (one.now.plan.empty()) continue;
    if (best == nullptr || order(one) > order(*best)) best = &one;
  }
  return best;
}

}  // namespace keyhold::server
