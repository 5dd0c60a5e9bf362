#include "server/billing/event.h"

#include <algorithm>

#include "base/json.h"

namespace keyhold::server {

namespace {

constexpr std::string_view kSubscription = "customer.subscription.";
constexpr std::size_t kMaxType = 100;
constexpr std::int64_t kMaxSeconds = 99'999'999'999;  // in the year 5138

bool is_null_or_absent(const std::optional<JsonRef>& value) { return !value || value->is_null(); }

/// Ids are of printable ASCII: they go into rows, requests and answers.
bool is_stripe_id(std::string_view text) {
  return !text.empty() && text.size() <= kMaxStripeId &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

/// An id, of which Stripe may have put the whole object in its place. "" if there is none.
Result<std::string> id_in(JsonRef object, std::string_view name) {
  auto value = object.find(name);
  if (is_null_or_absent(value)) return std::string();
  if (value->is_object()) value = value->find("id");
  if (!value) return Errc::ERR_BAD_JSON;
  KEYHOLD_TRY(const std::string_view text, value->text(kMaxStripeId));
  if (!is_stripe_id(text)) return Errc::ERR_BAD_JSON;
  return std::string(text);
}

Result<std::string> own_id(JsonRef object) {
  KEYHOLD_TRY(std::string id, id_in(object, "id"));
  if (id.empty()) return Errc::ERR_BAD_JSON;
  return id;
}

Result<std::string> word_in(JsonRef object, std::string_view name) {
  KEYHOLD_TRY(const JsonRef value, object.field(name));
  KEYHOLD_TRY(const std::string_view text, value.text(kMaxType));
  return std::string(text);
}

/// 0 if there is none.
Result<std::int64_t> seconds_in(JsonRef object, std::string_view name) {
  const auto value = object.find(name);
  if (is_null_or_absent(value)) return std::int64_t{0};
  return value->integer(0, kMaxSeconds);
}

/// Whose it is; "" where it is said to be nobody that a token could name.
std::string user_in(const std::optional<JsonRef>& value) {
  if (is_null_or_absent(value)) return {};
  const auto text = value->text(kMaxBilledUser);
  if (!text) return {};
  const bool plain = std::all_of(text->begin(), text->end(),
                                 [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
  return plain ? std::string(*text) : std::string();
}

struct Items {
  std::string plan;
  std::int64_t period_end = 0;
};

Result<Items> read_items(JsonRef object, const std::function<std::string_view(std::string_view)>& plan_of) {
  Items read;
  const auto items = object.find("items");
  const auto list = is_null_or_absent(items) ? std::nullopt : items->find("data");
  if (is_null_or_absent(list)) return read;
  if (list->size() > kMaxItems) return Errc::ERR_BAD_JSON;
  KEYHOLD_CHECK(list->each([&](JsonRef item) -> Result<void> {
    KEYHOLD_TRY(const std::string price, id_in(item, "price"));
    KEYHOLD_TRY(const std::int64_t end, seconds_in(item, "current_period_end"));
    read.period_end = std::max(read.period_end, end);
    if (read.plan.empty()) read.plan = plan_of(price);
    return {};
  }));
  return read;
}

Result<SubscriptionChange> read_subscription(JsonRef object, std::string_view verb,
                                             const std::function<std::string_view(std::string_view)>& plan_of) {
  SubscriptionChange change;
  KEYHOLD_TRY(change.customer, id_in(object, "customer"));
  KEYHOLD_TRY(const std::string status, word_in(object, "status"));
  const auto known = subscription_status(status);
  if (!known) return Errc::ERR_BAD_JSON;
  change.rank = verb == "created" ? 0 : verb == "deleted" ? 2 : 1;
  // Whatever its object says: it is gone.
  change.status = verb == "deleted" ? SubscriptionStatus::canceled : *known;
  KEYHOLD_TRY(const Items items, read_items(object, plan_of));
  change.plan = items.plan;
  KEYHOLD_TRY(const std::int64_t own_end, seconds_in(object, "current_period_end"));
  const std::int64_t period_end = std::max(own_end, items.period_end);
  KEYHOLD_TRY(std::int64_t ends, seconds_in(object, "cancel_at"));
  const auto at_end = object.find("cancel_at_period_end");
  if (ends == 0 && !is_null_or_absent(at_end)) {
    KEYHOLD_TRY(const bool cancels, at_end->boolean());
    if (cancels) ends = period_end;
  }
  KEYHOLD_TRY(const std::int64_t ended, seconds_in(object, "ended_at"));
  if (ended != 0) ends = ended;
  change.period_end = period_end * 1000;
  change.ends_at = ends * 1000;
  if (const auto metadata = object.find("metadata")) change.user = user_in(metadata->find("user"));
  return change;
}

}  // namespace

Result<BillingEvent> read_event(ByteView body, const std::function<std::string_view(std::string_view)>& plan_of) {
  KEYHOLD_TRY(const Json json, Json::parse(body, {.max_bytes = kMaxEventBytes}));
  const JsonRef root = json.root();
  BillingEvent event;
  KEYHOLD_TRY(event.id, own_id(root));
  KEYHOLD_TRY(const std::string kind, word_in(root, "object"));
  KEYHOLD_TRY(event.type, word_in(root, "type"));
  if (kind != "event") return Errc::ERR_BAD_JSON;
  KEYHOLD_TRY(const JsonRef created, root.field("created"));
  KEYHOLD_TRY(event.created, created.integer(0, kMaxSeconds));

  const bool checkout = event.type == "checkout.session.completed";
  const std::string_view verb =
      event.type.starts_with(kSubscription) ? std::string_view(event.type).substr(kSubscription.size()) : "";
  constexpr std::string_view kVerbs[] = {"created", "updated", "paused", "resumed", "deleted"};
  if (!checkout && std::find(std::begin(kVerbs), std::end(kVerbs), verb) == std::end(kVerbs)) return event;

  KEYHOLD_TRY(const JsonRef data, root.field("data"));
  KEYHOLD_TRY(const JsonRef object, data.field("object"));
  if (checkout) {
    KEYHOLD_TRY(const std::string mode, word_in(object, "mode"));
    KEYHOLD_TRY(std::string subscription, id_in(object, "subscription"));
    if (mode != "subscription" || subscription.empty()) return event;
    CheckoutDone done{.user = user_in(object.find("client_reference_id")), .created = event.created};
    KEYHOLD_TRY(done.customer, id_in(object, "customer"));
    event.subscription = std::move(subscription);
    event.what = std::move(done);
    return event;
  }
  KEYHOLD_TRY(event.subscription, own_id(object));
  KEYHOLD_TRY(SubscriptionChange change, read_subscription(object, verb, plan_of));
  change.created = event.created;
  change.event = event.id;
  event.what = std::move(change);
  return event;
}

}  // namespace keyhold::server
