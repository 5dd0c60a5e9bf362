// addresses: takes addresses out of old rows. Where it has come to in each table is remembered, so that a ledger of millions of rows
// is never searched: a step reads the next few by their ids.
#include "server/quota/database.h"
#include "server/quota/quota.h"

namespace keyhold::server {

namespace {

struct Table {
  std::string name;  // as `upkeep` has it
  std::string_view next;
  std::string_view blank;
};

/// The name is bound to statements, so it is no constant text.
const Table kTables[] = {
    {"addresses of calls", "SELECT id, created_at FROM calls WHERE id > :upto ORDER BY id LIMIT :batch",
     "UPDATE calls SET address = '' WHERE id > :upto AND id <= :last AND address <> ''"},
    {"addresses of audit", "SELECT id, happened_at FROM audit WHERE id > :upto ORDER BY id LIMIT :batch",
     "UPDATE audit SET address = '' WHERE id > :upto AND id <= :last AND address <> ''"},
};

struct Reach {
  std::int64_t upto = 0;
  std::int64_t last = 0;
  std::int64_t rows = 0;
};

/// The rows after those that were looked at, as far as they are older. Ids grow with time, but for the difference of clocks: an old
/// row behind a younger one waits until that one is old.
Reach reach_of(Database& database, const Table& table, UnixMs before, std::int64_t batch) {
  Reach reach;
#define KEYHOLD_UPTO "SELECT upto FROM upkeep WHERE task = :task"
  database.row(database.locks_rows() ? KEYHOLD_UPTO " FOR UPDATE" : KEYHOLD_UPTO, std::tie(reach.upto), table.name);
  reach.last = reach.upto;
  std::int64_t id = 0;
  UnixMs at = 0;
  database.rows(
      table.next, std::tie(id, at),
      [&] {
        if (at >= before) return false;
        reach.last = id;
        ++reach.rows;
        return true;
      },
      reach.upto, batch);
  return reach;
}

}  // namespace

Answer<ForgetReport> QuotaBook::forget_addresses(UnixMs before) {
  if (before >= kMaxTime) return QuotaError::bad_input;
  ForgetReport report;
  for (const Table& table : kTables) {
    // Nearly always there is nothing to do, and no reason to keep calls from the database.
    const auto any =
        database_->reading([&]() -> Answer<bool> { return reach_of(*database_, table, before, 1).rows > 0; });
    if (!any) return any.error();
    if (!any.value()) continue;
    const auto done = database_->writing([&]() -> Answer<std::int64_t> {
      const Reach reach = reach_of(*database_, table, before, kForgetBatch);
      if (reach.rows == 0) return reach.rows;
      database_->change(table.blank, reach.upto, reach.last);
      database_->change("UPDATE upkeep SET upto = :last WHERE task = :task", reach.last, table.name);
      return reach.rows;
    });
    if (!done) return done.error();
    report.looked_at += done.value();
    report.more = report.more || done.value() == kForgetBatch;
  }
  return report;
}

}  // namespace keyhold::server
