// Databases that are damaged, locked, read-only, full, gone or of another version: always a value, never free.
// [file]: about the file of a SQLite database; postgres_test.cpp has PostgreSQL's troubles.
#include <sys/resource.h>

#include <csignal>
#include <fstream>

#include "fixture.h"
#include "server/quota/schema.h"

using namespace keyhold::server;
using namespace keyhold::server::test;

namespace {

/// Everything a book can be asked says this.
void check_unavailable(QuotaBook& book, CallId call) {
  const PlanTable plans = one_plan(100);
  const auto unavailable = [&](const auto& answer) {
    REQUIRE_FALSE(answer.ok());
    CHECK(answer.error() == QuotaError::unavailable);
    CHECK_FALSE(book.trouble().empty());
  };
  unavailable(book.reserve(call_of(1), plans, kNow));
  unavailable(book.settle(call, 1, Figures::reported, 200, kNow));
  unavailable(book.release(call, 0, kNow));
  unavailable(book.progress(call, 1));
  unavailable(book.renew(kNow));
  unavailable(book.set_plan("ann", "free", AccountStatus::active, kNow));
}

void check_unreadable(QuotaBook& book) {
  CHECK(book.account("ann", one_plan(100), kNow).error() == QuotaError::unavailable);
  CHECK(book.usage("ann", 0, kNow).error() == QuotaError::unavailable);
  CHECK(book.repair(kNow).error() == QuotaError::unavailable);
}

/// No file of this process grows past `bytes` while it lives, as on a full disk.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit tight{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &tight);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, SIG_DFL);
  }

 private:
  rlimit before_{};
};

}  // namespace

TEST_CASE("open: a file that is no database, a folder that is not there, or another kind of database is unavailable",
          "[file]") {
  const Folder folder;
  std::ofstream(folder.file("text")) << std::string(8192, 'x');
  CHECK(try_open(folder.file("text")).error() == QuotaError::unavailable);
  CHECK(try_open(folder.file("no/such/folder/quota.db")).error() == QuotaError::unavailable);
  CHECK(QuotaBook::open({"mysql://db=x", "one", kLease}).error() == QuotaError::unavailable);
  CHECK(QuotaBook::open({"", "one", kLease}).error() == QuotaError::unavailable);
  CHECK(QuotaBook::open({"sqlite3://db=:memory:", "one", kLease}).error() == QuotaError::unavailable);
}

TEST_CASE("open: a newer version's database is refused and left as it is") {
  const Folder folder;
  { QuotaBook book = open_book(folder.file()); }
  RawDatabase raw(folder.file());
  raw.run("UPDATE schema_version SET version = 9");
  CHECK(try_open(folder.file()).error() == QuotaError::newer_schema);
  CHECK(raw.number("SELECT version FROM schema_version") == 9);
  raw.run("UPDATE schema_version SET version = " + std::to_string(kSchemaVersion));
  CHECK(try_open(folder.file()).ok());
}

TEST_CASE("open: what was there before is there again") {
  const Folder folder;
  const PlanTable plans = one_plan(100);
  {
    QuotaBook book = open_book(folder.file());
    REQUIRE(book.settle(hold(book, plans, 30), 30, Figures::reported, 200, kNow).ok());
  }
  CHECK(open_book(folder.file()).account("ann", plans, kNow)->settled == 30);
}

TEST_CASE("a database locked for longer than the timeout is unavailable for writing, and works again afterwards",
          "[file]") {
  const Folder folder;
  const PlanTable plans = one_plan(100);
  QuotaBook book = try_open(folder.file(), "one", "timeout=0").value();
  const CallId call = hold(book, plans, 10);
  RawDatabase raw(folder.file());
  raw.run("BEGIN IMMEDIATE");
  check_unavailable(book, call);
  CHECK(book.account("ann", plans, kNow)->held == 10);  // readers do not wait
  raw.run("ROLLBACK");
  CHECK(book.settle(call, 10, Figures::reported, 200, kNow)->changed);
  CHECK(raw.number("SELECT COUNT(*) FROM calls") == 1);
}

