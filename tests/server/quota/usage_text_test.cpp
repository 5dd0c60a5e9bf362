// usage_text: days there and back, and cells that stay one cell and no formula.
#include "server/quota/usage_text.h"

#include <catch2/catch.hpp>

using namespace keyhold;
using namespace keyhold::server;

TEST_CASE("parse_day and text_of_day: a day is the same after both") {
  for (const char* day : {"1970-01-01", "2024-02-29", "2026-11-27", "9999-12-31"}) {
    REQUIRE(parse_day(day));
    CHECK(*parse_day(day) % kDayMs == 0);
    CHECK(text_of_day(*parse_day(day)) == day);
    CHECK(text_of_day(*parse_day(day) + kDayMs - 1) == day);
  }
  CHECK(parse_day("1970-01-02") == kDayMs);
}

TEST_CASE("parse_day: what is no day of the calendar is none") {
  for (const char* text :
       {"", "2026-11", "2026-11-31", "2025-02-29", "2026-00-10", "2026-13-01", "2026-01-00", "1969-12-31", "0000-01-01",
        "2026-1-01", "+026-01-01", "2026-01-1 ", "2026/01/01", "2026-01-01T", "today"}) {
    INFO(text);
    CHECK_FALSE(parse_day(text));
  }
}

TEST_CASE("csv_cell: commas, quotes and line ends stay in their cell") {
  CHECK(csv_cell("m-1") == "m-1");
  CHECK(csv_cell("") == "");
  CHECK(csv_cell("a,b") == "\"a,b\"");
  CHECK(csv_cell("a\"b") == "\"a\"\"b\"");
  CHECK(csv_cell("a\r\nb") == "\"a\r\nb\"");
}

TEST_CASE("csv_cell: what a spreadsheet would run is a text") {
  CHECK(csv_cell("=1+1") == "'=1+1");
  CHECK(csv_cell("+1") == "'+1");
  CHECK(csv_cell("-1") == "'-1");
  CHECK(csv_cell("@SUM(A1)") == "'@SUM(A1)");
  CHECK(csv_cell("\t=1") == "'\t=1");
  CHECK(csv_cell("\r=1") == "\"'\r=1\"");
  CHECK(csv_cell("=HYPERLINK(\"http://x\",1)") == "\"'=HYPERLINK(\"\"http://x\"\",1)\"");
  CHECK(csv_cell("a=1") == "a=1");
}

TEST_CASE("usage_csv_line: as many cells as the head has, with a user and without") {
  const UsageRow row{
      .day = *parse_day("2026-11-27"), .provider = "openai", .model = "=m", .calls = 2, .charged = 30, .estimated = 1};
  CHECK(usage_csv_head(false) == "day,provider,model,organisation,calls,charged_micro_usd,estimated_calls\r\n");
  CHECK(usage_csv_line(row) == "2026-11-27,openai,'=m,,2,30,1\r\n");
  CHECK(usage_csv_head(true).starts_with("user,day,"));
  CHECK(usage_csv_line(row, "a,b").starts_with("\"a,b\",2026-11-27,openai,"));
}
