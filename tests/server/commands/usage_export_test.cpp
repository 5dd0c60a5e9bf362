// usage_export: all rows of all users, once each, however many pages they come in.
#include "server/commands/usage_export.h"

#include <catch2/catch.hpp>
#include <set>
#include <sstream>

#include "base/json.h"
#include "quota/fixture.h"
#include "server/quota/usage_text.h"

using namespace keyhold;
using namespace keyhold::server;
using namespace keyhold::server::test;

namespace {

constexpr const char* kDay = "2026-02-10";  // of kNow

/// Settled calls of users u-0000... with models m-0...: one a row.
void fill(RawDatabase& raw, int users, int models) {
  raw.run("WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < " + std::to_string(users) +
          ") INSERT INTO accounts SELECT printf('u-%05d', i), 'free', 'active', '', 0, 0, 0, 0, 0, 0 FROM n");
  raw.run("WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < " + std::to_string(models) +
          ") INSERT INTO calls (user_id, provider, model, reserved, least, charged, figures, state, http_status, owner,"
          " lease_until, created_at, ended_at) SELECT user_id, 'openai', printf('m-%05d', i), 9, 0, 7, 'reported',"
          " 'settled', 200, 'x', 0, 0, " +
          std::to_string(kNow) + " FROM accounts, n");
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string exported(QuotaBook& book, UsageExport asked) {
  std::ostringstream out;
  std::string error;
  asked.from = asked.to = kDay;
  REQUIRE(export_usage(book, asked, out, error, kNow));
  return out.str();
}

}  // namespace

TEST_CASE("export_usage: one user's rows over three pages, each once and in order") {
  const Folder folder;
  QuotaBook book = open_book(folder.file());
  RawDatabase raw(folder.file());
  constexpr int kRows = 2 * static_cast<int>(kMaxUsageRows) + 1;
  fill(raw, 1, kRows);
  const auto lines = lines_of(exported(book, {}));
  REQUIRE(lines.size() == kRows + 1);
  CHECK(lines[0] == "user,day,provider,model,organisation,calls,charged_micro_usd,cost_micro_usd,estimated_calls\r");
  CHECK(lines[1] == "u-00000,2026-02-10,openai,m-00000,,1,7,7,0\r");
  CHECK(lines[kRows] == "u-00000,2026-02-10,openai,m-20000,,1,7,7,0\r");
  CHECK(std::set<std::string>(lines.begin(), lines.end()).size() == lines.size());
  CHECK(std::is_sorted(lines.begin() + 1, lines.end()));
}

TEST_CASE("export_usage: more users than a page has, all or one of them") {
  const Folder folder;
  QuotaBook book = open_book(folder.file());
  RawDatabase raw(folder.file());
  fill(raw, 2 * kUserBatch + 1, 2);
  CHECK(lines_of(exported(book, {})).size() == 2 * (2 * kUserBatch + 1) + 1);
  CHECK(lines_of(exported(book, {.user = "u-00007"})).size() == 3);
  CHECK(lines_of(exported(book, {.user = "nobody"})).size() == 1);
}

TEST_CASE("export_usage: as JSON it is one document, a row to a line") {
  const Folder folder;
  QuotaBook book = open_book(folder.file());
  RawDatabase raw(folder.file());
  for (const int users : {0, 3}) {
    if (users > 0) fill(raw, users, 2);
    const std::string text = exported(book, {.format = "json"});
    const auto json = Json::parse(as_bytes(text));
    REQUIRE(json);
    CHECK(json->root().find("usage")->size() == static_cast<std::size_t>(2 * users));
    CHECK(lines_of(text).size() == static_cast<std::size_t>(2 * users + 2));
  }
}

TEST_CASE("export_usage: days count from the first to the last, and odd ones are refused before anything is written") {
  const Folder folder;
  QuotaBook book = open_book(folder.file());
  RawDatabase raw(folder.file());
  fill(raw, 1, 1);
  std::ostringstream out;
  std::string error;
  CHECK_FALSE(export_usage(book, {.from = "2026-02-11", .to = "2026-02-10"}, out, error, kNow));
  CHECK_FALSE(export_usage(book, {.from = "yesterday", .to = "2026-02-10"}, out, error, kNow));
  CHECK(out.str().empty());
  CHECK(error.find("--from and --to") == 0);
  REQUIRE(export_usage(book, {.from = "2026-02-11", .to = "2026-02-12"}, out, error, kNow));
  REQUIRE(export_usage(book, {.from = "2026-02-08", .to = "2026-02-09"}, out, error, kNow));
  CHECK(lines_of(out.str()).size() == 2);
}
