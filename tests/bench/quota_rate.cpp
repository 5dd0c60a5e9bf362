// quota_rate: how long a decision of the quota takes (reserve and settle), and how long the database itself takes for the same
// statements, prepared once, on a connection with the same settings.
//   fill FILE CALLS                            makes a ledger of so many calls by a thousand users
//   rate ROUNDS PAIRS book|sqlite:FILE …       prints, for each contender, the median microseconds of a reserve and its settle
// Contenders take turns. Another database is one more kind of Contender.
#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "server/process/process.h"
#include "server/quota/quota.h"

namespace {

using namespace keyhold::server;

constexpr int kUsers = 1000;
constexpr MicroUsd kAmount = 1000;
constexpr MicroUsd kCharge = 400;
/// Of the client, kept as usual.
constexpr const char* kAddress = "203.0.113.7";
constexpr keyhold::UnixMs kNow = 1'760'000'000'000;

[[noreturn]] void fail(const std::string& why) {
  std::cerr << "quota_rate: " << why << "\n";
  std::exit(1);
}

const PlanTable kPlans{"free", {{"free", {kMaxMicroUsd / 2, PeriodKind::month, 1'000'000}}}};

std::string user(long long number) { return "user-" + std::to_string(number * 7919 % kUsers); }

class Contender {
 public:
  virtual ~Contender() = default;
  /// One call, held and settled, of the user with this number.
  virtual void pair(long long number) = 0;
};

QuotaBook book_of(const std::string& file) {
  auto book = QuotaBook::open({.connection = "sqlite3://db=" + file + " timeout=5", .owner = "bench"});
  if (!book) fail("the ledger cannot be opened");
  return std::move(book).value();
}

class Book : public Contender {
 public:
  explicit Book(const std::string& file) : book_(book_of(file)) {}
  void pair(long long number) override {
    const auto outcome =
        book_.reserve({user(number), "", "openai", "gpt-4o-mini", kAmount, kAddress}, kPlans, kNow + number);
    if (!outcome || !std::holds_alternative<Held>(outcome.value())) fail("a call was not held");
    const CallId call = std::get<Held>(outcome.value()).call;
    const auto ending = book_.settle(call, kCharge, Figures::reported, 200, kNow + number);
    if (!ending || !ending.value().changed) fail("a call was not settled");
  }

 private:
  QuotaBook book_;
};

/// The statements of QuotaBook, and nothing else.
class Sqlite : public Contender {
 public:
  explicit Sqlite(const std::string& file) {
    if (sqlite3_open(file.c_str(), &database_) != SQLITE_OK) fail("the ledger cannot be opened");
    sqlite3_busy_timeout(database_, 5000);
    for (const char* setting : {"PRAGMA journal_mode=WAL", "PRAGMA synchronous=NORMAL", "PRAGMA foreign_keys=ON"}) {
      sqlite3_exec(database_, setting, nullptr, nullptr, nullptr);
    }
    begin_ = prepare("BEGIN IMMEDIATE");
    commit_ = prepare("COMMIT");
    load_account_ = prepare(
        "SELECT plan, status, period, period_start, period_end, limit_micro_usd, settled, held, running FROM accounts"
        " WHERE user_id = ?");
    add_call_ = prepare(
        "INSERT INTO calls (user_id, idempotency_key, provider, model, reserved, least, charged, figures, state,"
        " http_status, owner, lease_until, created_at, ended_at, address, organisation, markup)"
        " VALUES (?, NULLIF(?, ''), ?, ?, ?, 0, 0, '', 'held', 0, ?, ?, ?, 0, ?, ?, ?) RETURNING id");
    store_account_ = prepare(
        "UPDATE accounts SET plan = ?, status = ?, period = ?, period_start = ?, period_end = ?, limit_micro_usd = ?,"
        " settled = ?, held = ?, running = ? WHERE user_id = ?");
    load_call_ = prepare("SELECT user_id, state, reserved, least, charged FROM calls WHERE id = ?");
    end_call_ = prepare(
        "UPDATE calls SET state = ?, charged = ?, figures = ?, http_status = ?, ended_at = ? WHERE id = ? AND state = "
        "'held'");
  }
  ~Sqlite() override {
    for (sqlite3_stmt* one : all_) sqlite3_finalize(one);
    sqlite3_close(database_);
  }

  void pair(long long number) override {
    const keyhold::UnixMs now = kNow + number;
    const std::string name = user(number);
    run(begin_);
    Account account = load(name);
    bind(add_call_, name, "", "openai", "gpt-4o-mini", kAmount, "bench", now + kDefaultLeaseMs, now, kAddress, "", 0LL);
    if (sqlite3_step(add_call_) != SQLITE_ROW) fail("INSERT");
    const long long id = sqlite3_column_int64(add_call_, 0);
    run(add_call_);
    account.held += kAmount;
    ++account.running;
    store(name, account);
    run(commit_);

    run(begin_);
    bind(load_call_, id);
    if (sqlite3_step(load_call_) != SQLITE_ROW) fail("SELECT");
    const std::string whose = text(load_call_, 0);
    const std::string state = text(load_call_, 1);
    const long long reserved = sqlite3_column_int64(load_call_, 2);
    sqlite3_reset(load_call_);
    account = load(whose);
    bind(end_call_, "settled", kCharge, "reported", 200, now, id);
    run(end_call_);
    account.held -= reserved;
    account.settled += kCharge;
    --account.running;
    store(whose, account);
    run(commit_);
  }

