#include "server/quota/schema.h"

#include <span>
#include <string>

namespace keyhold::server {
namespace {

// From version 0, nothing, to 1. Amounts are micro-USD, times milliseconds. $NEW_ID: a number that the database gives.
constexpr std::string_view kFirst[] = {
    "CREATE TABLE accounts ("
    " user_id TEXT PRIMARY KEY,"
    " plan TEXT NOT NULL,"
    " status TEXT NOT NULL CHECK (status IN ('active', 'lapsed', 'suspended')),"
    " period TEXT NOT NULL CHECK (period IN ('', 'day', 'month', 'once')),"
    " period_start BIGINT NOT NULL,"
    " period_end BIGINT NOT NULL,"
    " limit_micro_usd BIGINT NOT NULL CHECK (limit_micro_usd >= 0),"
    " settled BIGINT NOT NULL CHECK (settled >= 0),"
    " held BIGINT NOT NULL CHECK (held >= 0),"
    " running BIGINT NOT NULL CHECK (running >= 0))",
    // Rows are added and ended, never removed. Of the request there is nothing here but which model it was for.
    "CREATE TABLE calls ("
    " id $NEW_ID,"
    " user_id TEXT NOT NULL REFERENCES accounts (user_id),"
    " idempotency_key TEXT,"
    " provider TEXT NOT NULL,"
    " model TEXT NOT NULL,"
    " reserved BIGINT NOT NULL CHECK (reserved >= 0),"
    " least BIGINT NOT NULL CHECK (least >= 0 AND least <= reserved),"
    " charged BIGINT NOT NULL CHECK (charged >= 0 AND charged <= reserved),"
    " figures TEXT NOT NULL CHECK (figures IN ('', 'reported', 'estimated', 'unknown')),"
    " state TEXT NOT NULL CHECK (state IN ('held', 'settled', 'released')),"
    " http_status BIGINT NOT NULL,"
    " owner TEXT NOT NULL,"
    " lease_until BIGINT NOT NULL,"
    " created_at BIGINT NOT NULL,"
    " ended_at BIGINT NOT NULL)",
    "CREATE UNIQUE INDEX calls_idempotency ON calls (user_id, idempotency_key) WHERE idempotency_key IS NOT NULL",
    // The few that run, among all that ever did.
    "CREATE INDEX calls_lease ON calls (lease_until) WHERE state = 'held'",
    "CREATE INDEX calls_owner ON calls (owner) WHERE state = 'held'",
    "CREATE INDEX calls_usage ON calls (user_id, ended_at) WHERE state = 'settled'",
};

// To 2: what Stripe says. Its times are milliseconds, but `created` and `changed_at`: seconds, as it counts them.
constexpr std::string_view kBilling[] = {
    // An event that was counted, in the transaction of what it changed: never twice.
    "CREATE TABLE billing_events ("
    " event_id TEXT PRIMARY KEY,"
    " type TEXT NOT NULL,"
    " created BIGINT NOT NULL,"
    " received_at BIGINT NOT NULL)",
    "CREATE INDEX billing_events_received ON billing_events (received_at)",
    // `user_id`, `customer_id`: what holds of what the events and the checkout said; '': not known yet.
    "CREATE TABLE subscriptions ("
    " subscription_id TEXT PRIMARY KEY,"
    " user_id TEXT NOT NULL,"
    " customer_id TEXT NOT NULL,"
    " status TEXT NOT NULL,"
    " plan TEXT NOT NULL,"
    " period_end BIGINT NOT NULL,"
    " ends_at BIGINT NOT NULL,"
    " said_user TEXT NOT NULL,"
    " said_customer TEXT NOT NULL,"
    " changed_at BIGINT NOT NULL,"
    " change_rank BIGINT NOT NULL,"
    " last_event TEXT NOT NULL,"
    " checkout_user TEXT NOT NULL,"
    " checkout_customer TEXT NOT NULL,"
    " checkout_at BIGINT NOT NULL,"
    " events BIGINT NOT NULL)",
    "CREATE INDEX subscriptions_user ON subscriptions (user_id, changed_at)",
};

// To 3: who did what, and from where. An address of '' was never known, or is too old to be kept.
constexpr std::string_view kAudit[] = {
    "CREATE TABLE audit ("
    " id $NEW_ID,"
    " happened_at BIGINT NOT NULL,"
    " action TEXT NOT NULL,"
    " actor TEXT NOT NULL,"
    " subject TEXT NOT NULL,"
    " address TEXT NOT NULL,"
    " detail TEXT NOT NULL,"
    " request_id TEXT NOT NULL)",
    "CREATE INDEX audit_time ON audit (happened_at, id)",
    "CREATE INDEX audit_subject ON audit (subject, happened_at, id)",
    "ALTER TABLE calls ADD COLUMN address TEXT NOT NULL DEFAULT ''",
    // Up to which id a task has come: the rows that are there now have no addresses.
    "CREATE TABLE upkeep (task TEXT PRIMARY KEY, upto BIGINT NOT NULL)",
    "INSERT INTO upkeep (task, upto) SELECT 'addresses of calls', COALESCE(MAX(id), 0) FROM calls",
    "INSERT INTO upkeep (task, upto) VALUES ('addresses of audit', 0)",
};

// To 4: keys of organisations and of the app, sealed; and what a call with an organisation's key costs beyond the provider's price.
constexpr std::string_view kKeys[] = {
    "CREATE TABLE stored_keys ("
    " provider TEXT NOT NULL,"
    " organisation TEXT NOT NULL,"
    " sealed TEXT NOT NULL,"
    " hint TEXT NOT NULL,"
    " added_at BIGINT NOT NULL,"
    " changed_at BIGINT NOT NULL,"
    " PRIMARY KEY (provider, organisation))",
    "ALTER TABLE calls ADD COLUMN organisation TEXT NOT NULL DEFAULT ''",
    // Hundredths of a percent. The provider's price is in `charged`, and comes out of it exactly.
    "ALTER TABLE calls ADD COLUMN markup BIGINT NOT NULL DEFAULT 0 CHECK (markup >= 0)",
};

constexpr std::span<const std::string_view> kSteps[] = {kFirst, kBilling, kAudit, kKeys};
static_assert(std::size(kSteps) == kSchemaVersion);

std::string in_dialect(std::string_view statement, bool postgres) {
  constexpr std::string_view kNewId = "$NEW_ID";
  std::string text(statement);
  const std::size_t at = text.find(kNewId);
  if (at == std::string::npos) return text;
  return text.replace(
      at, kNewId.size(),
      postgres ? "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY" : "INTEGER PRIMARY KEY AUTOINCREMENT");
}

/// A role that may not create tables can do without.
bool has_versions(Database& database) {
  const std::string name = "schema_version";
  long long count = 0;
  database.row(database.is_postgres()
                   ? "SELECT COUNT(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = :name"
                   : "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = :name",
               std::tie(count), name);
  return count > 0;
}

}  // namespace

Answer<Done> migrate(Database& database) {
  auto done = database.upgrading([&]() -> Answer<Done> {
    if (!has_versions(database)) database.once("CREATE TABLE schema_version (version BIGINT NOT NULL)");
    long long version = 0;
    const bool found = database.row("SELECT version FROM schema_version", std::tie(version));
    if (version > kSchemaVersion) return QuotaError::newer_schema;
    if (version == kSchemaVersion) return Done{};
    for (long long step = version; step < kSchemaVersion; ++step) {
      for (const std::string_view statement : kSteps[step]) {
        database.once(in_dialect(statement, database.is_postgres()));
      }
    }
    if (!found) database.once("INSERT INTO schema_version (version) VALUES (0)");
    const long long today = kSchemaVersion;
    database.change("UPDATE schema_version SET version = :version", today);
    return Done{};
  });
  if (done.ok()) database.expect_schema(kSchemaVersion);
  return done;
}

}  // namespace keyhold::server
