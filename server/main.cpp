// keyhold-server: what an operator can ask for on the command line.
#include <openssl/rand.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>

#include "base/base64.h"
#include "server/commands/audit_export.h"
#include "server/commands/key_commands.h"
#include "server/commands/usage_export.h"
#include "server/config/warnings.h"
#include "server/http/log.h"
#include "server/http/server.h"
#include "server/process/process.h"
#include "server/process/secret_input.h"

namespace keyhold::server {
namespace {

/// Two decide, one keeps the leases of calls under way.
constexpr int kBooks = 3;

std::optional<std::string> read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::string text{std::istreambuf_iterator<char>(file), {}};
  return file.bad() || text.size() > kMaxConfigBytes * 4 ? std::nullopt : std::optional(std::move(text));
}

/// Ends the program with a sentence for the operator.
[[noreturn]] void stop(const std::string& why) {
  std::cerr << "keyhold-server: " << why << "\n";
  std::exit(1);
}

Config config_of(const std::filesystem::path& path) {
  const auto text = read_file(path);
  if (!text) stop("cannot read " + path.string());
  std::string error;
  // What the configuration names lies beside it.
  const auto beside = [&](const std::string& name) { return read_file(path.parent_path() / name); };
  const auto variable = [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
  auto config = parse_config(*text, {variable, beside}, error);
  if (!config) stop(path.string() + ": " + error);
  if (!config->database.empty()) config->database = (path.parent_path() / config->database).string();
  return std::move(*config);
}

PlanTable plans_of(const Config& config) {
  PlanTable table{config.plans.front().id, {}};
  for (const Plan& plan : config.plans) {
    table.plans[plan.id] = {plan.limit_micro_usd, plan.period, plan.max_running};
  }
  return table;
}

TokenKeys tokens_of(const Config& config) {
  const TokenSource& source = config.tokens;
  TokenRules rules{source.issuer.empty() ? std::nullopt : std::optional(source.issuer), source.audience,
                   source.organisation_claim};
  if (!source.jwks_url.empty()) return {std::move(rules), source.jwks_url};
  if (source.secret.empty()) {
    auto set = KeySet::parse(source.jwks, KeySource::file);
    if (!set) stop("tokens.jwksFile: " + std::string(sentence(set.problem())));
    return {std::move(rules), std::make_shared<const KeySet>(std::move(set).take())};
  }
  // REVEAL: into the key that tokens are verified with.
  auto key = VerifyKey::of_secret(SecretBytes::copy_of(source.secret.reveal()));
  if (!key) stop("tokens.secretEnv: " + std::string(sentence(key.problem())));
  return {std::move(rules), std::make_shared<const KeySet>(KeySet::of(std::move(key).take()))};
}

QuotaBook book_of(const Config& config, const std::string& owner) {
  const bool postgres = !config.postgres.empty();
  // REVEAL: to connect with.
  const std::string connection =
      postgres ? std::string(as_text(config.postgres.reveal())) : "sqlite3://db=" + config.database + " timeout=5";
  std::string trouble;
  auto book = QuotaBook::open({.connection = connection, .owner = owner, .lease_ms = config.lease_ms}, &trouble);
  if (book) return std::move(book).value();
  const std::string name = postgres ? "the database of database.postgresEnv" : config.database;
  stop(name + (book.error() == QuotaError::newer_schema
                   ? ": a newer keyhold-server wrote this database"
                   : ": the database cannot be opened, or made" + (trouble.empty() ? "" : ": " + trouble)));
}

/// Nothing where the configuration names none.
std::optional<MasterKey> master_key_of(const Config& config) {
  if (config.master_key.empty()) return std::nullopt;
  // REVEAL: into the key that keys are opened with.
  auto key = parse_master_key(as_text(config.master_key.reveal()));
  if (!key) stop("masterKeyEnv: 43 characters are expected, as keyhold-server key new-master prints them");
  return key;
}

/// For a command that is about keys in the database.
MasterKey needed_master_key(const Config& config) {
  auto key = master_key_of(config);
  if (!key) stop("the configuration needs masterKeyEnv, the variable with the key that others are sealed under");
  return std::move(*key);
}

/// The database's keys are there before the first call. Under a master key that is not theirs nothing is served: calls would fail, or
/// go by a key that is not meant.
void load_keys(KeyRing& keys, const std::optional<std::vector<StoredKey>>& stored) {
  if (!stored) stop("the database does not answer");
  keys.refresh([&] { return stored; }, now_ms());
  if (keys.unopened() == 0) return;
  stop(std::to_string(keys.unopened()) + " of the database's " + std::to_string(stored->size()) +
       " keys do not open with this master key (keyhold-server key list)");
}

int serve_all(const Config& config) {
  std::array<std::uint8_t, 16> run{};
  if (RAND_bytes(run.data(), static_cast<int>(run.size())) != 1) stop("no random numbers");
  std::vector<QuotaBook> books;
  for (int i = 0; i < kBooks; ++i) books.push_back(book_of(config, encode_base64url(run)));
  const auto stored = read_keys(books.front());
  start_log();
  Service service{config,
                  plans_of(config),
                  tokens_of(config),
                  KeyRing(config.app_keys, master_key_of(config)),
                  Store(std::move(books)),
                  {}};
  load_keys(service.keys, stored);
  for (const auto& entry : config.app_keys) service.metrics.expect(entry.first);
  const bool served = serve(service, [&](std::uint16_t port, std::uint16_t metrics_port) {
    if (metrics_port != 0) log_info("metrics at " + config.metrics_address + ":" + std::to_string(metrics_port));
    log_info("listening on " + config.address + ":" + std::to_string(port));
  });
  if (served) return 0;
  const std::string metrics =
      config.metrics_address.empty() ? "" : " or " + config.metrics_address + ":" + std::to_string(config.metrics_port);
  stop("cannot listen on " + config.address + ":" + std::to_string(config.port) + metrics +
       ": is something else there?");
}

int set_plan(const Config& config, const std::string& user, const std::string& plan, const std::string& status) {
  if (config.plan(plan) == nullptr) stop("the configuration has no plan called " + plan);
  const std::map<std::string, AccountStatus> known = {
      {"active", AccountStatus::active}, {"lapsed", AccountStatus::lapsed}, {"suspended", AccountStatus::suspended}};
  if (!book_of(config, "command").set_plan(user, plan, known.at(status), now_ms())) stop("the account was not changed");
  std::cout << user << " has the plan " << plan << ", " << status << "\n";
  return 0;
}

int check(const Config& config) {
  tokens_of(config);
  (void)master_key_of(config);
  std::cout << "The configuration is good: it listens on " << config.address << ":" << config.port << ", has "
            << config.plans.size() << " plans and keys for " << config.app_keys.size() << " providers.\n";
  if (config.billing) {
    for (const auto& [plan, prices] : config.billing->prices) std::cout << "Plan " << plan << " is sold by Stripe.\n";
  }
  const auto warnings = warnings_of(config, now_ms());
  for (const std::string& warning : warnings) std::cout << "warning: " << warning << ".\n";
  std::cout << (warnings.empty()
                    ? "Next: keyhold-server serve\n"
                    : "It can be served as it is. Next: look at each warning, then keyhold-server serve\n");
  return 0;
}

int write_usage(const Config& config, const UsageExport& asked) {
  QuotaBook book = book_of(config, "command");
  std::string error;
  if (!export_usage(book, asked, std::cout, error, now_ms())) stop(error);
  return 0;
}

int write_audit(const Config& config, const AuditExport& asked) {
  QuotaBook book = book_of(config, "command");
  std::string error;
  if (!export_audit(book, asked, std::cout, error, now_ms())) stop(error);
  return 0;
}

/// What the commands about keys have in common.
struct KeyCommand {
  KeyPlace place;
  bool rotate = false;
};

int put_key_of(const Config& config, const KeyCommand& asked) {
  const MasterKey master = needed_master_key(config);
  if (asked.place.organisation.size() > kMaxOrganisationBytes) stop("an organisation has 1 to 100 bytes");
  if (!config.catalogue.find(asked.place.provider)) stop("there is no provider called " + asked.place.provider);
  if (asked.place.organisation.empty() && config.app_keys.contains(asked.place.provider)) {
    stop("the app's key of " + asked.place.provider + " comes from the environment (keys); take it out there first");
  }
  QuotaBook book = book_of(config, "command");
  auto key = read_secret("The key: ", kMaxKeyBytes);
  if (!key) stop("a key is expected on standard input, on one line");
  std::string error;
  const bool done = put_key(book, master, asked.place, *key, asked.rotate, now_ms(), std::cout, error);
  wipe({reinterpret_cast<std::uint8_t*>(key->data()), key->size()});
  if (!done) stop(error);
  return 0;
}

int remove_key_of(const Config& config, const KeyPlace& place) {
  QuotaBook book = book_of(config, "command");
  std::string error;
  if (!remove_key(book, place, now_ms(), std::cout, error)) stop(error);
  return 0;
}

int list_keys_of(const Config& config) {
  const MasterKey master = needed_master_key(config);
  QuotaBook book = book_of(config, "command");
  std::string error;
  if (!list_keys(book, master, std::cout, error)) stop(error);
  return 0;
}

int reseal_keys_of(const Config& config, const std::string& old_variable) {
  const MasterKey master = needed_master_key(config);
  const char* old = std::getenv(old_variable.c_str());
  const auto before = old == nullptr ? std::nullopt : parse_master_key(old);
  if (!before) stop("the environment has no master key as " + old_variable);
  QuotaBook book = book_of(config, "command");
  std::string error;
  if (!reseal_keys(book, *before, master, now_ms(), std::cout, error)) stop(error);
  return 0;
}

// What is printed below each command's options: how it is called, and what to do next.

constexpr const char* kFirstSteps =
    "First steps:\n"
    "  1. cp server/install/keyhold-server.example.json keyhold-server.json     and put your plans in\n"
    "  2. export KEYHOLD_TOKEN_SECRET=... OPENAI_API_KEY=...                    what it names in the environment\n"
    "  3. keyhold-server check-config                                           what is wrong with it, or risky\n"
    "  4. keyhold-server serve                                                  then, from elsewhere:\n"
    "     curl http://127.0.0.1:8787/readyz                                     {\"status\":\"ready\"}\n"
    "     curl http://127.0.0.1:8787/v1/openapi.json                            every address and answer\n"
    "  5. keyhold-server plan set USER pro                                      who has paid\n"
    "keyhold-server COMMAND --help says more of each. docs/server.md has everything.";
constexpr const char* kServeHelp =
    "Example:\n"
    "  keyhold-server -c /etc/keyhold-server/keyhold-server.json serve\n"
    "Logs are JSON lines on standard error. SIGTERM: no new calls, 25 seconds for those under way.\n"
    "Next: put TLS in front (server/install/nginx.conf), keep it running (server/install/keyhold-server.service),\n"
    "watch /readyz.";
constexpr const char* kCheckHelp =
    "Example:\n"
    "  keyhold-server -c keyhold-server.json check-config\n"
    "Ends with 1 and the first thing that is wrong, with its place; or with 0 and a line for each risk.\n"
    "Next: keyhold-server serve";
constexpr const char* kSetHelp =
    "Examples:\n"
    "  keyhold-server plan set user-17 pro\n"
    "  keyhold-server plan set user-17 pro --status lapsed      their calls are answered with 402 until it is active\n"
    "Works while the server runs, from the next call on. Who has no plan has the first of the configuration.\n"
    "Next: GET /v1/account with a token of theirs shows it.";
constexpr const char* kExportHelp =
    "Examples:\n"
    "  keyhold-server usage export --from 2026-11-01 --to 2026-11-30 > november.csv\n"
    "  keyhold-server usage export --from 2026-01-01 --to 2026-12-31 --user user-17 --format json\n"
    "A row for each user, day (UTC, of the calls' end), provider and model; amounts in millionths of a US dollar.\n"
    "Days that are not over may still change.\n"
    "Next: sum charged_micro_usd by provider, and compare it with the provider's own bill.";
constexpr const char* kAuditHelp =
    "Examples:\n"
    "  keyhold-server audit export --from 2026-11-01 --to 2026-11-30 > november-audit.csv\n"
    "  keyhold-server audit export --from 2026-11-27 --to 2026-11-27 --calls --user user-17 --format json\n"
    "A row for each thing that was done, by time (UTC): what, by whom (a user, the operator, Stripe), about whom, from "
    "which\n"
    "address, by which request. With --calls one for each call, too, after the others. Never a key, a question or an "
    "answer.\n"
    "Addresses older than the configuration's addressDays are blank. This export is a row itself.\n"
    "Next: keep the file where the server's own machine cannot change it.";

constexpr const char* kMasterHelp =
    "Example:\n"
    "  KEYHOLD_MASTER_KEY=$(keyhold-server key new-master)\n"
    "Keys in the database are sealed under it: keep it where the database's backups are not, and do not lose it.\n"
    "Next: \"masterKeyEnv\": \"KEYHOLD_MASTER_KEY\" in the configuration, then keyhold-server key add";
constexpr const char* kReceiptHelp =
    "Example:\n"
    "  KEYHOLD_RECEIPT_KEY=$(keyhold-server receipts new-key)\n"
    "Whose calls go by the app's key can ask what each came to, signed with it, and hold it against a bill.\n"
    "Next: \"receipts\": { \"keyEnv\": \"KEYHOLD_RECEIPT_KEY\" } in the configuration, then GET /v1/receipts/keys";
constexpr const char* kKeyHelp =
    "Examples:\n"
    "  keyhold-server key add openai                     the app's own, instead of one in the environment\n"
    "  keyhold-server key add openai --org acme          for users whose tokens name acme (tokens.organisationClaim)\n"
    "  pass show openai | keyhold-server key rotate openai --org acme\n"
    "The key is read from standard input, never from the command's line. Servers that run take it up within 10 "
    "seconds.\n"
    "Next: keyhold-server key list; after a rotation, end the old key at the provider.";
constexpr const char* kResealHelp =
    "Example:\n"
    "  OLD_MASTER_KEY=$KEYHOLD_MASTER_KEY KEYHOLD_MASTER_KEY=$(keyhold-server key new-master) \\\n"
    "    keyhold-server key reseal --old OLD_MASTER_KEY\n"
    "All keys are sealed anew, or none. Servers that run keep the keys they have; give them the new master key, too.\n"
    "Next: restart the servers with the new one.";

}  // namespace
}  // namespace keyhold::server

