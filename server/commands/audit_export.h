// audit_export: who did what, when and from where, written out row by row: for whoever has to show it.
#pragma once

#include <ostream>
#include <string>

#include "server/quota/quota.h"

namespace keyhold::server {

struct AuditExport {
  std::string from;  // days, as parse_day has them; both count
  std::string to;
  std::string user;            // "": all of them
  std::string format = "csv";  // or "json"
  bool calls = false;          // the ledger's rows as well, after the others: a call's row is its audit
};

/// Any number of rows: no more than a page is in memory. First writes down that it was asked for; of a day that is not over that row
/// is part of it.
/// @param error what is wrong, for the operator
/// @return whether everything was written
bool export_audit(QuotaBook& book, const AuditExport& asked, std::ostream& out, std::string& error, UnixMs now);

}  // namespace keyhold::server
