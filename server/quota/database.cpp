#include "server/quota/database.h"

#include <soci/sqlite3/soci-sqlite3.h>

#include <filesystem>
#include <stdexcept>

namespace keyhold::server {
namespace {

constexpr std::string_view kSqlite = "sqlite3://";
constexpr std::string_view kDefaultTimeout = " timeout=5";
constexpr int kTries = 3;
/// A process that starts may wait longer for a connection: nobody waits for it, and others may start as well.
constexpr std::string_view kStartsWithin = "&connect_timeout=30";

/// The connection is of no use any more; a new one may be.
struct Lost : std::runtime_error {
  using std::runtime_error::runtime_error;
};

sqlite_api::sqlite3* raw(soci::session& session) {
  return static_cast<soci::sqlite3_session_backend*>(session.get_backend())->conn_;
}

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

}  // namespace

bool Database::run(Kind kind, FunctionRef<bool()> body) noexcept {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point started = Clock::now();
  kind_ = kind;
  in_doubt_ = false;
  for (int tries = 0; tries < kTries; ++tries) {
    bool committing = false;
    Remedy remedy = Remedy::none;
    try {
      if (!session_) connect();
      begin();
      if (body()) {
        committing = true;
        change("COMMIT");
      } else {
        roll_back();
      }
      if (postgres_) patience_.rest();
      return true;
    } catch (const soci::soci_error& error) {
      // Not what(): that has the values of the statement in it, and with them users and idempotency keys.
      trouble_ = postgres_ ? postgres_trouble(error) : error.get_error_message();
      if (error.get_error_category() == soci::soci_error::connection_error) remedy = Remedy::reconnect;
      if (postgres_ && session_) remedy = remedy_of(*session_, error);
    } catch (const Lost& error) {
      trouble_ = error.what();
      remedy = Remedy::reconnect;
    } catch (const std::exception& error) {
      trouble_ = error.what();
    } catch (...) {
      trouble_ = "something that is no exception was thrown";
    }
    const bool lost = remedy == Remedy::reconnect;
    // What is lost cannot be told anything.
    if (!postgres_ || !lost) roll_back();
    const bool hung = postgres_ && patience_.rest();
    if (lost) disconnect();
    if (hung) {
      // It hangs: a new connection would, too.
      not_before_ = Clock::now() + kPostgresPause;
      trouble_ = "PostgreSQL: no answer in time";
    }
    // A commit that was cut off may have happened: doing it again could count twice.
    in_doubt_ = lost && committing;
    const bool late = postgres_ && Clock::now() - started > kPostgresPause;
    if (remedy == Remedy::none || in_doubt_ || late || (lost && tries > 0)) return false;
  }
  return false;
}

void Database::begin() {
  if (!postgres_) {
    change(kind_ == Kind::reading ? "BEGIN" : "BEGIN IMMEDIATE");
    if (file_moved()) throw Lost("the database's file was moved or deleted");
    return;
  }
  const bool upgrading = kind_ == Kind::upgrading;
  patience_.watch(*session_, upgrading ? kPostgresUpgradePatience : kPostgresPatience);
  change(kind_ == Kind::reading ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
                                : "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
  if (!upgrading) return;
  for (const std::string_view statement : kPostgresUpgradeLimits) once(statement);
}

soci::statement& Database::kept(std::string_view query) {
  const auto found = kept_.find(query);
  if (found != kept_.end()) return found->second;
  soci::statement statement(*session_);
  statement.alloc();
  statement.prepare(std::string(query));
  return kept_.emplace(query, std::move(statement)).first->second;
}

void Database::connect() {
  try {
    postgres_ ? connect_postgres() : connect_sqlite();
    if (expected_schema_ != 0) {
      long long version = 0;
      *session_ << "SELECT version FROM schema_version", soci::into(version);
      if (version != expected_schema_) throw std::runtime_error("the database has another schema than before");
    }
  } catch (...) {
    disconnect();
    throw;
  }
}

void Database::connect_sqlite() {
  if (!std::string_view(connection_).starts_with(kSqlite)) throw std::runtime_error("not a sqlite3:// connection");
  if (expected_schema_ != 0 && !std::filesystem::exists(file_)) throw std::runtime_error("the database's file is gone");
  std::string parameters = connection_.substr(kSqlite.size());
  if (!has(parameters, "timeout=")) parameters += kDefaultTimeout;
  session_.emplace(soci::sqlite3, parameters);
  const char* file = sqlite_api::sqlite3_db_filename(raw(*session_), "main");
  file_ = file == nullptr ? "" : file;
  std::string mode;
  *session_ << "PRAGMA journal_mode=WAL", soci::into(mode);
  if (mode != "wal") throw std::runtime_error("the database cannot keep a write-ahead log");
  if (!has(parameters, "synchronous=")) once("PRAGMA synchronous=NORMAL");
  once("PRAGMA foreign_keys=ON");
}

void Database::connect_postgres() {
  const auto now = std::chrono::steady_clock::now();
  if (now < not_before_) throw std::runtime_error("PostgreSQL: there was no connection a moment ago");
  const auto address = postgres_address(connection_);
  if (!address) throw std::runtime_error("PostgreSQL: its address cannot be read");
  try {
    const bool starting = kind_ == Kind::upgrading;
    session_.emplace(soci::postgresql, starting ? *address + std::string(kStartsWithin) : *address);
    patience_.watch(*session_, starting ? kPostgresUpgradePatience : kPostgresPatience);
    for (const std::string_view limit : kPostgresLimits) once(limit);
  } catch (const soci::soci_error& error) {
    not_before_ = std::chrono::steady_clock::now() + kPostgresPause;
    const std::string said = error.get_error_message();
    throw std::runtime_error(
        (has(said, "FATAL:") ? "PostgreSQL refuses the connection: " : "PostgreSQL cannot be reached: ") +
        said_of_connecting(said, connection_));
  }
}

void Database::disconnect() noexcept {
  if (postgres_ && session_) patience_.watch(*session_, kPostgresPatience);
  kept_.clear();
  // Before the socket is closed: its number may be another's a moment later.
  if (postgres_) patience_.rest();
  session_.reset();
}

void Database::roll_back() noexcept {
  // After an error a kept statement may be halfway; preparing them again costs microseconds. SQLite would not roll back
  // before they are gone; PostgreSQL would not let go of them before it has rolled back.
  if (!postgres_) kept_.clear();
  try {
    if (session_) once("ROLLBACK");
  } catch (const std::exception&) {
    // No transaction was open, or the connection is gone: nothing of it is left either way.
  }
  if (postgres_) kept_.clear();
}

bool Database::file_moved() const {
  int moved = 0;
  auto* session = const_cast<soci::session*>(&*session_);
  sqlite_api::sqlite3_file_control(raw(*session), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  return moved != 0;
}

}  // namespace keyhold::server
