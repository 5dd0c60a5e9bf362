// billing: Stripe's events in the database: each counted once, in the transaction in which its user gets the plan.
#include <algorithm>
#include <vector>

#include "base/json.h"
#include "server/quota/quota.h"
#include "server/quota/rows.h"

namespace keyhold::server {

namespace {

using Owned = std::vector<Subscription>;

std::string status_text(const Subscription& one) { return std::string(name_of(one.now.status)); }

/// False: it was counted before.
bool mark(Database& database, const BillingEvent& event, UnixMs now) {
  const UnixMs oldest = now - kEventsKeptMs;
  database.change("DELETE FROM billing_events WHERE received_at < :oldest", oldest);
  return database.change(
             "INSERT INTO billing_events (event_id, type, created, received_at) VALUES (:id, :type, :created, :now)"
             " ON CONFLICT (event_id) DO NOTHING",
             event.id, event.type, event.created, now) == 1;
}

/// The subscription's row, made if need be, locked until the end of the transaction.
Subscription load(Database& database, const std::string& id) {
  database.change(
      "INSERT INTO subscriptions (subscription_id, user_id, customer_id, status, plan, period_end, ends_at, said_user,"
      " said_customer, changed_at, change_rank, last_event, checkout_user, checkout_customer, checkout_at, events)"
      " VALUES (:id, '', '', '', '', 0, 0, '', '', -1, 0, '', '', '', -1, 0) ON CONFLICT (subscription_id) DO NOTHING",
      id);
  Subscription one{.id = id};
  std::string status;
#define KEYHOLD_SUBSCRIPTION                                                                                 \
  "SELECT status, plan, period_end, ends_at, said_user, said_customer, changed_at, change_rank, last_event," \
  " checkout_user, checkout_customer, checkout_at FROM subscriptions WHERE subscription_id = :id"
  database.row(database.locks_rows() ? KEYHOLD_SUBSCRIPTION " FOR UPDATE" : KEYHOLD_SUBSCRIPTION,
               std::tie(status, one.now.plan, one.now.period_end, one.now.ends_at, one.now.user, one.now.customer,
                        one.now.created, one.now.rank, one.now.event, one.checkout.user, one.checkout.customer,
                        one.checkout.created),
               id);
  one.now.status = subscription_status(status).value_or(SubscriptionStatus::none);
  return one;
}

void store(Database& database, const Subscription& one) {
  const std::string status = status_text(one);
  database.change(
      "UPDATE subscriptions SET user_id = :user, customer_id = :customer, status = :status, plan = :plan,"
      " period_end = :period_end, ends_at = :ends_at, said_user = :said_user, said_customer = :said_customer,"
      " changed_at = :changed_at, change_rank = :rank, last_event = :event, checkout_user = :checkout_user,"
      " checkout_customer = :checkout_customer, checkout_at = :checkout_at, events = events + 1"
      " WHERE subscription_id = :id",
      one.user(), one.customer(), status, one.now.plan, one.now.period_end, one.now.ends_at, one.now.user,
      one.now.customer, one.now.created, one.now.rank, one.now.event, one.checkout.user, one.checkout.customer,
      one.checkout.created, one.id);
}

/// As far as their status, plan, customer and times.
Owned subscriptions_of(Database& database, const std::string& user) {
  Owned all;
  Subscription one;
  std::string status;
  database.rows(
      "SELECT subscription_id, customer_id, status, plan, period_end, ends_at, changed_at FROM subscriptions"
      " WHERE user_id = :user ORDER BY changed_at DESC, subscription_id LIMIT :most",
      std::tie(one.id, one.now.customer, status, one.now.plan, one.now.period_end, one.now.ends_at, one.now.created),
      [&] {
        one.now.status = subscription_status(status).value_or(SubscriptionStatus::none);
        all.push_back(one);
        return true;
      },
      user, kMaxSubscriptions);
  return all;
}

void put(Owned& all, const Subscription& one, bool theirs) {
  std::erase_if(all, [&](const Subscription& other) { return other.id == one.id; });
  if (theirs) all.push_back(one);
}

/// What the event said, and what holds since.
std::string detail_of(const BillingEvent& event, const Subscription& after) {
  JsonOut out = JsonOut::object();
  out.set("subscription", after.id).set("event", event.id).set("type", event.type);
  out.set("status", name_of(after.now.status)).set("plan", after.now.plan);
  return out.dump();
}

/// Puts the user on the plan that they have now, if that is another than what they had before this event.
bool follow(Database& database, const std::string& user, const Subscription& before, const Subscription& after,
            const PlanOrder& plans, const ActedBy& by, UnixMs now) {
  // First the account's row: of two events of this user's subscriptions, the second sees what the first did.
  if (add_account(database, {.user = user, .plan = plans.front()})) {
    add_audit(database, {AuditAction::account_added, user, plan_detail(plans.front())}, by, now);
  }
  AccountRow account = load_account(database, user).value();
  Owned all = subscriptions_of(database, user);
  put(all, before, before.user() == user);
  const auto had = entitlement_of(all, plans);
  put(all, after, after.user() == user);
  const auto has = entitlement_of(all, plans);
  if (had == has) return false;
  const AccountRow was = account;
  account.plan = has ? has->plan : plans.front();
  // What the operator stopped, no payment starts again.
  if (account.status != AccountStatus::suspended) {
    account.status = !has || has->paid ? AccountStatus::active : AccountStatus::lapsed;
  }
  if (account.plan != was.plan) {
    add_audit(database, {AuditAction::plan_set, user, changed_detail("plan", was.plan, account.plan)}, by, now);
  }
  if (account.status != was.status) {
    const std::string detail = changed_detail("status", name_of(was.status), name_of(account.status));
    add_audit(database, {AuditAction::status_changed, user, detail}, by, now);
  }
  roll_over(account, now);
  store_account(database, account);
  return true;
}

bool is_known(std::string_view text, std::size_t max_bytes) {
  return !text.empty() && text.size() <= max_bytes && text.find('\0') == std::string_view::npos;
}

}  // namespace

Answer<EventTaken> QuotaBook::take_event(const BillingEvent& event, const PlanOrder& plans, UnixMs now,
                                         const ActedBy& by) {
  if (std::holds_alternative<NotOurs>(event.what)) return EventTaken{};
  if (!is_known(event.id, kMaxStripeId) || !is_known(event.subscription, kMaxStripeId) || plans.empty() || now < 0 ||
      now >= kMaxTime) {
    return QuotaError::bad_input;
  }
  return database_->writing([&]() -> Answer<EventTaken> {
    EventTaken taken{.duplicate = !mark(*database_, event, now)};
    if (taken.duplicate) return taken;
    const Subscription before = load(*database_, event.subscription);
    Subscription after = before;
    if (const auto* checkout = std::get_if<CheckoutDone>(&event.what)) taken.newer = take(after, *checkout);
    if (const auto* change = std::get_if<SubscriptionChange>(&event.what)) taken.newer = take(after, *change);
    store(*database_, after);
    if (!taken.newer) return taken;
    add_audit(*database_, {AuditAction::subscription_changed, after.user(), detail_of(event, after)}, by, now);
    // Two accounts are always locked in the same order.
    std::vector<std::string> users{before.user(), after.user()};
    std::sort(users.begin(), users.end());
    users.erase(std::unique(users.begin(), users.end()), users.end());
    for (const std::string& user : users) {
      if (is_known(user, kMaxUserBytes)) taken.account |= follow(*database_, user, before, after, plans, by, now);
    }
    return taken;
  });
}

Answer<SubscriptionView> QuotaBook::subscription(std::string_view user) {
  if (!is_known(user, kMaxUserBytes)) return QuotaError::bad_input;
  const std::string name(user);
  return database_->reading([&]() -> Answer<SubscriptionView> {
    const Owned all = subscriptions_of(*database_, name);
    SubscriptionView view;
    if (const Subscription* one = most_telling(all)) {
      view = {one->now.status, one->now.plan, one->now.period_end, one->now.ends_at, one->now.customer};
    }
    for (const Subscription& one : all) {
      if (view.customer.empty()) view.customer = one.now.customer;
    }
    return view;
  });
}

}  // namespace keyhold::server
