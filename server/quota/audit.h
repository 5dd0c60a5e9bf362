// audit: who did what, when and from where: rows beside what they are about, written in its transaction, so that neither is there
// without the other. A call's own row is its audit: it has its address there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "server/quota/types.h"

namespace keyhold::server {

class Database;

enum class AuditAction {
#define KEYHOLD_AUDIT(name, what) name,
#include "server/quota/audit.def"
#undef KEYHOLD_AUDIT
};
std::string_view name_of(AuditAction action) noexcept;

inline constexpr std::size_t kMaxAuditBytes = 300;    // of an actor, a subject, an address, a request's id
inline constexpr std::size_t kMaxDetailBytes = 4000;  // longer ones are left out, and the row says so
inline constexpr std::size_t kMaxAuditRows = 1000;    // of one page
/// Rows of the ledger that one page looks at, and that one step takes the addresses out of.
inline constexpr std::int64_t kCallWindow = 5000;
inline constexpr std::int64_t kForgetBatch = 500;

/// Who asked for something, and how it reached the server.
struct ActedBy {
  std::string actor = "operator";  // or "stripe", or by_user()'s
  std::string address = {};        // as text; "": a command on the machine itself, or addresses are not kept
  std::string request_id = {};
};
/// The user with this token's `sub`.
ActedBy by_user(std::string_view user, std::string address, std::string request_id);

struct AuditEntry {
  AuditAction action;
  std::string subject = {};   // a user, or "provider/organisation" of a key; "": nobody's in particular
  std::string detail = "{}";  // an object as JsonOut::dump() writes it; never a secret
};

// Details of accounts: {"plan":"pro"}, and {"plan":"pro","was":"free"} for what == "plan".
std::string plan_detail(std::string_view plan);
std::string changed_detail(std::string_view what, std::string_view was, std::string_view is);

/// Adds the row to the transaction under way, which fails with it; throws what SOCI throws.
void add_audit(Database& database, const AuditEntry& entry, const ActedBy& by, UnixMs now);

// Reading.

struct AuditRow {
  std::int64_t id = 0;
  UnixMs at = 0;
  std::string action;
  std::string actor;
  std::string subject;
  std::string address;
  std::string detail;
  std::string request_id;
};
struct AuditPage {
  std::vector<AuditRow> rows;  // at most kMaxAuditRows, by time and id
  bool more = false;
};

/// A call as the ledger has it. Nothing of its question or its answer is there.
struct LedgerRow {
  std::int64_t id = 0;
  UnixMs created_at = 0;
  UnixMs ended_at = 0;  // 0: not yet
  std::string user;
  std::string provider;
  std::string model;
  std::string state;
  std::string figures;
  MicroUsd charged = 0;
  int http_status = 0;
  std::string address;
};
struct LedgerPage {
  std::vector<LedgerRow> rows;  // those of kCallWindow ids that were asked for; may be none
  std::int64_t upto = 0;        // where the next page begins
  bool more = false;
};

/// Whose, and of which time: [from, to).
struct AuditAsked {
  UnixMs from = 0;
  UnixMs to = 0;
  std::string user = {};  // "": everybody's
};

struct ForgetReport {
  std::int64_t looked_at = 0;  // rows that need not be looked at again
  bool more = false;           // the batch was full: ask again
};

}  // namespace keyhold::server
