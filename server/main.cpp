// keyhold-server: what an operator can ask for on the command line.
#include <openssl/rand.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>

#include "base/base64.h"
#include "server/http/log.h"
#include "server/http/server.h"
#include "server/process/process.h"

namespace keyhold::server {
namespace {

constexpr int kBooks = 2;

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
  config->database = (path.parent_path() / config->database).string();
  return std::move(*config);
}

PlanTable plans_of(const Config& config) {
  PlanTable table{config.plans.front().id, {}};
  for (const Plan& plan : config.plans) {
    table.plans[plan.id] = {plan.limit_micro_usd, plan.period, plan.max_running};
  }
  return table;
}

TokenVerifier verifier_of(const Config& config) {
  const TokenSource& source = config.tokens;
  auto keys = [&]() -> std::shared_ptr<const KeySet> {
    if (source.secret.empty()) {
      auto set = KeySet::parse(source.jwks, KeySource::file);
      if (!set) stop("tokens.jwksFile: " + std::string(sentence(set.problem())));
      return std::make_shared<const KeySet>(std::move(set).take());
    }
    // REVEAL: into the key that tokens are verified with.
    auto key = VerifyKey::of_secret(SecretBytes::copy_of(source.secret.reveal()));
    if (!key) stop("tokens.secretEnv: " + std::string(sentence(key.problem())));
    return std::make_shared<const KeySet>(KeySet::of(std::move(key).take()));
  }();
  TokenRules rules{source.issuer.empty() ? std::nullopt : std::optional(source.issuer), source.audience};
  auto verifier = TokenVerifier::make(std::move(rules), std::move(keys));
  if (!verifier) stop("tokens: an issuer or an audience is too long");
  return std::move(*verifier);
}

QuotaBook book_of(const Config& config, const std::string& owner) {
  auto book = QuotaBook::open(
      {.connection = "sqlite3://db=" + config.database + " timeout=5", .owner = owner, .lease_ms = config.lease_ms});
  if (book) return std::move(book).value();
  stop(book.error() == QuotaError::newer_schema ? config.database + ": a newer keyhold-server wrote this database"
                                                : config.database + ": the database cannot be opened, or made");
}

int serve_all(const Config& config) {
  std::array<std::uint8_t, 16> run{};
  if (RAND_bytes(run.data(), static_cast<int>(run.size())) != 1) stop("no random numbers");
  std::vector<QuotaBook> books;
  for (int i = 0; i < kBooks; ++i) books.push_back(book_of(config, encode_base64url(run)));
  start_log();
  Service service{config, plans_of(config), verifier_of(config), Store(std::move(books)), {}};
  const bool served = serve(
      service, [&](std::uint16_t port) { log_info("listening on " + config.address + ":" + std::to_string(port)); });
  if (!served)
    stop("cannot listen on " + config.address + ":" + std::to_string(config.port) + ": is something else there?");
  return 0;
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
  verifier_of(config);
  std::cout << "The configuration is good: it listens on " << config.address << ":" << config.port << ", has "
            << config.plans.size() << " plans and keys for " << config.app_keys.size() << " providers.\n";
  for (const Plan& plan : config.plans) {
    for (const auto& [provider, models] : plan.models) {
      if (!config.app_keys.contains(provider)) {
        std::cout << "Plan " << plan.id << " has models of " << provider << ", but there is no key for it.\n";
      }
    }
  }
  return 0;
}

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
  int result = 0;

  app.add_subcommand("serve", "Serve until SIGTERM")->callback([&] { result = serve_all(config_of(path)); });
  app.add_subcommand("check-config", "Say what is wrong with the configuration, or what it comes to")->callback([&] {
    result = check(config_of(path));
  });
  CLI::App* plan = app.add_subcommand("plan", "Plans of users")->require_subcommand(1);
  CLI::App* set = plan->add_subcommand("set", "Put a user on a plan, without a payment provider");
  std::string user;
  std::string id;
  std::string status = "active";
  set->add_option("USER", user, "As the token's \"sub\" has it")->required();
  set->add_option("PLAN", id, "An id of the configuration")->required();
  set->add_option("--status", status)->check(CLI::IsMember({"active", "lapsed", "suspended"}))->capture_default_str();
  set->callback([&] { result = set_plan(config_of(path), user, id, status); });

  CLI11_PARSE(app, argc, argv);
  return result;
}
