#include "server/config/warnings.h"

#include <algorithm>

namespace keyhold::server {

namespace {

bool is_this_machine(const std::string& address) { return address.starts_with("127.") || address == "::1"; }

void warn_of_models(const Config& config, const Plan& plan, UnixMs now, std::vector<std::string>& out) {
  for (const auto& [provider, models] : plan.models) {
    if (!config.app_keys.contains(provider)) {
      // The database may have it.
      if (!config.master_key.empty()) continue;
      out.push_back("plans: plan " + plan.id + " has models of " + provider + ", but there is no key for it in keys");
      continue;
    }
    for (const std::string& model : models) {
      if (model.ends_with('*') || config.prices->find(provider, model, now)) continue;
      out.push_back("prices: " + model + " of " + provider + ", in plan " + plan.id +
                    ", has no price, so its calls are refused; ownPrices can give it one");
    }
  }
}

void warn_of_plan(const Config& config, const Plan& plan, UnixMs now, std::vector<std::string>& out) {
  const std::string named = "plans: plan " + plan.id;
  if (plan.models.empty()) out.push_back(named + " has no models, so every call is refused with 402 plan_required");
  if (plan.limit_micro_usd == 0) out.push_back(named + " has a limit of nothing, so every call that costs is refused");
  if (!plan.output_bound_given) {
    out.push_back(named + " says no maxOutputTokens, so each call holds the price of " +
                  std::to_string(plan.max_output_tokens) + " tokens of answer: small limits allow few calls at once");
  }
  warn_of_models(config, plan, now, out);
}

}  // namespace

std::vector<std::string> warnings_of(const Config& config, UnixMs now) {
  std::vector<std::string> out;
  if (!is_this_machine(config.address)) {
    out.push_back("listen: " + config.address +
                  " is reached from other machines, and the server speaks no TLS itself: tokens would be readable on "
                  "the way, unless something in front of it on that network does (server/install/nginx.conf)");
  }
  if (is_this_machine(config.address) && config.trusted_proxies.empty() && config.address_days > 0) {
    out.push_back(
        "trustedProxies: is not set, so whoever comes through something in front of the server is written down as " +
        config.address + R"(; name its address, as in "127.0.0.1", or set addressDays to 0)");
  }
  if (!config.metrics_address.empty()) {
    const auto address = IpAddress::parse(config.metrics_address);
    if (!address || !address->is_private()) {
      out.push_back("metrics.listen: " + config.metrics_address +
                    " may be reached from the internet, and whoever reaches it may read what is counted");
    }
  }
  if (config.origins.empty()) {
    out.emplace_back(
        "origins: no web page may call, only programs; name your pages, as in \"https://app.example.com\"");
  }
  if (config.add_key_url.empty()) {
    out.emplace_back("addKeyUrl: whoever has used up the quota is not told where to add a key of their own");
  }
  if (config.tokens.issuer.empty()) {
    out.emplace_back("tokens.issuer: is not looked at; name it if anything else signs with the same keys");
  }
  if (!config.tokens.jwks_url.empty()) {
    out.emplace_back("tokens.jwksUrl: is not asked by this check; /readyz says when a server has its keys");
  }
  for (const Plan& plan : config.plans) warn_of_plan(config, plan, now, out);
  for (const auto& entry : config.app_keys) {
    const std::string& provider = entry.first;
    const bool used = std::any_of(config.plans.begin(), config.plans.end(),
                                  [&](const Plan& plan) { return plan.models.contains(provider); });
    if (!used) out.push_back("keys: that of " + provider + " is of no plan's use");
  }
  return out;
}

}  // namespace keyhold::server
