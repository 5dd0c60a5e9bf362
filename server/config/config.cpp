#include "server/config/config.h"

#include <algorithm>
#include <charconv>

#include "base/json.h"
#include "server/config/fields.h"
#include "server/config/sections.h"
#include "server/quota/postgres_address.h"

namespace keyhold::server {

namespace {

constexpr std::size_t kMaxName = 100;
constexpr std::size_t kMaxPath = 4096;
constexpr std::size_t kMaxOrigins = 64;
constexpr std::size_t kMaxModels = 256;
constexpr double kMaxUsd = 1e6;
constexpr std::size_t kMaxOldReceiptKeys = 16;
constexpr double kMaxMarkupPercent = static_cast<double>(kMaxMarkup) / 100;

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

void read_listen(const Fields& of, std::optional<std::string> otherwise, std::string& address, std::uint16_t& to) {
  const std::string listen = of.text("listen", kMaxName, std::move(otherwise));
  const std::size_t colon = listen.rfind(':');
  const std::string_view port = colon == std::string::npos ? "" : std::string_view(listen).substr(colon + 1);
  unsigned number = 0;
  const auto [end, problem] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (colon == 0 || port.empty() || problem != std::errc() || end != port.data() + port.size() || number > 65535) {
    return of.fault("listen", "an address and a port are expected, as in \"127.0.0.1:8787\"");
  }
  address = listen.substr(0, colon);
  // As an IPv6 address stands before a port.
  if (address.front() == '[' && address.back() == ']') address = address.substr(1, address.size() - 2);
  to = static_cast<std::uint16_t>(number);
}

void read_metrics(const Fields& root, Fault& fault, Config& config) {
  const auto value = root.value("metrics");
  if (!value) return;
  const Fields of(*value, "metrics", fault, {"listen"});
  read_listen(of, std::nullopt, config.metrics_address, config.metrics_port);
  if (config.metrics_port != 0 && config.metrics_port == config.port) of.fault("listen", "another port is expected");
}

void read_proxies(const Fields& root, Fault& fault, Config& config) {
  root.each("trustedProxies", kMaxTrustedProxies, [&](JsonRef value, const std::string& place) {
    const auto text = value.text(kMaxName);
    const auto network = text ? Network::parse(*text) : std::nullopt;
    if (!network) return fault.note(place, R"(an address or a network is expected, as in "127.0.0.1" or "10.0.0.0/8")");
    config.trusted_proxies.push_back(*network);
  });
}

void read_database(const Fields& root, Fault& fault, const ConfigSources& sources, Config& config) {
  const auto value = root.value("database");
  if (!value || value->text(kMaxPath)) {
    config.database = root.text("database", kMaxPath, "keyhold-server.db");
    return;
  }
  const Fields of(*value, "database", fault, {"postgresEnv"});
  config.postgres = secret_of(sources, of, "postgresEnv");
  // REVEAL: whether it is an address; what is wrong with it is not said in its own words.
  if (!fault.any() && !postgres_address(std::string(as_text(config.postgres.reveal())))) {
    of.fault("postgresEnv", "an address is expected, as in postgresql://user:password@host/database");
  }
}

void read_tokens(const Fields& root, Fault& fault, const ConfigSources& sources, TokenSource& tokens) {
  const auto value = root.value("tokens");
  if (!value) return root.fault("tokens", "is missing: whose tokens does the server take?");
  const Fields of(*value, "tokens", fault,
                  {"issuer", "audience", "organisationClaim", "secretEnv", "jwksFile", "jwksUrl"});
  tokens.issuer = of.text("issuer", kMaxName, "");
  tokens.audience = of.text("audience", kMaxName);
  tokens.organisation_claim = of.text("organisationClaim", kMaxName, "");
  if (of.has("secretEnv") + of.has("jwksFile") + of.has("jwksUrl") != 1) {
    return of.fault("secretEnv", "one of this, jwksFile and jwksUrl is expected");
  }
  if (of.has("jwksUrl")) {
    tokens.jwks_url = of.text("jwksUrl", TargetUrl::kMaxLength);
    if (!TargetUrl::parse(tokens.jwks_url))
      of.fault("jwksUrl", "an address is expected: https, or http of this machine");
    return;
  }
  if (of.has("secretEnv")) {
    tokens.secret = secret_of(sources, of, "secretEnv");
    if (!fault.any() && tokens.secret.size() < 32) of.fault("secretEnv", "the secret needs at least 32 bytes");
    return;
  }
  const std::string path = of.text("jwksFile", kMaxPath);
  const auto text = path.empty() ? std::nullopt : sources.file(path);
  if (!text) return of.fault("jwksFile", "the file cannot be read");
  tokens.jwks = *text;
}

Plan read_plan(JsonRef value, const std::string& place, Fault& fault, const Catalogue& catalogue) {
  const Fields of(value, place, fault,
                  {"id", "name", "priceUsd", "limitUsd", "period", "maxRunning", "callsPerMinute", "maxOutputTokens",
                   "markupPercent", "models"});
  Plan plan;
  plan.id = of.text("id", kMaxName);
  if (!is_id(plan.id)) of.fault("id", "lower-case letters, digits, - and _ are expected");
  plan.name = of.text("name", kMaxName);
  plan.price_micro_usd = of.micro_usd("priceUsd", kMaxUsd, 0);
  plan.limit_micro_usd = of.micro_usd("limitUsd", kMaxUsd);
  const std::string period = of.text("period", kMaxName, "month");
  for (const PeriodKind one : {PeriodKind::day, PeriodKind::month, PeriodKind::once}) {
    if (period == name_of(one)) plan.period = one;
  }
  if (period != name_of(plan.period)) of.fault("period", "\"day\", \"month\" or \"once\" is expected");
  plan.max_running = static_cast<int>(of.whole("maxRunning", 1, 1000, 4));
  plan.calls_per_minute = static_cast<int>(of.whole("callsPerMinute", 1, 100'000, 60));
  plan.max_output_tokens = of.whole("maxOutputTokens", 1, 1'000'000, 4096);
  plan.output_bound_given = of.has("maxOutputTokens");
  plan.markup = of.hundredths("markupPercent", kMaxMarkupPercent, 0);
  of.each_member("models", kMaxModels, [&](std::string_view provider, JsonRef names, const std::string& at) {
    if (!catalogue.find(provider)) fault.note(at, "there is no such provider");
    each_of(names, at, kMaxModels, fault, [&](JsonRef model, const std::string& where) {
      const auto text = model.text(kMaxName);
      if (!text || text->empty()) return fault.note(where, "the name of a model is expected, or \"*\"");
      plan.models[std::string(provider)].emplace_back(*text);
    });
  });
  return plan;
}

/// Puts a line first in its provider's section of the list: the first that fits counts.
void put_price(std::string& list, const std::string& provider, const std::string& line) {
  const std::string head = "\n@" + provider;
  std::size_t at = list.find(head);
  while (at != std::string::npos && list[at + head.size()] != '\n' && list[at + head.size()] != ' ') {
    at = list.find(head, at + 1);
  }
  if (at == std::string::npos) {
    list += "@" + provider + "\n" + line;
  } else {
    list.insert(list.find('\n', at + head.size()) + 1, line);
  }
}

void read_own_prices(const Fields& root, Fault& fault, std::string& list) {
  root.each("ownPrices", kMaxModels, [&](JsonRef value, const std::string& place) {
    const Fields of(value, place, fault, {"provider", "model", "inputUsd", "outputUsd"});
    const std::string provider = of.text("provider", kMaxName);
    std::string model = of.text("model", kMaxName);
    if (!is_id(provider)) of.fault("provider", "the id of a provider is expected");
    for (char& c : model) {
      if (c <= ' ' || c >= 0x7f || c == '|' || c == '&') of.fault("model", "a name of printable ASCII is expected");
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    const auto usd = [&](std::string_view name) {
      const std::int64_t micro = of.micro_usd(name, kMaxUsd);
      const std::string fraction = std::to_string(micro % 1'000'000);
      return std::to_string(micro / 1'000'000) + "." + std::string(6 - fraction.size(), '0') + fraction;
    };
    const std::string input = usd("inputUsd");
    if (!fault.any()) put_price(list, provider, "=" + model + "\ti" + input + " o" + usd("outputUsd") + "\n");
  });
}

void read_prices(const Fields& root, Fault& fault, const ConfigSources& sources, Config& config) {
  std::string list = "KHP1 1970-01-01\n";
  if (root.has("prices")) {
    const std::string path = root.text("prices", kMaxPath);
    const auto text = path.empty() ? std::nullopt : sources.file(path);
    if (!text) return root.fault("prices", "the file cannot be read");
    list = *text;
  }
  if (!list.ends_with('\n')) list += '\n';
  read_own_prices(root, fault, list);
  if (fault.any()) return;
  auto parsed = PriceList::parse(as_bytes(list));
  if (!parsed) return root.fault("prices", "this is no list of prices (prices.txt of the package is one)");
  config.prices = std::move(*parsed);
}

void read_app_keys(const Fields& root, Fault& fault, const ConfigSources& sources, Config& config) {
  root.each_member("keys", Catalogue::kMaxProviders, [&](std::string_view id, JsonRef value, const std::string& place) {
    const auto provider = config.catalogue.find(id);
    if (!provider) return fault.note(place, "there is no such provider");
    const Fields of(value, place, fault, {"env"});
    config.app_keys.emplace(std::string(id), secret_of(sources, of, "env"));
  });
}

void read_receipts(const Fields& root, Fault& fault, const ConfigSources& sources, Config& config) {
  const auto value = root.value("receipts");
  if (!value) return;
  const Fields of(*value, "receipts", fault, {"keyEnv", "oldKeys"});
  const SecretBytes seed = secret_of(sources, of, "keyEnv");
  // REVEAL: into the key that receipts are signed with.
  config.receipt_key = ReceiptKey::parse(as_text(seed.reveal()));
  if (!config.receipt_key)
    of.fault("keyEnv", "43 characters are expected, as keyhold-server receipts new-key prints them");
  of.each("oldKeys", kMaxOldReceiptKeys, [&](JsonRef old, const std::string& place) {
    const auto text = old.text(kMaxName);
    auto key = text ? ReceiptPublicKey::parse(*text) : std::nullopt;
    if (!key) return fault.note(place, "the x of a public key is expected, as /v1/receipts/keys has it");
    config.old_receipt_keys.push_back(*std::move(key));
  });
}

void read_origins(const Fields& root, Fault& fault, Config& config) {
  root.each("origins", kMaxOrigins, [&](JsonRef value, const std::string& place) {
    const auto text = value.text(kMaxName);
    const auto endpoint = text ? Endpoint::parse(*text) : Result<Endpoint>(Errc::ERR_BAD_INPUT);
    if (!endpoint || endpoint->origin() != *text) {
      return fault.note(place, "an origin is expected, as in \"https://app.example.com\"");
    }
    config.origins.emplace_back(*text);
  });
}

void read_providers(const Fields& root, Config& config) {
  auto catalogue = Catalogue::builtin();
  if (!catalogue) return root.fault("providers", "the built-in list cannot be read");
  config.catalogue = std::move(*catalogue);
  const auto own = root.value("providers");
  if (own && !config.catalogue.add_site(*own)) {
    root.fault("providers", "these are not providers as wasm/catalogue/schema.json describes them, or one is built in");
  }
}

}  // namespace

std::string_view name_of(PeriodKind period) noexcept {
  switch (period) {
    case PeriodKind::day: return "day";
    case PeriodKind::month: return "month";
    case PeriodKind::once: break;
  }
  return "once";
}

bool Plan::allows(std::string_view provider, std::string_view model) const noexcept {
  const auto found = models.find(provider);
  if (found == models.end()) return false;
  return std::any_of(found->second.begin(), found->second.end(), [&](std::string_view allowed) {
    if (!allowed.ends_with('*')) return allowed == model;
    return model.starts_with(allowed.substr(0, allowed.size() - 1));
  });
}

const Plan* Config::plan(std::string_view id) const noexcept {
  const auto found = std::find_if(plans.begin(), plans.end(), [&](const Plan& plan) { return plan.id == id; });
  return found == plans.end() ? nullptr : &*found;
}

std::optional<Config> parse_config(std::string_view text, const ConfigSources& sources, std::string& error) {
  const auto json = Json::parse(as_bytes(text), {.max_bytes = kMaxConfigBytes});
  if (!json) {
    error = "the configuration is not one JSON object, or a member is in it twice";
    return std::nullopt;
  }
  Fault fault;
  const Fields root(json->root(), "", fault,
                    {"listen", "threads", "database", "leaseSeconds", "origins", "addKeyUrl", "tokens", "plans",
                     "providers", "prices", "ownPrices", "keys", "masterKeyEnv", "billing", "receipts", "metrics",
                     "trustedProxies", "addressDays"});
  Config config;
  read_listen(root, "127.0.0.1:8787", config.address, config.port);
  read_metrics(root, fault, config);
  read_proxies(root, fault, config);
  config.address_days = static_cast<int>(root.whole("addressDays", 0, 3650, kUsualAddressDays));
  config.threads = static_cast<int>(root.whole("threads", 1, 64, 2));
  read_database(root, fault, sources, config);
  config.lease_ms = 1000 * root.whole("leaseSeconds", 3, 600, kDefaultLeaseMs / 1000);
  config.add_key_url = root.text("addKeyUrl", kMaxPath, "");
  read_origins(root, fault, config);
  read_tokens(root, fault, sources, config.tokens);
  read_providers(root, config);
  root.each("plans", kMaxPlans, [&](JsonRef value, const std::string& place) {
    Plan plan = read_plan(value, place, fault, config.catalogue);
    if (config.plan(plan.id)) fault.note(place + ".id", "another plan has this id");
    config.plans.push_back(std::move(plan));
  });
  if (config.plans.empty()) root.fault("plans", "at least one plan is expected");
  read_prices(root, fault, sources, config);
  read_app_keys(root, fault, sources, config);
  if (root.has("masterKeyEnv")) config.master_key = secret_of(sources, root, "masterKeyEnv");
  read_billing(root, fault, sources, config);
  read_receipts(root, fault, sources, config);
  if (!fault.any()) return config;
  error = fault.text();
  return std::nullopt;
}

}  // namespace keyhold::server
