// fixture: a database of a test's own, books on it, and a look past the books with the database's own functions. It is a
// SQLite file in a folder; or, where KEYHOLD_TEST_POSTGRES is the address of a PostgreSQL, a schema in that for each file.
#pragma once

#include <libpq-fe.h>
#include <sqlite3.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "server/quota/quota.h"

namespace keyhold::server::test {

// 2026-02-10T12:00Z: the month ends after 18.5 days.
inline constexpr UnixMs kNow = 1'770'724'800'000;
inline constexpr UnixMs kMarch = 1'772'323'200'000;
inline constexpr std::int64_t kLease = 60'000;

/// Null: the tests run on SQLite.
inline const char* test_postgres() { return std::getenv("KEYHOLD_TEST_POSTGRES"); }

/// A schema's name for a file of a test: no two are the same, in all that run at the same time.
inline std::string schema_of(const std::filesystem::path& file) {
  std::string name = file.parent_path().filename().string() + "_" + file.stem().string();
  for (char& c : name) {
    if (c == '-') c = '_';
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return name + "_" + std::to_string(getpid());
}

/// What a book connects to for this file.
inline std::string connection_of(const std::filesystem::path& file, std::string_view parameters = "timeout=20") {
  if (test_postgres() == nullptr) return "sqlite3://db=" + file.string() + " " + std::string(parameters);
  return std::string(test_postgres()) + "&options=-c%20search_path%3D" + schema_of(file);
}

/// A folder that is removed with everything in it.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "keyhold-quota-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
    make_schema("quota.db");
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }
  std::filesystem::path file(const char* name = "quota.db") const { return path_ / name; }

 private:
  void make_schema(const char* name) const {
    if (test_postgres() == nullptr) return;
    PGconn* connection = PQconnectdb(test_postgres());
    PQclear(PQexec(connection, ("CREATE SCHEMA " + schema_of(file(name))).c_str()));
    const bool made = PQstatus(connection) == CONNECTION_OK;
    PQfinish(connection);
    if (!made) std::abort();
  }

  std::filesystem::path path_;
};

inline Answer<QuotaBook> try_open(const std::filesystem::path& file, std::string owner = "one",
                                  std::string_view parameters = "timeout=20") {
  return QuotaBook::open({connection_of(file, parameters), std::move(owner), kLease});
}

inline QuotaBook open_book(const std::filesystem::path& file, std::string owner = "one") {
  auto book = try_open(file, std::move(owner));
  REQUIRE(book.ok());
  return std::move(book).value();
}

inline PlanTable one_plan(MicroUsd limit, PeriodKind period = PeriodKind::month,
                          std::int64_t max_concurrent = 1'000'000) {
  return {"free", {{"free", {limit, period, max_concurrent}}}};
}

inline Reservation call_of(MicroUsd amount, std::string user = "ann", std::string key = {}) {
  return {std::move(user), std::move(key), "openai", "gpt-test", amount};
}

/// The outcome of this type; the test fails if it is another.
template <class Outcome>
Outcome expect(const Answer<ReserveOutcome>& answer) {
  REQUIRE(answer.ok());
  CAPTURE(answer.value().index());
  const auto* outcome = std::get_if<Outcome>(&answer.value());
  REQUIRE(outcome != nullptr);
  return *outcome;
}

/// Reserves what must fit.
inline CallId hold(QuotaBook& book, const PlanTable& plans, MicroUsd amount, UnixMs now = kNow,
                   std::string user = "ann", std::string key = {}) {
  return expect<Held>(book.reserve(call_of(amount, std::move(user), std::move(key)), plans, now)).call;
}

/// The database itself, for looking at and breaking what the books wrote.
class RawDatabase {
 public:
  explicit RawDatabase(const std::filesystem::path& file) {
    if (test_postgres() != nullptr) {
      postgres_ = PQconnectdb(connection_of(file).c_str());
      REQUIRE(PQstatus(postgres_) == CONNECTION_OK);
      return;
    }
    REQUIRE(sqlite3_open(file.c_str(), &sqlite_) == SQLITE_OK);
    sqlite3_busy_timeout(sqlite_, 20'000);
  }
  RawDatabase(const RawDatabase&) = delete;
  RawDatabase& operator=(const RawDatabase&) = delete;
  ~RawDatabase() {
    sqlite3_close(sqlite_);
    PQfinish(postgres_);
  }

  void run(const std::string& sql) {
    CAPTURE(sql);
    if (postgres_ != nullptr) {
      PGresult* result = PQexec(postgres_, sql.c_str());
      const bool done = PQresultStatus(result) == PGRES_COMMAND_OK;
      PQclear(result);
      REQUIRE(done);
      return;
    }
    REQUIRE(sqlite3_exec(sqlite_, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
  }
  /// The first column of the first row.
  std::int64_t number(const std::string& sql) { return std::stoll(text(sql)); }
  std::string text(const std::string& sql) {
    CAPTURE(sql);
    return postgres_ != nullptr ? text_of_postgres(sql) : text_of_sqlite(sql);
  }

 private:
  std::string text_of_postgres(const std::string& sql) {
    PGresult* result = PQexec(postgres_, sql.c_str());
    const bool found = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) > 0;
    const std::string text = found ? PQgetvalue(result, 0, 0) : "";
    PQclear(result);
    REQUIRE(found);
    return text;
  }
  std::string text_of_sqlite(const std::string& sql) {
    sqlite3_stmt* statement = nullptr;
    REQUIRE(sqlite3_prepare_v2(sqlite_, sql.c_str(), -1, &statement, nullptr) == SQLITE_OK);
    const int step = sqlite3_step(statement);
    std::string found;
    if (step == SQLITE_ROW && sqlite3_column_type(statement, 0) != SQLITE_NULL) {
      found = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
    }
    sqlite3_finalize(statement);
    REQUIRE(step == SQLITE_ROW);
    return found;
  }

  sqlite3* sqlite_ = nullptr;
  PGconn* postgres_ = nullptr;
};

/// How many accounts' sums differ from what their ledger says.
inline std::int64_t wrong_accounts(RawDatabase& raw) {
  return raw.number(
      "SELECT COUNT(*) FROM accounts a WHERE"
      " held != (SELECT COALESCE(SUM(reserved), 0) FROM calls c WHERE c.user_id = a.user_id AND state = 'held')"
      " OR running != (SELECT COUNT(*) FROM calls c WHERE c.user_id = a.user_id AND state = 'held')"
      " OR settled != (SELECT COALESCE(SUM(charged), 0) FROM calls c WHERE c.user_id = a.user_id AND state = 'settled'"
      " AND ended_at >= a.period_start AND ended_at < a.period_end)");
}

inline std::int64_t accounts_over_limit(RawDatabase& raw) {
  return raw.number("SELECT COUNT(*) FROM accounts WHERE settled + held > limit_micro_usd");
}

inline bool full_effort() {
  const char* effort = std::getenv("KEYHOLD_EFFORT");
  return effort != nullptr && std::string_view(effort) == "full";
}

/// Where each step costs milliseconds: fewer of them will do, but at full effort.
inline bool slow_database() { return test_postgres() != nullptr && !full_effort(); }

}  // namespace keyhold::server::test