int main(int argc, char** argv) {
  using namespace keyhold::server;
  prepare_process();
  CLI::App app(
      "keyhold-server: lets the users of an app call AI providers with the app's own key, up to what their plan "
      "allows.\n"
      "It knows subscriptions and quota; it never sees a user's key.");
  std::filesystem::path path = "keyhold-server.json";
  app.add_option("-c,--config", path, "The configuration, a JSON file (README: \"keyhold-server\")")
      ->capture_default_str()
      ->envname("KEYHOLD_SERVER_CONFIG");
  app.require_subcommand(1);
  app.footer(kFirstSteps);
  int result = 0;

  CLI::App* serving = app.add_subcommand("serve", "Serve until SIGTERM")->footer(kServeHelp);
  serving->callback([&] { result = serve_all(config_of(path)); });
  CLI::App* checking = app.add_subcommand("check-config", "Say what is wrong with the configuration, or risky");
  checking->footer(kCheckHelp)->callback([&] { result = check(config_of(path)); });
  CLI::App* plan = app.add_subcommand("plan", "Plans of users")->require_subcommand(1);
  CLI::App* set = plan->add_subcommand("set", "Put a user on a plan, without a payment provider")->footer(kSetHelp);
  std::string user;
  std::string id;
  std::string status = "active";
  set->add_option("USER", user, "As the token's \"sub\" has it")->required();
  set->add_option("PLAN", id, "An id of the configuration")->required();
  set->add_option("--status", status)->check(CLI::IsMember({"active", "lapsed", "suspended"}))->capture_default_str();
  set->callback([&] { result = set_plan(config_of(path), user, id, status); });

  CLI::App* usage = app.add_subcommand("usage", "What calls came to")->require_subcommand(1);
  CLI::App* exporting = usage->add_subcommand("export", "Write it out, for all users or one")->footer(kExportHelp);
  UsageExport asked;
  exporting->add_option("--from", asked.from, "The first day, as in 2026-11-01")->required();
  exporting->add_option("--to", asked.to, "The last day")->required();
  exporting->add_option("--user", asked.user, "Only this one, as the token's \"sub\" has it");
  exporting->add_option("--format", asked.format)->check(CLI::IsMember({"csv", "json"}))->capture_default_str();
  std::string organisation;
  CLI::Option* only =
      exporting->add_option("--org", organisation, "Only calls with a managed key of this organisation");
  exporting->callback([&] {
    if (only->count() > 0) asked.organisation = organisation;
    result = write_usage(config_of(path), asked);
  });

  CLI::App* key = app.add_subcommand("key", "Keys of providers, sealed in the database")->require_subcommand(1);
  KeyCommand keyed;
  const auto about_key = [&](const char* name, const char* what) {
    CLI::App* one = key->add_subcommand(name, what)->footer(kKeyHelp);
    one->add_option("PROVIDER", keyed.place.provider, "Its id, as in the configuration")->required();
    one->add_option("--org", keyed.place.organisation, "Whose managed key it is; without it, the app's own");
    return one;
  };
  about_key("add", "Put one there")->callback([&] { result = put_key_of(config_of(path), keyed); });
  about_key("rotate", "Put another in its place")->callback([&] {
    keyed.rotate = true;
    result = put_key_of(config_of(path), keyed);
  });
  about_key("remove", "Take it away")->callback([&] { result = remove_key_of(config_of(path), keyed.place); });
  key->add_subcommand("list", "Which there are, without what they are")->callback([&] {
    result = list_keys_of(config_of(path));
  });
  key->add_subcommand("new-master", "Print a fresh master key")->footer(kMasterHelp)->callback([] {
    std::cout << new_secret() << "\n";
  });
  std::string old_variable = "KEYHOLD_OLD_MASTER_KEY";
  CLI::App* reseal = key->add_subcommand("reseal", "Seal all keys under another master key")->footer(kResealHelp);
  reseal->add_option("--old", old_variable, "The variable that has the one they are sealed under")
      ->capture_default_str();
  reseal->callback([&] { result = reseal_keys_of(config_of(path), old_variable); });

  CLI::App* receipts = app.add_subcommand("receipts", "What calls came to, signed")->require_subcommand(1);
  receipts->add_subcommand("new-key", "Print a fresh key to sign them with")->footer(kReceiptHelp)->callback([] {
    std::cout << new_secret() << "\n";
  });

  CLI::App* audit = app.add_subcommand("audit", "Who did what, and from where")->require_subcommand(1);
  CLI::App* auditing = audit->add_subcommand("export", "Write it out, for all users or one")->footer(kAuditHelp);
  AuditExport rows;
  auditing->add_option("--from", rows.from, "The first day, as in 2026-11-01")->required();
  auditing->add_option("--to", rows.to, "The last day")->required();
  auditing->add_option("--user", rows.user, "Only what is about this one, as the token's \"sub\" has it");
  auditing->add_option("--format", rows.format)->check(CLI::IsMember({"csv", "json"}))->capture_default_str();
  auditing->add_flag("--calls", rows.calls, "The calls as well");
  auditing->callback([&] { result = write_audit(config_of(path), rows); });

  CLI11_PARSE(app, argc, argv);
  return result;
}
