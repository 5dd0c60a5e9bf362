// database: one connection, its transactions and its statements. Everything of SOCI is in here; what SOCI throws ends
// here, too. The SQL that goes through must mean the same to SQLite and PostgreSQL; where they differ, it asks `is_postgres`.
#pragma once

#include <soci/soci.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>

#include "base/function_ref.h"
#include "server/quota/answer.h"
#include "server/quota/postgres.h"
#include "server/quota/postgres_address.h"

namespace keyhold::server {

/// Either way a transaction that writes has an account's row to itself from reading it to its commit: with SQLite the whole
/// database, with PostgreSQL that row (READ COMMITTED, SELECT ... FOR UPDATE).
enum class Kind { reading, writing, upgrading };

class Database {
 public:
  /// Connects on first use.
  explicit Database(std::string connection)
      : connection_(std::move(connection)), postgres_(names_postgres(connection_)) {}
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database() { disconnect(); }

  /// Runs `body` (which returns an Answer) in one transaction, and commits if the answer is a value. If the connection is
  /// lost before the commit, everything is done once more on a new one: `body` may run several times.
  template <class Body>
  auto writing(Body body) {
    return transaction(Kind::writing, body);
  }
  /// The same with no lock, for reading only.
  template <class Body>
  auto reading(Body body) {
    return transaction(Kind::reading, body);
  }
  /// The same, for changing the schema: one process at a time, and the others wait.
  template <class Body>
  auto upgrading(Body body) {
    return transaction(Kind::upgrading, body);
  }
  /// From now on the file must exist and have this schema: a connection made anew creates nothing.
  void expect_schema(long long version) { expected_schema_ = version; }
  const std::string& trouble() const { return trouble_; }
  /// How many transactions were `unavailable`.
  std::int64_t failures() const { return failures_; }
  /// Of a transaction that was `unavailable`: whether it may have been committed all the same.
  bool in_doubt() const { return in_doubt_; }
  bool is_postgres() const { return postgres_; }
  /// Whether reading a row that this transaction will write must lock it.
  bool locks_rows() const { return postgres_ && kind_ != Kind::reading; }

  // Statements, only within a transaction; they throw. Values are bound in the order they are written. `query` is kept
  // prepared, so it is a constant.

  /// @return how many rows were changed.
  template <class... Values>
  long long change(std::string_view query, const Values&... values) {
    soci::statement& statement = start(query, values...);
    statement.execute(true);
    const long long changed = statement.get_affected_rows();
    statement.bind_clean_up();
    return changed;
  }

  /// Reads the only row there can be. @return whether there is one.
  template <class... Columns, class... Values>
  bool row(std::string_view query, std::tuple<Columns&...> columns, const Values&... values) {
    return rows(
               query, columns, [] { return true; }, values...) > 0;
  }

  /// Calls `each` for every row, with the columns set; it returns whether to go on. @return how many rows were seen.
  template <class... Columns, class... Values>
  int rows(std::string_view query, std::tuple<Columns&...> columns, FunctionRef<bool()> each, const Values&... values) {
    soci::statement& statement = start(query, values...);
    std::apply([&](auto&... column) { (statement.exchange(soci::into(column)), ...); }, columns);
    statement.define_and_bind();
    int seen = 0;
    // Read to the end: a statement left halfway would keep its snapshot, and the next transaction would find it stale.
    for (bool more = statement.execute(true), wanted = true; more; more = statement.fetch()) {
      if (!wanted) continue;
      ++seen;
      wanted = each();
    }
    statement.bind_clean_up();
    return seen;
  }

  /// INSERT ... RETURNING one number. Prepared for this once: a kept one would stay halfway.
  template <class... Values>
  long long insert(std::string_view query, const Values&... values) {
    soci::statement statement(*session_);
    (statement.exchange(soci::use(values)), ...);
    long long id = 0;
    statement.exchange(soci::into(id));
    statement.alloc();
    statement.prepare(std::string(query), soci::details::st_one_time_query);
    statement.define_and_bind();
    statement.execute(true);
    return id;
  }

  /// A statement that answers nothing and is not worth keeping.
  void once(std::string_view query) { session_->once << std::string(query); }

 private:
  template <class Body>
  auto transaction(Kind kind, Body& body) -> decltype(body()) {
    std::optional<decltype(body())> answer;
    const auto attempt = [&] {
      answer.emplace(body());
      return answer->ok();
    };
    if (!run(kind, attempt)) {
      ++failures_;
      return QuotaError::unavailable;
    }
    return *std::move(answer);
  }

  template <class... Values>
  soci::statement& start(std::string_view query, const Values&... values) {
    soci::statement& statement = kept(query);
    (statement.exchange(soci::use(values)), ...);
    if constexpr (sizeof...(values) > 0) statement.define_and_bind();
    return statement;
  }

  bool run(Kind kind, FunctionRef<bool()> body) noexcept;
  void begin();
  soci::statement& kept(std::string_view query);
  void connect();
  void connect_sqlite();
  void connect_postgres();
  void disconnect() noexcept;
  void roll_back() noexcept;
  bool file_moved() const;

  std::string connection_;
  bool postgres_ = false;
  Kind kind_ = Kind::reading;  // of the transaction under way
  std::optional<soci::session> session_;
  std::unordered_map<std::string_view, soci::statement> kept_;  // of session_: gone before it is
  std::string file_;                                            // as SQLite names it, once connected
  Patience patience_;                                           // with PostgreSQL
  std::chrono::steady_clock::time_point not_before_;            // the next connection to PostgreSQL
  long long expected_schema_ = 0;                               // 0: any, or none yet
  std::int64_t failures_ = 0;
  std::string trouble_;
  bool in_doubt_ = false;
};

}  // namespace keyhold::server
