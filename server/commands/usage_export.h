// usage_export: what all users' calls came to, or one's, written out row by row: for accounting, and for whoever asks for their data.
#pragma once

#include <optional>
#include <ostream>
#include <string>

#include "server/quota/quota.h"

namespace keyhold::server {

struct UsageExport {
  std::string from;  // days, as parse_day has them; both count
  std::string to;
  std::string user;                         // "": all of them
  std::optional<std::string> organisation;  // only calls with a key of this one; "": only those by the app's own
  std::string format = "csv";               // or "json"
};

/// Any number of rows: no more than a page of one user's is in memory. Not one moment's picture: export days that are over.
/// First writes down that it was asked for.
/// @param error what is wrong, for the operator
/// @return whether everything was written
bool export_usage(QuotaBook& book, const UsageExport& asked, std::ostream& out, std::string& error, UnixMs now);

}  // namespace keyhold::server
