#include "vault/spend.h"

#include "support.h"

using namespace keyhold;

namespace {

constexpr UnixMs kNow = 1'795'000'000'000;  // 2026-11-18, a Wednesday

}  // namespace

TEST_CASE("spend: months are those of the calendar, in UTC") {
  CHECK(month_of(0) == 0);
  CHECK(month_start(0) == 0);
  CHECK(month_of(31 * kDayMs - 1) == 0);
  CHECK(month_of(31 * kDayMs) == 1);
  CHECK(month_start(1) == 31 * kDayMs);
  // 2000 had a leap day, 2100 has none.
  CHECK(month_start(30 * 12 + 2) - month_start(30 * 12 + 1) == 29 * kDayMs);
  CHECK(month_start(130 * 12 + 2) - month_start(130 * 12 + 1) == 28 * kDayMs);
  CHECK(month_start(56 * 12 + 10) == 1'793'491'200'000);  // 2026-11-01
  CHECK(month_of(kNow) == 56 * 12 + 10);
  for (std::int64_t month = 0; month < 12'000; ++month) {
    CHECK(month_of(month_start(month)) == month);
    CHECK(month_of(month_start(month + 1) - 1) == month);
  }
}

TEST_CASE("spend: a day and a month are counted apart, and begin anew by themselves") {
  Spend spend;
  spend.charge({kNow, 100, ""});
  spend.charge({kNow + 1, 20, ""});
  CHECK(spend.on_day(kNow) == 120);
  CHECK(spend.in_month(kNow) == 120);
  CHECK(spend.on_day(kNow + kDayMs) == 0);
  CHECK(spend.in_month(kNow + kDayMs) == 120);
  spend.charge({kNow + kDayMs, 3, ""});
  CHECK(spend.on_day(kNow + kDayMs) == 3);
  CHECK(spend.in_month(kNow + kDayMs) == 123);
  // Settled late: it was in that month, and is of a day that is over.
  spend.charge({kNow, 1000, ""});
  CHECK(spend.on_day(kNow + kDayMs) == 3);
  CHECK(spend.in_month(kNow + kDayMs) == 1123);
  CHECK(spend.in_month(kNow + 31 * kDayMs) == 0);
  // A clock set back opens nothing anew.
  CHECK(spend.on_day(kNow - kDayMs) == 3);
  CHECK(spend.in_month(kNow - 60 * kDayMs) == 1123);
}

TEST_CASE("spend: a cap is reached by what was spent, what is held and what is asked for together") {
  Spend spend;
  spend.charge({kNow, 400, ""});
  REQUIRE(spend.hold({"a", kNow + 1000, 500}, kNow).ok());
  CHECK_FALSE(spend.over({1000, std::nullopt}, 100, kNow));
  const auto hit = spend.over({1000, std::nullopt}, 101, kNow);
  REQUIRE(hit);
  CHECK_FALSE(hit->monthly);
  CHECK(hit->cap == 1000);
  CHECK(hit->spent == 400);
  CHECK(hit->held == 500);
  CHECK(hit->needed == 101);
  CHECK(hit->resets_at == (kNow / kDayMs + 1) * kDayMs);
  const auto monthly = spend.over({1000, 999}, 100, kNow);
  REQUIRE(monthly);
  CHECK(monthly->monthly);
  CHECK(monthly->resets_at == 1'796'083'200'000);  // 2026-12-01
  CHECK_FALSE(spend.over({std::nullopt, std::nullopt}, kMaxCapMicroUsd, kNow));
  CHECK(spend.over({0, std::nullopt}, 1, kNow));
  CHECK(Spend().over({0, std::nullopt}, 1, kNow));
  CHECK_FALSE(Spend().over({0, std::nullopt}, 0, kNow));
}

TEST_CASE("spend: a hold counts until it ends, by its call or by itself") {
  Spend spend;
  REQUIRE(spend.hold({"a", kNow + kHoldLeaseMs, 500}, kNow).ok());
  CHECK(spend.held(kNow + kHoldLeaseMs - 1) == 500);
  CHECK(spend.held(kNow + kHoldLeaseMs) == 0);
  spend.renew({"a", kNow + 2 * kHoldLeaseMs, 500}, kNow + kHoldLeaseMs);
  CHECK(spend.holds.size() == 1);
  CHECK(spend.held(kNow + kHoldLeaseMs) == 500);
  spend.charge({kNow, 70, "a"});
  CHECK(spend.held(kNow) == 0);
  CHECK(spend.on_day(kNow) == 70);
  spend.charge({kNow, 1, "a"});  // the second time it only costs
  CHECK(spend.on_day(kNow) == 71);
}

TEST_CASE("spend: there are so many holds and no more, and those left behind make room") {
  Spend spend;
  for (std::size_t i = 0; i < kMaxHolds; ++i) {
    REQUIRE(spend.hold({std::to_string(i), kNow + static_cast<UnixMs>(i) + 1, 1}, kNow).ok());
  }
  CHECK(spend.hold({"more", kNow + 9000, 1}, kNow).error() == Errc::ERR_TOO_MANY);
  CHECK(spend.hold({"more", kNow + 9000, 1}, kNow + 1).ok());
  CHECK(spend.holds.size() == kMaxHolds);
}

TEST_CASE("spend: encode and parse are each other's inverse; anything else is refused") {
  Spend spend;
  spend.charge({kNow, 400, ""});
  REQUIRE(spend.hold({"abc", kNow + 1000, 500}, kNow).ok());
  const auto parsed = [](std::string_view text) {
    const auto json = Json::parse(as_bytes(text));
    return json ? parse_spend(json->root()) : Result<Spend>(json.error());
  };
  const auto again = parsed(encode_spend(spend));
  REQUIRE(again.ok());
  CHECK(encode_spend(*again) == encode_spend(spend));
  CHECK(again->held(kNow) == 500);
  for (const char* text : {"{}", "[]", R"({"day":1,"ofDay":1,"month":1,"ofMonth":1})",
                           R"({"day":1,"ofDay":-1,"month":1,"ofMonth":1,"holds":[]})",
                           R"({"day":1,"ofDay":1,"month":1,"ofMonth":1,"holds":[],"more":1})",
                           R"({"day":1,"ofDay":1,"month":1,"ofMonth":1,"holds":[["a",1]]})",
                           R"({"day":1,"ofDay":1,"month":1,"ofMonth":1,"holds":[["a",1,2,3]]})",
                           R"({"day":1,"ofDay":1,"month":1,"ofMonth":1,"holds":[[1,1,2]]})"}) {
    CHECK_FALSE(parsed(text).ok());
  }
}