 private:
  struct Account {
    std::string plan, status, period;
    long long start, end, limit, settled, held, running;
  };

  sqlite3_stmt* prepare(const char* sql) {
    sqlite3_stmt* made = nullptr;
    if (sqlite3_prepare_v2(database_, sql, -1, &made, nullptr) != SQLITE_OK) fail(sqlite3_errmsg(database_));
    all_.push_back(made);
    return made;
  }
  static std::string text(sqlite3_stmt* from, int column) {
    return reinterpret_cast<const char*>(sqlite3_column_text(from, column));
  }
  static void bind_one(sqlite3_stmt* to, int at, long long value) { sqlite3_bind_int64(to, at, value); }
  static void bind_one(sqlite3_stmt* to, int at, std::string_view value) {
    sqlite3_bind_text(to, at, value.data(), static_cast<int>(value.size()), SQLITE_TRANSIENT);
  }
  template <class... Values>
  static void bind(sqlite3_stmt* to, const Values&... values) {
    int at = 0;
    (bind_one(to, ++at, values), ...);
  }
  void run(sqlite3_stmt* statement) {
    int result;
    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
    }
    if (result != SQLITE_DONE) fail(sqlite3_errmsg(database_));
    sqlite3_reset(statement);
  }
  Account load(const std::string& name) {
    bind(load_account_, name);
    if (sqlite3_step(load_account_) != SQLITE_ROW) fail("there is no such account");
    const auto number = [&](int column) { return static_cast<long long>(sqlite3_column_int64(load_account_, column)); };
    Account found{text(load_account_, 0),
                  text(load_account_, 1),
                  text(load_account_, 2),
                  number(3),
                  number(4),
                  number(5),
                  number(6),
                  number(7),
                  number(8)};
    sqlite3_reset(load_account_);
    return found;
  }
  void store(const std::string& name, const Account& account) {
    bind(store_account_, account.plan, account.status, account.period, account.start, account.end, account.limit,
         account.settled, account.held, account.running, name);
    run(store_account_);
  }

  sqlite3* database_ = nullptr;
  std::vector<sqlite3_stmt*> all_;
  sqlite3_stmt *begin_, *commit_, *load_account_, *add_call_, *store_account_, *load_call_, *end_call_;
};

void fill(const std::string& file, const std::string& calls) {
  {
    // Every account there is, by a call of its own.
    Book book(file);
    for (int i = 0; i < kUsers; ++i) book.pair(i);
  }
  sqlite3* database = nullptr;
  if (sqlite3_open(file.c_str(), &database) != SQLITE_OK) fail("the ledger cannot be opened");
  // Over the month before, by everybody in turn.
  const std::string sql =
      "PRAGMA cache_size=-200000; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " + calls +
      ") INSERT INTO calls (user_id, provider, model, reserved, least, charged, figures, state, http_status, owner,"
      " lease_until, created_at, ended_at) SELECT 'user-' || (i * 7919 % " +
      std::to_string(kUsers) +
      "), 'openai', 'gpt-4o-mini', 1000, 0, 400, 'reported', 'settled', 200, 'bench', 0, t, t FROM"
      " (SELECT i, " +
      std::to_string(kNow) + " - 2592000000 + i * 2500 AS t FROM n WHERE i > " + std::to_string(kUsers) +
      "); PRAGMA wal_checkpoint(TRUNCATE);";
  if (sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) fail(sqlite3_errmsg(database));
  sqlite3_close(database);
}

void rate(int rounds, int pairs, const std::vector<std::string>& kinds) {
  struct Turn {
    std::unique_ptr<Contender> contender;
    long long number = 0;
    std::vector<double> us;
  };
  std::vector<Turn> turns;
  for (const std::string& kind : kinds) {
    const std::string file = kind.substr(kind.find(':') + 1);
    if (kind.starts_with("book:")) {
      turns.push_back({std::make_unique<Book>(file)});
    } else if (kind.starts_with("sqlite:")) {
      turns.push_back({std::make_unique<Sqlite>(file)});
    } else {
      fail("no such contender: " + kind);
    }
  }
  for (int round = -2; round < rounds; ++round) {
    for (std::size_t i = 0; i < turns.size(); ++i) {
      Turn& turn = turns[(i + static_cast<std::size_t>(round + 2)) % turns.size()];
      const auto begun = std::chrono::steady_clock::now();
      for (int pair = 0; pair < pairs; ++pair) turn.contender->pair(++turn.number);
      const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - begun;
      if (round >= 0) turn.us.push_back(took.count() / pairs);
    }
  }
  for (Turn& turn : turns) {
    std::sort(turn.us.begin(), turn.us.end());
    std::cout << turn.us[turn.us.size() / 2] << std::endl;
  }
}

}  // namespace

int main(int count, char** arguments) {
  prepare_process();
  const std::vector<std::string> given(arguments + 1, arguments + count);
  if (given.size() == 3 && given[0] == "fill") {
    fill(given[1], given[2]);
  } else if (given.size() > 3 && given[0] == "rate") {
    rate(std::stoi(given[1]), std::stoi(given[2]), {given.begin() + 3, given.end()});
  } else {
    fail("fill FILE CALLS, or rate ROUNDS PAIRS CONTENDER:FILE …");
  }
}
