#include "server/quota/database.h"

#include <soci/sqlite3/soci-sqlite3.h>

#include <filesystem>
#include <stdexcept>

namespace keyhold::server {
namespace {

constexpr std::string_view kSqlite = "sqlite3://";
constexpr std::string_view kDefaultTimeout = " timeout=5";

/// The connection is of no use any more; a new one may be.
struct Lost : std::runtime_error {
  using std::runtime_error::runtime_error;
};

sqlite_api::sqlite3* raw(soci::session& session) {
  return static_cast<soci::sqlite3_session_backend*>(session.get_backend())->conn_;
}

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

}  // namespace

bool Database::run(std::string_view begin, FunctionRef<bool()> body) noexcept {
  for (int tries = 0; tries < 2; ++tries) {
    bool committing = false;
    bool lost = false;
    try {
      if (!session_) connect();
      change(begin);
      if (file_moved()) throw Lost("the database's file was moved or deleted");
      if (body()) {
        committing = true;
        change("COMMIT");
      } else {
        roll_back();
      }
      return true;
    } catch (const soci::soci_error& error) {
      // Not what(): that has the values of the statement in it, and with them users and idempotency keys.
      trouble_ = error.get_error_message();
      lost = error.get_error_category() == soci::soci_error::connection_error;
    } catch (const Lost& error) {
      trouble_ = error.what();
      lost = true;
    } catch (const std::exception& error) {
      trouble_ = error.what();
    } catch (...) {
      trouble_ = "something that is no exception was thrown";
    }
    roll_back();
    if (lost) disconnect();
    // A commit that was cut off may have happened: doing it again could count twice.
    if (!lost || committing) return false;
  }
  return false;
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
  if (!std::string_view(connection_).starts_with(kSqlite)) throw std::runtime_error("not a sqlite3:// connection");
  if (expected_schema_ != 0 && !std::filesystem::exists(file_)) throw std::runtime_error("the database's file is gone");
  std::string parameters = connection_.substr(kSqlite.size());
  if (!has(parameters, "timeout=")) parameters += kDefaultTimeout;
  try {
    session_.emplace(soci::sqlite3, parameters);
    const char* file = sqlite_api::sqlite3_db_filename(raw(*session_), "main");
    file_ = file == nullptr ? "" : file;
    std::string mode;
    *session_ << "PRAGMA journal_mode=WAL", soci::into(mode);
    if (mode != "wal") throw std::runtime_error("the database cannot keep a write-ahead log");
    if (!has(parameters, "synchronous=")) once("PRAGMA synchronous=NORMAL");
    once("PRAGMA foreign_keys=ON");
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

void Database::disconnect() noexcept {
  kept_.clear();
  session_.reset();
}

void Database::roll_back() noexcept {
  // After an error a kept statement may be halfway; preparing them again costs microseconds.
  kept_.clear();
  try {
    if (session_) once("ROLLBACK");
  } catch (const std::exception&) {
    // No transaction was open, or the connection is gone: nothing of it is left either way.
  }
}

bool Database::file_moved() const {
  int moved = 0;
  auto* session = const_cast<soci::session*>(&*session_);
  sqlite_api::sqlite3_file_control(raw(*session), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  return moved != 0;
}

}  // namespace keyhold::server
