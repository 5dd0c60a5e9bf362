// billing: how Stripe is reached, what it signs with, which of its prices is which plan, and where a user may be sent back to.
#include <algorithm>

#include "providers/endpoint.h"
#include "server/config/sections.h"

namespace keyhold::server {

namespace {

constexpr std::string_view kStripe = "https://api.stripe.com/";
constexpr std::size_t kMaxPriceId = 255;
constexpr std::size_t kMaxPricesOfPlan = 32;
constexpr std::size_t kMaxReturnUrls = 64;

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

/// It goes into a header, or into a hash that is compared with another's: a line end at its end would be hard to find later.
SecretBytes printable_secret(const ConfigSources& sources, const Fields& of, std::string_view name) {
  SecretBytes secret = secret_of(sources, of, name);
  // REVEAL: looked at, and kept nowhere.
  if (!is_printable(as_text(secret.reveal()))) of.fault(name, "the variable has a space, a line end or the like in it");
  return secret;
}

void read_prices_of(JsonRef value, const std::string& place, Fault& fault, std::vector<std::string>& prices) {
  const auto add = [&](JsonRef one, const std::string& where) {
    const auto text = one.text(kMaxPriceId);
    if (!text || text->empty() || !is_printable(*text)) {
      return fault.note(where, "the id of a price at Stripe is expected, as in \"price_…\"");
    }
    prices.emplace_back(*text);
  };
  if (value.is_string()) return add(value, place);
  each_of(value, place, kMaxPricesOfPlan, fault, add);
  if (prices.empty()) fault.note(place, "the id of a price at Stripe, or a list of them, is expected");
}

void read_return_urls(const Fields& of, Fault& fault, Billing& billing) {
  of.each("returnUrls", kMaxReturnUrls, [&](JsonRef value, const std::string& place) {
    const auto text = value.text(Endpoint::kMaxLength);
    const auto endpoint = text ? Endpoint::parse(*text) : Result<Endpoint>(Errc::ERR_BAD_INPUT);
    if (!endpoint || endpoint->origin() != *text) {
      return fault.note(place, "an origin is expected, as in \"https://app.example.com\"");
    }
    billing.return_origins.emplace_back(*text);
  });
}

}  // namespace

std::string_view Billing::price_of(std::string_view plan) const noexcept {
  const auto found = prices.find(plan);
  return found == prices.end() ? std::string_view() : std::string_view(found->second.front());
}

std::string_view Billing::plan_of(std::string_view price) const noexcept {
  for (const auto& [plan, ids] : prices) {
    if (std::find(ids.begin(), ids.end(), price) != ids.end()) return plan;
  }
  return {};
}

void read_billing(const Fields& root, Fault& fault, const ConfigSources& sources, Config& config) {
  const auto value = root.value("billing");
  if (!value) return;
  const Fields of(*value, "billing", fault,
                  {"stripeKeyEnv", "webhookSecretEnv", "oldWebhookSecretEnv", "apiBase", "prices", "returnUrls"});
  Billing billing;
  billing.key = printable_secret(sources, of, "stripeKeyEnv");
  billing.webhook_secrets.push_back(printable_secret(sources, of, "webhookSecretEnv"));
  if (of.has("oldWebhookSecretEnv")) {
    billing.webhook_secrets.push_back(printable_secret(sources, of, "oldWebhookSecretEnv"));
  }
  const auto api = Endpoint::parse(of.text("apiBase", Endpoint::kMaxLength, std::string(kStripe)));
  if (!api) {
    of.fault("apiBase", "an https address is expected, or http on this computer");
  } else {
    billing.api = api->text();
  }
  of.each_member("prices", kMaxPlans, [&](std::string_view plan, JsonRef ids, const std::string& place) {
    if (config.plan(plan) == nullptr) return fault.note(place, "there is no such plan");
    std::vector<std::string> prices;
    read_prices_of(ids, place, fault, prices);
    for (const std::string& price : prices) {
      if (!billing.plan_of(price).empty()) fault.note(place, "another plan has this price");
    }
    if (!prices.empty()) billing.prices.emplace(std::string(plan), std::move(prices));
  });
  if (billing.prices.empty()) of.fault("prices", "at least one plan and its price are expected");
  if (!config.plans.empty() && billing.prices.contains(config.plans.front().id)) {
    of.fault("prices", "the first plan is that of users who pay nothing, and cannot be sold");
  }
  if (of.has("returnUrls")) {
    read_return_urls(of, fault, billing);
  } else {
    billing.return_origins = config.origins;
  }
  if (billing.return_origins.empty()) of.fault("returnUrls", "at least one origin is expected, here or in origins");
  config.billing = std::move(billing);
}

}  // namespace keyhold::server
