#include "server/http/routes.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/json.h"
#include "server/http/billing_routes.h"
#include "server/http/metrics_route.h"
#include "server/http/openapi.h"
#include "server/http/receipt_routes.h"
#include "server/http/relay_call.h"
#include "server/http/usage_route.h"
#include "server/relay/route.h"

namespace keyhold::server {

namespace {

constexpr std::string_view kBearer = "bearer ";

bool allows_origin(const Config& config, std::string_view origin) {
  return std::find(config.origins.begin(), config.origins.end(), origin) != config.origins.end();
}

bool is_preflight(const Request& request) {
  return request.method == "OPTIONS" && !request.header("origin").empty() &&
         !request.header("access-control-request-method").empty();
}

/// As far as the head says it; what comes in chunks is counted as it comes.
bool has_more_than(const Request& request, std::uint64_t max) {
  const std::string_view length = request.header("content-length");
  std::uint64_t bytes = 0;
  const auto problem = std::from_chars(length.data(), length.data() + length.size(), bytes).ec;
  return bytes > max || problem == std::errc::result_out_of_range ||
         (max == 0 && !request.header("transfer-encoding").empty());
}

bool is_receipts(Route route) { return route == Route::receipt || route == Route::receipt_keys; }

bool is_billing(Route route) { return route == Route::checkout || route == Route::portal || route == Route::webhook; }

/// Each route that is no relay has one; HEAD is a GET.
bool takes_method(const KnownRoute& known, std::string_view method) {
  if (known.route == Route::relay) return true;
  return known.max_body > 0 ? method == "POST" : method == "GET" || method == "HEAD";
}

std::string_view bearer(const Request& request) {
  const std::string_view value = request.header("authorization");
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; };
  if (value.size() <= kBearer.size() ||
      !std::equal(kBearer.begin(), kBearer.end(), value.begin(), [&](char b, char a) { return same(a, b); })) {
    return {};
  }
  return value.substr(kBearer.size());
}

Reply plans_of(const Config& config) {
  JsonOut out = JsonOut::object();
  out.set_array("plans", [&](JsonOut& list) {
    for (const Plan& plan : config.plans) {
      JsonOut one = JsonOut::object();
      one.set("id", plan.id)
          .set("name", plan.name)
          .set("price", plan.price_micro_usd)
          .set("limit", plan.limit_micro_usd);
      one.set("checkout", config.billing && !config.billing->price_of(plan.id).empty());
      one.set("period", name_of(plan.period)).set("calls_per_minute", plan.calls_per_minute);
      one.set("max_running", plan.max_running).set("max_output_tokens", plan.max_output_tokens);
      one.set_object("models", [&](JsonOut& models) {
        for (const auto& [provider, names] : plan.models) {
          models.set_array(provider, [&](JsonOut& of) {
            for (const std::string& name : names) of.push(name);
          });
        }
      });
      list.push(one);
    }
  });
  return {.body = out.dump()};
}

std::string_view status_text(AccountStatus status) {
  switch (status) {
    case AccountStatus::active: return "active";
    case AccountStatus::lapsed: return "lapsed";
    case AccountStatus::suspended: break;
  }
  return "suspended";
}

asio::awaitable<Reply> account_of(Client& client, const Request& request) {
  Service& service = client.worker().service;
  SubscriptionView subscription;
  const auto account = co_await service.store.ask([&](QuotaBook& book) -> Answer<AccountView> {
    if (service.config.billing) {
      auto found = book.subscription(request.user);
      if (!found) return found.error();
      subscription = std::move(found).value();
    }
    return book.account(request.user, service.plans, now_ms());
  });
  if (!account) co_return Reply::of({.type = ProblemType::unavailable, .retry_after_s = 1}, request);
  const AccountView& view = account.value();
  JsonOut out = JsonOut::object();
  out.set("plan", view.plan).set("status", status_text(view.status)).set("period", name_of(view.period));
  out.set("period_start", view.period_start);
  if (view.period != PeriodKind::once) out.set("resets_at", view.period_end);
  out.set("limit", view.limit).set("settled", view.settled).set("held", view.held);
  out.set("available", view.available).set("running", view.running);
  set_subscription(out, subscription);
  co_return Reply{.body = out.dump()};
}

/// What needs no token to be refused.
std::optional<Reply> refuse_unread(const Service& service, const Request& request) {
  const std::string_view origin = request.header("origin");
  const bool preflight = is_preflight(request);
  if (!origin.empty() && !allows_origin(service.config, origin)) {
    return Reply::of({.type = ProblemType::origin_not_allowed}, request);
  }
  const KnownRoute* known = route_of(request.path);
  if (known == nullptr) return Reply::of({.type = ProblemType::not_found}, request);
  // Nobody without a token makes the server hold a body, but for a webhook's.
  if (has_more_than(request, preflight ? 0 : known->max_body)) {
    return Reply::of({.type = ProblemType::too_large}, request);
  }
  if (preflight) return std::nullopt;
  if (!takes_method(*known, request.method)) return Reply::of({.type = ProblemType::method_not_allowed}, request);
  if (is_billing(known->route) && !service.config.billing) {
    return Reply::of({.type = ProblemType::billing_off}, request);
  }
  if (is_receipts(known->route) && !service.config.receipt_key) {
    return Reply::of({.type = ProblemType::receipts_off}, request);
  }
  return std::nullopt;
}

asio::awaitable<Reply> ready(Client& client, const Request& request) {
  Service& service = client.worker().service;
  if (service.draining) co_return Reply::of({.type = ProblemType::shutting_down, .retry_after_s = 5}, request);
  const auto account =
      co_await service.store.ask([&](QuotaBook& book) { return book.account("-", service.plans, now_ms()); });
  if (!account || !service.tokens.verifier()) {
    co_return Reply::of({.type = ProblemType::unavailable, .retry_after_s = 5}, request);
  }
  co_return Reply{.body = R"({"status":"ready"})"};
}

}  // namespace