TEST_CASE("trouble: names neither the user nor the key", "[file]") {
  const Folder folder;
  QuotaBook book = open_book(folder.file());
  RawDatabase raw(folder.file());
  raw.run("ALTER TABLE calls RENAME COLUMN idempotency_key TO renamed");
  REQUIRE_FALSE(book.reserve(call_of(1, "user-4711", "key-0815"), one_plan(100), kNow).ok());
  CHECK(book.trouble().find("idempotency_key") != std::string::npos);
  CHECK(book.trouble().find("4711") == std::string::npos);
  CHECK(book.trouble().find("0815") == std::string::npos);
  raw.run("ALTER TABLE calls RENAME COLUMN renamed TO idempotency_key");
  raw.run("CREATE TRIGGER no_calls BEFORE INSERT ON calls BEGIN SELECT RAISE(ABORT, 'refused'); END");
  REQUIRE_FALSE(book.reserve(call_of(1, "user-4711", "key-0815"), one_plan(100), kNow).ok());
  CHECK(book.trouble().find("refused") != std::string::npos);
  CHECK(book.trouble().find("4711") == std::string::npos);
  CHECK(book.trouble().find("0815") == std::string::npos);
}

TEST_CASE("a read-only database answers what it can, and holds nothing", "[file]") {
  const Folder folder;
  const PlanTable plans = one_plan(100);
  QuotaBook writer = open_book(folder.file());
  const CallId call = hold(writer, plans, 10);
  QuotaBook reader = try_open(folder.file(), "one", "readonly=1").value();
  check_unavailable(reader, call);
  CHECK(reader.account("ann", plans, kNow)->held == 10);
  CHECK(writer.settle(call, 10, Figures::reported, 200, kNow)->changed);
}

TEST_CASE("a full disk is unavailable, takes nothing back that was acknowledged, and is got over", "[file]") {
  const Folder folder;
  const PlanTable plans = one_plan(1'000'000);
  QuotaBook book = open_book(folder.file());
  std::int64_t acknowledged = 0;
  bool refused = false;
  {
    const FullDisk full(256 * 1024);
    for (int i = 0; i < 1000 && !refused; ++i) {
      const auto answer = book.reserve(call_of(1), plans, kNow);
      refused = !answer.ok() && answer.error() == QuotaError::unavailable;
      if (answer.ok()) ++acknowledged;
    }
  }
  CHECK(refused);
  CHECK(acknowledged > 0);
  CHECK(book.account("ann", plans, kNow)->held == acknowledged);
  hold(book, plans, 1);
  RawDatabase raw(folder.file());
  CHECK(raw.number("SELECT COUNT(*) FROM calls") == acknowledged + 1);
  CHECK(wrong_accounts(raw) == 0);
}

TEST_CASE("a damaged database is unavailable, whether its head or its pages are", "[file]") {
  const int first_damaged = GENERATE(0, 4096);
  const Folder folder;
  {
    QuotaBook book = open_book(folder.file());
    hold(book, one_plan(100), 10);
  }
  std::fstream file(folder.file(), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(first_damaged).write(std::string(60'000, 'x').data(), 60'000);
  file.close();
  CHECK(try_open(folder.file()).error() == QuotaError::unavailable);
}

TEST_CASE("a database damaged under an open book is unavailable") {
  const Folder folder;
  QuotaBook book = open_book(folder.file());
  const CallId call = hold(book, one_plan(100), 10);
  RawDatabase raw(folder.file());
  raw.run("DROP TABLE calls");
  raw.run("ALTER TABLE accounts RENAME TO gone");
  check_unavailable(book, call);
  check_unreadable(book);
}

TEST_CASE("a database that has vanished is unavailable, and no empty one takes its place", "[file]") {
  const Folder folder;
  QuotaBook book = open_book(folder.file());
  const CallId call = hold(book, one_plan(100), 10);
  std::filesystem::rename(folder.file(), folder.file("elsewhere.db"));
  check_unavailable(book, call);
  check_unreadable(book);
  CHECK_FALSE(std::filesystem::exists(folder.file()));
}

TEST_CASE("a database that was put back in place of the old one is connected to anew, and a stranger's is not",
          "[file]") {
  const Folder folder;
  const PlanTable plans = one_plan(100);
  QuotaBook book = open_book(folder.file());
  hold(book, plans, 10);
  {
    QuotaBook other = open_book(folder.file("other.db"));
    hold(other, plans, 70);
  }
  const auto replace = [&](const char* name) {
    for (const char* log : {"quota.db-wal", "quota.db-shm"}) std::filesystem::remove(folder.file(log));
    std::filesystem::rename(folder.file(name), folder.file());
  };
  replace("other.db");
  CHECK(book.account("ann", plans, kNow)->held == 70);
  hold(book, plans, 30);

  RawDatabase(folder.file("stranger.db")).run("CREATE TABLE notes (note TEXT)");
  replace("stranger.db");
  CHECK(book.reserve(call_of(1), plans, kNow).error() == QuotaError::unavailable);
  CHECK(book.reserve(call_of(1), plans, kNow).error() == QuotaError::unavailable);
}
