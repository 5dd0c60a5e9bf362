// PostgreSQL's own troubles: connections that end, hang or are cut off in a commit, locks that others keep.
// Hidden: parts-postgres.test.mjs starts a PostgreSQL and asks for these.
#include "server/quota/database.h"

#include <signal.h>

#include <atomic>
#include <thread>

#include "fixture.h"

using namespace keyhold::server;
using namespace keyhold::server::test;

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kAnswersWithin{6};

/// The processes of the database that serve others than `raw`, here.
const std::string kOthers =
    " FROM pg_stat_activity WHERE datname = current_database() AND pid != pg_backend_pid()"
    " AND backend_type = 'client backend'";

}  // namespace

TEST_CASE("postgres: a connection that was ended between two calls is made anew, and nobody notices", "[.postgres]") {
  const Folder folder;
  const PlanTable plans = one_plan(100);
  QuotaBook book = open_book(folder.file());
  hold(book, plans, 10);
  RawDatabase raw(folder.file());
  CHECK(raw.number("SELECT COUNT(pg_terminate_backend(pid))" + kOthers) == 1);
  hold(book, plans, 20);
  CHECK(book.account("ann", plans, kNow)->held == 30);
}

TEST_CASE("postgres: an account that somebody keeps locked is unavailable in time; others are not", "[.postgres]") {
  const Folder folder;
  const PlanTable plans = one_plan(100);
  QuotaBook book = open_book(folder.file());
  hold(book, plans, 10);
  hold(book, plans, 10, kNow, "bob");
  RawDatabase raw(folder.file());
  raw.run("BEGIN");
  raw.text("SELECT held FROM accounts WHERE user_id = 'ann' FOR UPDATE");
  const auto started = Clock::now();
  CHECK(book.reserve(call_of(1), plans, kNow).error() == QuotaError::unavailable);
  CHECK(Clock::now() - started < kAnswersWithin);
  hold(book, plans, 20, kNow, "bob");
  CHECK(book.account("ann", plans, kNow)->held == 10);
  raw.run("ROLLBACK");
  hold(book, plans, 20);
  CHECK(wrong_accounts(raw) == 0);
}

TEST_CASE("postgres: a database that hangs is unavailable in time, then at once, and works again", "[.postgres]") {
  const Folder folder;
  const PlanTable plans = one_plan(100);
  QuotaBook book = open_book(folder.file());
  hold(book, plans, 10);
  RawDatabase raw(folder.file());
  const auto served_by = static_cast<pid_t>(raw.number("SELECT pid" + kOthers));
  REQUIRE(kill(served_by, SIGSTOP) == 0);
  auto started = Clock::now();
  CHECK(book.reserve(call_of(20), plans, kNow).error() == QuotaError::unavailable);
  CHECK(Clock::now() - started < kAnswersWithin);
  CHECK(book.trouble() == "PostgreSQL: no answer in time");
  started = Clock::now();
  CHECK(book.reserve(call_of(20), plans, kNow).error() == QuotaError::unavailable);
  CHECK(Clock::now() - started < std::chrono::milliseconds(500));
  REQUIRE(kill(served_by, SIGCONT) == 0);
  std::this_thread::sleep_for(kPostgresPause);
  hold(book, plans, 30);
  CHECK(book.account("ann", plans, kNow)->held == 40);
}

TEST_CASE("postgres: a call that was held though its commit was cut off is let go", "[.postgres]") {
  const Folder folder;
  const PlanTable plans = one_plan(100);
  QuotaBook book = open_book(folder.file());
  hold(book, plans, 10);
  RawDatabase raw(folder.file());
  // A commit then waits for a second machine that is not there, when it has already happened.
  raw.run("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
  raw.text("SELECT pg_reload_conf()");
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  std::thread ender([&] {
    PGconn* connection = PQconnectdb(connection_of(folder.file()).c_str());
    for (int tries = 0; tries < 200; ++tries) {
      PGresult* ended =
          PQexec(connection, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
      const int count = PQntuples(ended);
      PQclear(ended);
      if (count > 0) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    PQfinish(connection);
  });
  const auto cut_off = book.reserve(call_of(20), plans, kNow + 1);
  ender.join();
  raw.run("ALTER SYSTEM RESET synchronous_standby_names");
  raw.text("SELECT pg_reload_conf()");
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  CHECK(cut_off.error() == QuotaError::unavailable);
  REQUIRE(raw.number("SELECT held FROM accounts") == 30);
  CHECK(book.renew(kNow + 2).value() == 1);
  CHECK(raw.number("SELECT held FROM accounts") == 10);
  CHECK(raw.text("SELECT state FROM calls WHERE reserved = 20") == "released");
  CHECK(wrong_accounts(raw) == 0);
}

TEST_CASE("postgres: what is said of trouble has no user, no key and no password in it", "[.postgres]") {
  const Folder folder;
  QuotaBook book = open_book(folder.file());
  RawDatabase raw(folder.file());
  raw.run("ALTER TABLE calls ADD CONSTRAINT refused CHECK (user_id <> 'user-4711')");
  REQUIRE_FALSE(book.reserve(call_of(1, "user-4711", "key-0815"), one_plan(100), kNow).ok());
  CHECK(book.trouble() == "PostgreSQL: SQLSTATE 23514");
  hold(book, one_plan(100), 1);
  for (const char* wrong : {"postgresql://keyhold:not-the-password@127.0.0.1:1/quota",
                            "postgresql://a:not-the-password@[/", "postgres://?x"}) {
    Database database(wrong);
    CHECK_FALSE(database.reading([]() -> Answer<Done> { return Done{}; }).ok());
    CHECK(database.trouble().starts_with("PostgreSQL"));
    CHECK(database.trouble().find("not-the") == std::string::npos);
  }
}

TEST_CASE("postgres: an address is handed on with all its parts escaped, and a limit on connecting", "[.postgres]") {
  const auto address = postgres_address("postgres://ann:p%20w%27@db.example:5433/quota?sslmode=require");
  REQUIRE(address);
  CHECK(address->find_first_of(" '\\") == std::string::npos);
  CHECK(address->find("connect_timeout=3") != std::string::npos);
  CHECK(address->find("password=%70%20%77%27") != std::string::npos);
  CHECK(postgres_address("postgres://h/db?connect_timeout=9")->find("connect_timeout=3") == std::string::npos);
  CHECK_FALSE(postgres_address("host=here dbname=quota"));
  CHECK_FALSE(postgres_address("postgres://h/db?no_such=1"));
}