asio::awaitable<std::optional<Reply>> refuse_head(Service& service, Request& request) {
  if (request.inside) co_return refuse_inside(request);
  auto refusal = refuse_unread(service, request);
  const KnownRoute* known = route_of(request.path);
  if (refusal || is_preflight(request) || !known->token) co_return refusal;
  auto verifier = service.tokens.verifier();
  const Problem no_keys{.type = ProblemType::unavailable, .retry_after_s = 1};
  if (!verifier) co_return Reply::of(no_keys, request);
  auto user = verifier->verify(bearer(request), now_ms());
  if (!user && user.problem() == TokenProblem::unknown_key) {
    const bool newer = co_await service.tokens.look_again();
    if (newer) verifier = service.tokens.verifier();
    if (newer && verifier) user = verifier->verify(bearer(request), now_ms());
  }
  if (!user) co_return Reply::of({.type = ProblemType::unauthorized, .code = name(user.problem())}, request);
  request.user = user->subject;
  request.organisation = user->organisation;
  co_return std::nullopt;
}

std::uint64_t max_body(const Request& request) noexcept {
  const KnownRoute* known = route_of(request.path);
  return known == nullptr || is_preflight(request) ? 0 : known->max_body;
}

void add_cors(const Config& config, const Request& request, Headers& headers) {
  const std::string_view origin = request.header("origin");
  headers.emplace_back("vary", "origin");
  if (origin.empty() || !allows_origin(config, origin)) return;
  headers.emplace_back("access-control-allow-origin", origin);
  headers.emplace_back("access-control-expose-headers",
                       "keyhold-source, keyhold-call, keyhold-request-id, keyhold-more, retry-after, x-should-retry");
  if (!is_preflight(request)) return;
  headers.emplace_back("access-control-allow-methods", "GET, POST");
  const std::string_view asked = request.header("access-control-request-headers");
  if (!asked.empty()) headers.emplace_back("access-control-allow-headers", asked);
  headers.emplace_back("access-control-max-age", "600");
}

std::string route_name(const Service& service, const Request& request) {
  if (request.inside) return "metrics";
  const KnownRoute* known = route_of(request.path);
  if (known == nullptr) return "none";
  if (known->route != Route::relay) return std::string(known->path);
  const auto provider = service.config.catalogue.find(relay_target(request.path, request.query).provider);
  return provider ? "relay/" + provider->id : "relay";
}

namespace {

asio::awaitable<Reply> reply_of(Client& client, const Request& request) {
  switch (route_of(request.path)->route) {
    case Route::health: co_return Reply{.body = R"({"status":"ok"})"};
    case Route::document: co_return Reply{.body = std::string(openapi_document())};
    case Route::plans: co_return plans_of(client.worker().service.config);
    case Route::account: co_return co_await account_of(client, request);
    case Route::usage: co_return co_await usage_of(client, request);
    case Route::ready: co_return co_await ready(client, request);
    case Route::checkout: co_return co_await checkout(client, request);
    case Route::portal: co_return co_await portal(client, request);
    case Route::webhook: co_return co_await webhook(client, request);
    case Route::receipt: co_return co_await receipt_of(client, request);
    case Route::receipt_keys: co_return receipt_keys(client.worker().service);
    case Route::relay: break;
  }
  co_return Reply::of({.type = ProblemType::not_found}, request);
}

}  // namespace

asio::awaitable<bool> answer(Client& client, Request request) {
  if (request.inside) {
    Reply inside = answer_inside(client.worker().service, request);
    co_return co_await client.reply(request, std::move(inside));
  }
  if (route_of(request.path)->route == Route::relay && !is_preflight(request)) {
    const auto [provider, below] = relay_target(request.path, request.query);
    co_return co_await relay(client, request, provider, below);
  }
  Reply reply{.status = 204};
  if (!is_preflight(request)) reply = co_await reply_of(client, request);
  co_return co_await client.reply(request, std::move(reply));
}

}  // namespace keyhold::server
