// postgres: what PostgreSQL needs beyond SQL: limits on waiting, and what an error means.
#pragma once

#include <soci/postgresql/soci-postgresql.h>
#include <soci/soci.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace keyhold::server {

/// How long the database itself waits for a lock and works on a statement, and how long a transaction may lie idle in a
/// process that was stopped: others wait for its accounts.
inline constexpr std::string_view kPostgresLimits[] = {
    "SET lock_timeout = '2s'",
    "SET statement_timeout = '3s'",
    "SET idle_in_transaction_session_timeout = '10s'",
};
/// How long a transaction may take of which nothing is heard: a machine that is gone says nothing at all.
inline constexpr std::chrono::milliseconds kPostgresPatience{4000};
/// After a connection failed, how long no other is tried: whoever asks meanwhile hears at once that there is none.
inline constexpr std::chrono::milliseconds kPostgresPause{1000};

/// For changing the schema: others may be at it.
inline constexpr std::string_view kPostgresUpgradeLimits[] = {
    "SET LOCAL lock_timeout = '100s'",
    "SET LOCAL statement_timeout = '100s'",
    // A number of ours; held until the transaction ends.
    "SELECT pg_advisory_xact_lock(7305810447162)",
};
inline constexpr std::chrono::milliseconds kPostgresUpgradePatience{120'000};

/// What to do about an error.
enum class Remedy {
  none,
  repeat,     // of two transactions that waited for each other this one was chosen to begin again
  reconnect,  // the connection is gone
};
Remedy remedy_of(soci::session& session, const soci::soci_error& error);

/// The error without its text, which may quote values: "PostgreSQL: SQLSTATE 42P01".
std::string postgres_trouble(const soci::soci_error& error);

/// Ends a connection when its time is up: libpq waits for an answer for as long as the network lets it.
class Patience {
 public:
  Patience() = default;
  Patience(const Patience&) = delete;
  Patience& operator=(const Patience&) = delete;
  ~Patience();

  /// From now on the connection has so long, until `rest`.
  void watch(soci::session& session, std::chrono::milliseconds within);
  /// Afterwards the connection is let alone. @return whether its time was up.
  bool rest() noexcept;

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::chrono::steady_clock::time_point until_;
  int socket_ = -1;  // -1: nothing is watched
  bool fired_ = false;
  bool over_ = false;
  std::thread thread_;  // started with the first connection
};

}  // namespace keyhold::server
