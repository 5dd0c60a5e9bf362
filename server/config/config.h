// config: what an operator decides: where the server listens, whose tokens it takes, which plans there are, and which keys it
// calls providers with. Read once at start from a file; secrets come from the environment it names.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/secret.h"
#include "providers/catalogue.h"
#include "providers/price.h"
#include "server/address/address.h"
#include "server/quota/types.h"
#include "server/receipts/receipt_key.h"

namespace keyhold::server {

/// "day", "month" or "once".
std::string_view name_of(PeriodKind period) noexcept;

struct Plan {
  std::string id;
  std::string name;
  std::int64_t price_micro_usd = 0;  // of a month, for showing
  std::int64_t limit_micro_usd = 0;
  PeriodKind period = PeriodKind::month;
  int max_running = 4;  // calls of one user at the same time
  int calls_per_minute = 60;
  std::int64_t max_output_tokens = 4096;
  bool output_bound_given = false;  // by the operator; else it is the usual one
  /// Of calls with an organisation's managed key, beyond the provider's price: 0..kMaxMarkup, hundredths of a percent.
  std::int64_t markup = 0;
  /// Provider -> names of models; "*" at a name's end stands for any rest. What is not in it needs another plan.
  std::map<std::string, std::vector<std::string>, std::less<>> models;

  bool allows(std::string_view provider, std::string_view model) const noexcept;
};

/// Who signs the tokens of users, and how that is checked.
struct TokenSource {
  std::string issuer;  // "": any
  std::string audience;
  SecretBytes secret;              // of HS256; empty if there is none
  std::string jwks;                // a JWKS document; "" if there is none
  std::string jwks_url;            // where one is; "" if that is not how. https, or http on this machine
  std::string organisation_claim;  // which member says what organisation a user belongs to; "": none does
};

/// How users pay, by Stripe.
struct Billing {
  std::string api;  // "https://api.stripe.com/"; http on this computer only
  SecretBytes key;
  std::vector<SecretBytes> webhook_secrets;  // one; two while it is being changed
  /// Plan -> ids of Stripe's prices. The first is what is sold; the others are what was.
  std::map<std::string, std::vector<std::string>, std::less<>> prices;
  std::vector<std::string> return_origins;

  /// "" if the plan is not sold.
  std::string_view price_of(std::string_view plan) const noexcept;
  /// "" if the price is no plan's.
  std::string_view plan_of(std::string_view price) const noexcept;
};

inline constexpr int kUsualAddressDays = 90;

struct Config {
  std::string address;
  std::uint16_t port = 0;
  /// Where only /metrics and /healthz are; "": nowhere.
  std::string metrics_address;
  std::uint16_t metrics_port = 0;
  /// Whose X-Forwarded-For is believed.
  std::vector<Network> trusted_proxies;
  /// How long clients' addresses are kept; 0: they are not.
  int address_days = kUsualAddressDays;
  int threads = 2;
  std::string database;  // path of the SQLite file; "" with PostgreSQL
  SecretBytes postgres;  // its address, which has a password in it; empty with SQLite
  /// How long a call may go unrenewed before its process counts as crashed.
  std::int64_t lease_ms = kDefaultLeaseMs;
  std::vector<std::string> origins;
  std::string add_key_url;
  TokenSource tokens;
  std::vector<Plan> plans;  // at least one; the first is the one of users who have none
  Catalogue catalogue;
  std::optional<PriceList> prices;
  std::map<std::string, SecretBytes, std::less<>> app_keys;  // by provider
  SecretBytes master_key;  // text, that keys in the database are sealed under; empty: there are none
  std::optional<Billing> billing;
  std::optional<ReceiptKey> receipt_key;           // nothing: no receipts are given
  std::vector<ReceiptPublicKey> old_receipt_keys;  // that signed before

  /// Null if there is none.
  const Plan* plan(std::string_view id) const noexcept;
};

/// Where the parts of a configuration come from that are not in it.
struct ConfigSources {
  /// An environment variable; nothing if it is not set.
  std::function<std::optional<std::string>(const std::string& name)> environment;
  /// A file beside the configuration; nothing if it cannot be read.
  std::function<std::optional<std::string>(const std::string& path)> file;
};

inline constexpr std::size_t kMaxConfigBytes = 1 << 20;
inline constexpr std::size_t kMaxPlans = 16;

/// @param error what is wrong first, and where, for the operator; never a secret
/// @return nothing if anything is wrong: a server does not start with a part of its settings
std::optional<Config> parse_config(std::string_view text, const ConfigSources& sources, std::string& error);

}  // namespace keyhold::server
