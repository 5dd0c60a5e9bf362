// types: what the quota is told and what it answers. Amounts are whole micro-USD; times are milliseconds, UTC.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "base/time.h"
#include "server/billing/subscription.h"

namespace keyhold::server {

using MicroUsd = std::int64_t;

inline constexpr std::size_t kMaxUserBytes = 200;
inline constexpr std::size_t kMaxIdempotencyKeyBytes = 255;
inline constexpr std::size_t kMaxProviderBytes = 200;
inline constexpr std::size_t kMaxModelBytes = 200;
inline constexpr std::size_t kMaxPlanBytes = 64;
inline constexpr std::size_t kMaxOwnerBytes = 100;
inline constexpr std::size_t kMaxOrganisationBytes = 100;
/// Ten times the price; in hundredths of a percent.
inline constexpr std::int64_t kMaxMarkup = 100'000;
/// A billion dollars: the largest limit and the largest amount of one call, so that no sum of an account overflows.
inline constexpr MicroUsd kMaxMicroUsd = 1'000'000'000'000'000;
/// Calls that one `repair` ends.
inline constexpr int kRepairBatch = 100;
inline constexpr std::size_t kMaxUsageRows = 10'000;
inline constexpr int kUserBatch = 500;
inline constexpr std::int64_t kMaxStoredKeys = 10'000;
inline constexpr std::size_t kMaxSealedBytes = 16'384;
/// Subscriptions of one user that are looked at: the newest.
inline constexpr std::int64_t kMaxSubscriptions = 200;
/// Stripe sends an event again for three days by itself, and for thirty by hand. What is older changes nothing anyway.
inline constexpr std::int64_t kEventsKeptMs = 90 * kDayMs;
/// A call whose process has not renewed its lease for this long counts as crashed. Renew at a third of it.
inline constexpr std::int64_t kDefaultLeaseMs = 60'000;

enum class PeriodKind { day, month, once };  // of the UTC calendar; `once` never ends

struct PlanTerms {
  MicroUsd limit_micro_usd = 0;  // 0..kMaxMicroUsd
  PeriodKind period = PeriodKind::month;
  std::int64_t max_concurrent = 1;
};

/// The operator's plans, and the one that new users get. The account says which of them holds; it is looked up in the
/// same transaction as the decision, so a change of plan is never half seen.
struct PlanTable {
  std::string first;
  std::map<std::string, PlanTerms, std::less<>> plans;
};

enum class AccountStatus { active, lapsed, suspended };  // only `active` may reserve
enum class CallState { held, settled, released };
enum class Figures {
  none,       // not settled
  reported,   // the provider's own usage
  estimated,  // counted by us, or the least that a crashed call had come to
  unknown,
};

/// The ledger's number of a call.
enum class CallId : std::int64_t {};

struct Reservation {
  std::string user;             // 1..kMaxUserBytes
  std::string idempotency_key;  // printable ASCII, at most kMaxIdempotencyKeyBytes; empty: none
  std::string provider;         // 1..kMaxProviderBytes
  std::string model;            // 1..kMaxModelBytes
  MicroUsd amount = 0;          // 0..kMaxMicroUsd: the most the call can cost, with its markup
  std::string address = {};     // the client's, as text; "": not known, or not kept
  std::string request_id = {};
  std::string organisation{};  // whose managed key it is made with; "": the app's own
  std::int64_t markup = 0;     // 0..kMaxMarkup: what is in the amount beyond the provider's price
};

// What `reserve` may answer.

struct Held {
  CallId call{};
};
/// 402: would not fit even if nothing else were running.
struct QuotaExceeded {
  MicroUsd needed = 0;
  MicroUsd available = 0;
  UnixMs resets_at = 0;  // 0: never
};
/// 429: fits as soon as running calls have ended.
struct QuotaHeld {
  MicroUsd available = 0;
  MicroUsd held = 0;
};
struct TooManyRunning {
  std::int64_t running = 0;
  std::int64_t max_concurrent = 0;
};
/// 409: this user's idempotency key was used before, by this call. Nothing was reserved.
struct Duplicate {
  CallId call{};
  CallState state = CallState::held;
  int http_status = 0;  // 0: not known (yet)
  MicroUsd charged = 0;
};
struct Suspended {
  AccountStatus status = AccountStatus::suspended;
};
using ReserveOutcome = std::variant<Held, QuotaExceeded, QuotaHeld, TooManyRunning, Duplicate, Suspended>;

/// How a call ended: now (`changed`), or before and not changed by this.
struct Ending {
  bool changed = false;
  bool clamped = false;  // what was to be charged lay outside 0..reserved
  CallState state = CallState::held;
  MicroUsd charged = 0;
};

struct RepairReport {
  int repaired = 0;
  bool more = false;  // the batch was full: call again
};

struct AccountView {
  std::string plan = {};
  AccountStatus status = AccountStatus::active;
  PeriodKind period = PeriodKind::month;
  UnixMs period_start = 0;
  UnixMs period_end = 0;  // of `once`: kMaxTime
  MicroUsd limit = 0;
  MicroUsd settled = 0;
  MicroUsd held = 0;
  MicroUsd available = 0;  // never negative, whatever became of the limit
  std::int64_t running = 0;
};

/// What became of an event of Stripe.
struct EventTaken {
  bool duplicate = false;  // it was counted before; nothing changed
  bool newer = false;      // it changed what is known of its subscription
  bool account = false;    // it changed an account
};

struct SubscriptionView {
  SubscriptionStatus status = SubscriptionStatus::none;  // none: there is nothing to show
  std::string plan = {};
  UnixMs period_end = 0;      // 0: not known
  UnixMs ends_at = 0;         // 0: it goes on
  std::string customer = {};  // "": there is none
};

/// One day (of the end of the calls), provider, model and organisation.
struct UsageRow {
  UnixMs day = 0;  // its first millisecond
  std::string provider;
  std::string model;
  std::string organisation{};  // "": by the app's own key
  std::int64_t calls = 0;
  MicroUsd charged = 0;
  MicroUsd cost = 0;           // the provider's price of it: less than `charged` where there is a markup
  std::int64_t estimated = 0;  // calls whose figures the provider did not report
};
struct Usage {
  std::vector<UsageRow> rows;  // at most kMaxUsageRows, by day, provider, model, organisation
  bool more = false;           // there were more: ask for a shorter time
};

/// What one call came to.
struct CallBill {
  CallId call{};
  std::string user;
  std::string provider;
  std::string model;
  std::string organisation;
  CallState state = CallState::held;
  Figures figures = Figures::none;
  MicroUsd charged = 0;
  int http_status = 0;
  UnixMs created_at = 0;
  UnixMs ended_at = 0;  // 0: it is not over
};

/// Where a key of a provider belongs: to an organisation, or to the app ("").
struct KeyPlace {
  std::string provider;
  std::string organisation{};
  bool operator==(const KeyPlace&) const = default;
};
/// A key as the database has it: never in the clear.
struct StoredKey {
  KeyPlace place;
  std::string sealed;     // 1..kMaxSealedBytes
  std::string hint;       // its last four characters, to tell it by
  UnixMs added_at = 0;    // the first of this place
  UnixMs changed_at = 0;  // this one
};
enum class KeyPut { added, rotated, missing, there_already, too_many };

}  // namespace keyhold::server
