#include "server/http/billing_routes.h"

#include "server/billing/event.h"
#include "server/billing/signature.h"
#include "server/billing/stripe_request.h"
#include "server/http/log.h"
#include "server/http/stripe_call.h"

namespace keyhold::server {

namespace {

const Billing& billing_of(Client& client) { return *client.worker().service.config.billing; }

Reply refused(const Request& request, ProblemType type, std::string_view code = {}) {
  return Reply::of({.type = type, .code = code}, request);
}

Reply unavailable(const Request& request) {
  return Reply::of({.type = ProblemType::unavailable, .retry_after_s = 1}, request);
}

/// A user who asks again and again would do so at Stripe, with the operator's key.
std::optional<Reply> too_many(Service& service, const Request& request) {
  // No user's name begins with a line end: this counts apart from their calls.
  const auto wait = service.rate.admit("\n" + request.user, kSessionsPerMinute, now_ms());
  if (!wait) return std::nullopt;
  return Reply::of({.type = ProblemType::rate_limited, .retry_after_s = *wait}, request);
}

/// Asks Stripe for a session. `attempt`: another one of the same request, with another form.
asio::awaitable<std::optional<StripeAnswer>> ask_stripe(Client& client, const Request& request, std::string_view path,
                                                        std::string form, std::string_view attempt = {}) {
  const std::string_view given = request.header("idempotency-key");
  std::string key = given.empty() ? "keyhold-" + request.id : idempotency_key(request.user, given);
  key.append(attempt);
  co_return co_await call_stripe(client.worker(), path, std::move(form), std::move(key));
}

/// Where the session is.
Reply session_reply(const Request& request, const std::optional<StripeAnswer>& answer) {
  if (!answer) {
    log_warning("stripe could not be reached, or did not answer in time");
    return refused(request, ProblemType::billing_failed);
  }
  const ByteView body = as_bytes(answer->body);
  if (answer->status != 200) {
    log_warning("stripe answered " + std::to_string(answer->status) + " " + refusal_in_answer(body));
    return refused(request, ProblemType::billing_failed);
  }
  const auto url = url_in_answer(body);
  if (!url) {
    log_warning("stripe's answer has no address to send a user to");
    return refused(request, ProblemType::billing_failed);
  }
  return {.body = JsonOut::object().set("url", *url).dump()};
}

bool is_missing(const std::optional<StripeAnswer>& answer) {
  return answer && answer->status != 200 && refusal_in_answer(as_bytes(answer->body)) == "resource_missing";
}

std::string_view sentence_of(const BillingEvent& event, const EventTaken& taken) {
  if (taken.duplicate) return "an event of stripe came again";
  const auto* change = std::get_if<SubscriptionChange>(&event.what);
  if (change != nullptr && change->plan.empty()) return "an event of stripe is of a price that is no plan's";
  if (!taken.newer) return "an event of stripe was older than what is known";
  return taken.account ? "an event of stripe changed an account" : "an event of stripe was counted";
}

/// Nobody gets a session of which nothing is written down.
asio::awaitable<Reply> written_down(Client& client, const Request& request, AuditEntry entry, Reply reply) {
  if (reply.status != 200) co_return reply;
  const auto done = co_await client.worker().service.store.ask([&](QuotaBook& book) {
    return book.record(entry, by_user(request.user, request.address, request.id), now_ms());
  });
  if (!done) co_return unavailable(request);
  co_return reply;
}

WebhookResult result_of(const EventTaken& taken) {
  if (taken.duplicate) return WebhookResult::duplicate;
  if (!taken.newer) return WebhookResult::older;
  return taken.account ? WebhookResult::changed : WebhookResult::counted;
}

}  // namespace

asio::awaitable<Reply> checkout(Client& client, const Request& request) {
  Service& service = client.worker().service;
  const Billing& billing = billing_of(client);
  const auto asked = read_checkout(as_bytes(request.body));
  if (!asked) co_return refused(request, ProblemType::malformed_request);
  CheckoutForm form{.user = request.user, .plan = asked->plan};
  form.price = billing.price_of(asked->plan);
  if (form.price.empty()) co_return refused(request, ProblemType::plan_not_for_sale);
  const auto back = checked_return_url(asked->return_url, billing.return_origins);
  if (!back) co_return refused(request, ProblemType::return_url_not_allowed);
  form.return_url = *back;
  const auto view = co_await service.store.ask([&](QuotaBook& book) { return book.subscription(request.user); });
  if (!view) co_return unavailable(request);
  // Of whatever plan: with a second one they would pay twice.
  if (is_living(view.value().status)) co_return refused(request, ProblemType::already_subscribed);
  if (auto reply = too_many(service, request)) co_return std::move(*reply);
  form.customer = view.value().customer;
  auto answer = co_await ask_stripe(client, request, kCheckoutPath, form_of(form));
  // The operator may have deleted the customer.
  const bool again = !form.customer.empty() && is_missing(answer);
  if (again) {
    form.customer.clear();
    answer = co_await ask_stripe(client, request, kCheckoutPath, form_of(form), "-new");
  }
  AuditEntry entry{AuditAction::checkout_made, request.user, plan_detail(form.plan)};
  Reply reply = session_reply(request, answer);
  co_return co_await written_down(client, request, std::move(entry), std::move(reply));
}

asio::awaitable<Reply> portal(Client& client, const Request& request) {
  Service& service = client.worker().service;
  const auto asked = read_portal(as_bytes(request.body));
  if (!asked) co_return refused(request, ProblemType::malformed_request);
  const auto back = checked_return_url(*asked, billing_of(client).return_origins);
  if (!back) co_return refused(request, ProblemType::return_url_not_allowed);
  const auto view = co_await service.store.ask([&](QuotaBook& book) { return book.subscription(request.user); });
  if (!view) co_return unavailable(request);
  if (view.value().customer.empty()) co_return refused(request, ProblemType::no_subscription);
  if (auto reply = too_many(service, request)) co_return std::move(*reply);
  const auto answer = co_await ask_stripe(client, request, kPortalPath, portal_form(view.value().customer, *back));
  AuditEntry entry{AuditAction::portal_made, request.user};
  Reply reply = session_reply(request, answer);
  co_return co_await written_down(client, request, std::move(entry), std::move(reply));
}

asio::awaitable<Reply> webhook(Client& client, const Request& request) {
  Service& service = client.worker().service;
  const Billing& billing = billing_of(client);
  const ByteView body = as_bytes(request.body);
  if (const auto fault = check_signature(request.header("stripe-signature"), body, billing.webhook_secrets, now_ms())) {
    service.metrics.webhook(WebhookResult::bad_signature);
    co_return refused(request, ProblemType::bad_signature, name(*fault));
  }
  const auto event = read_event(body, [&](std::string_view price) { return billing.plan_of(price); });
  if (!event) {
    log_warning("an event of stripe cannot be read");
    service.metrics.webhook(WebhookResult::unreadable);
    co_return refused(request, ProblemType::malformed_request);
  }
  if (std::holds_alternative<NotOurs>(event->what)) {
    service.metrics.webhook(WebhookResult::not_ours);
  } else {
    PlanOrder order;
    for (const Plan& plan : service.config.plans) order.push_back(plan.id);
    const ActedBy by{"stripe", request.address, request.id};
    const auto taken =
        co_await service.store.ask([&](QuotaBook& book) { return book.take_event(*event, order, now_ms(), by); });
    service.metrics.webhook(taken ? result_of(taken.value()) : WebhookResult::unavailable);
    if (!taken) co_return unavailable(request);
    log_info(sentence_of(*event, taken.value()));
  }
  co_return Reply{.body = R"({"received":true})"};
}

void set_subscription(JsonOut& out, const SubscriptionView& view) {
  if (view.status == SubscriptionStatus::none) return;
  JsonOut one = JsonOut::object();
  one.set("status", name_of(view.status)).set("plan", view.plan);
  if (view.ends_at != 0) {
    one.set("ends_at", view.ends_at);
  } else if (is_living(view.status) && view.period_end != 0) {
    one.set("renews_at", view.period_end);
  }
  out.set("subscription", one.set("portal", !view.customer.empty()));
}

}  // namespace keyhold::server
