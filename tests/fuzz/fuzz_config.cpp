// fuzz_config: a configuration from anybody, with an environment and files that play along. Either it is refused with a sentence that
// has no secret in it, or every setting is within its bounds and the plans can be served.
//
//   <the configuration>     or     <the configuration> NUL <what each file it names has in it>
#include <cstddef>
#include <cstdint>
#include <set>

#include "server/config/config.h"
#include "server/config/warnings.h"

namespace {

using namespace keyhold;
using namespace keyhold::server;

constexpr UnixMs kNow = 1'795'000'000'000;
constexpr std::string_view kSecret = "sk-fuzz-0123456789-0123456789-0123456789";

void require(bool holds) {
  if (!holds) __builtin_trap();
}

void check_plan(const Config& config, const Plan& plan) {
  require(!plan.id.empty() && config.plan(plan.id) == &plan);
  require(plan.limit_micro_usd >= 0 && plan.limit_micro_usd <= kMaxMicroUsd);
  require(plan.price_micro_usd >= 0 && plan.max_output_tokens >= 1);
  require(plan.max_running >= 1 && plan.calls_per_minute >= 1);
  for (const auto& [provider, models] : plan.models) {
    require(config.catalogue.find(provider) != nullptr);
    for (const std::string& model : models) require(!model.empty() && plan.allows(provider, model));
    require(!plan.allows("no such provider", models.front()));
  }
}

void check_config(const Config& config) {
  require(!config.address.empty() && config.threads >= 1 && config.threads <= 64);
  require(!config.database.empty() && config.database.find('\0') == std::string::npos);
  require(config.lease_ms >= 3000 && config.lease_ms <= 600'000);
  require(!config.tokens.audience.empty() && config.prices.has_value());
  if (config.tokens.secret.size() > 0) require(config.tokens.secret.size() >= 32 && config.tokens.jwks_url.empty());
  if (!config.tokens.jwks_url.empty()) {
    const auto url = TargetUrl::parse(config.tokens.jwks_url);
    require(url.ok());
    require(url->origin.starts_with("https://") || Endpoint::parse(url->origin)->is_loopback());
  }
  for (const std::string& origin : config.origins) require(Endpoint::parse(origin)->origin() == origin);
  for (const auto& [provider, key] : config.app_keys) require(config.catalogue.find(provider) && key.size() > 0);
  require(!config.plans.empty() && config.plans.size() <= kMaxPlans);
  for (const Plan& plan : config.plans) check_plan(config, plan);
  for (const std::string& warning : warnings_of(config, kNow)) {
    require(!warning.empty() && warning.find(kSecret) == std::string::npos);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text(ByteView(data, size));
  const std::size_t cut = std::min(text.find('\0'), text.size());
  const std::string_view file = text.substr(std::min(cut + 1, text.size()));
  const auto environment = [](const std::string& name) {
    return name.starts_with("NO") ? std::nullopt : std::optional<std::string>(kSecret);
  };
  const auto beside = [&](const std::string& path) {
    return path.starts_with("no") ? std::nullopt : std::optional<std::string>(file);
  };
  std::string error;
  // Where the text itself has what is in the environment, a sentence that quotes a name of it may have it too.
  if (text.find(kSecret) != std::string_view::npos) return 0;
  const auto config = parse_config(text.substr(0, cut), {environment, beside}, error);
  if (config) {
    require(error.empty());
    check_config(*config);
  } else {
    require(!error.empty() && error.find(kSecret) == std::string::npos);
  }
  return 0;
}
