#include "usage_fixture.h"

using namespace keyhold;
using namespace keyhold::test;

TEST_CASE_METHOD(UsageFixture, "usage: what was used is in the row of its day, and what it cost in that of its key") {
  CHECK_FALSE(vault.usage_waits());
  use(vault, id, 100);
  use(vault, id, 50);
  use(vault, id, 7, kNow, "m-2");
  use(vault, id, 1, kNow - kDayMs);
  CHECK(vault.usage_waits());
  flush(vault, shelf);
  CHECK_FALSE(vault.usage_waits());
  const UsageHistory stored = history(vault, shelf);
  REQUIRE(stored.days.size() == 2);
  CHECK(stored.days[0].first == kToday - 1);
  CHECK(stored.days[1].first == kToday);
  CHECK(stored.days[1].second == UsageDay{{key_for(id), sum_of(2, 150)}, {key_for(id, "m-2"), sum_of(1, 7)}});
  CHECK(spend_of(vault, shelf, id).on_day(kNow) == 157);
  CHECK(spend_of(vault, shelf, id).in_month(kNow) == 158);
}

TEST_CASE_METHOD(UsageFixture, "usage: what waits counts for the key at once, and is written once") {
  use(vault, id, 100);
  CHECK(spend_of(vault, shelf, id).on_day(kNow) == 100);
  flush(vault, shelf);
  CHECK(spend_of(vault, shelf, id).on_day(kNow) == 100);
  flush(vault, shelf);
  CHECK(total(vault, shelf) == sum_of(1, 100));
}

TEST_CASE_METHOD(UsageFixture, "usage: a row holds no text that can be read, and grows with its own day only") {
  use(vault, id, 100, kNow, "a-model-of-some-name");
  flush(vault, shelf);
  for (const auto& [key, row] : shelf.usage) {
    CHECK(as_text(row).find("a-model-of-some-name") == std::string_view::npos);
    CHECK(as_text(row).find("purpose") != std::string_view::npos);  // what is readable is found
  }
  const std::size_t size = shelf.usage.find("usage/020775")->second.size();
  for (int day = 1; day < 50; ++day) {
    for (int model = 0; model < 20; ++model) use(vault, id, 1, kNow - day * kDayMs, "m-" + std::to_string(model));
  }
  flush(vault, shelf);
  use(vault, id, 100, kNow, "a-model-of-some-name");
  flush(vault, shelf);
  CHECK(shelf.usage.find("usage/020775")->second.size() == size);
  CHECK(history(vault, shelf).days.size() == 50);
}

TEST_CASE_METHOD(UsageFixture, "usage: several workers add to the same rows, and nothing is lost") {
  Vault other = opened(rng, shelf, slot_key());
  Vault third = opened(rng, shelf, slot_key());
  for (int round = 0; round < 5; ++round) {
    use(vault, id, 100);
    use(other, id, 10);
    use(third, id, 1);
    flush(other, shelf);
    flush(vault, shelf);
    flush(third, shelf);
  }
  CHECK(total(vault, shelf) == sum_of(15, 555));
  CHECK(spend_of(third, shelf, id).on_day(kNow) == 555);
}

TEST_CASE_METHOD(UsageFixture, "usage: a transaction that failed loses nothing, with what came meanwhile") {
  use(vault, id, 100);
  flush(vault, shelf, false);
  CHECK(shelf.usage.empty());
  CHECK(vault.usage_waits());
  use(vault, id, 10);
  CHECK(spend_of(vault, shelf, id).on_day(kNow) == 110);
  flush(vault, shelf);
  CHECK(total(vault, shelf) == sum_of(2, 110));
}

TEST_CASE_METHOD(UsageFixture, "usage: what was not written at a lock is taken up at the next chance, once") {
  use(vault, id, 100);
  flush(vault, shelf);
  use(vault, id, 10);
  use(vault, id, 1, kNow - kDayMs);
  const Rows late = vault.last_usage();
  REQUIRE(late.size() == 3);  // two days, one key
  CHECK(vault.last_usage().empty());
  vault.lock();
  Vault other = opened(rng, shelf, slot_key());
  use(other, id, 1000);
  shelf.usage.insert(late.begin(), late.end());
  const Rows more = other.last_usage();
  shelf.usage.insert(more.begin(), more.end());
  CHECK(of_kind(shelf.usage, "late/").size() == 5);

  Vault again = opened(rng, shelf, slot_key());
  flush(again, shelf, false);
  CHECK(of_kind(shelf.usage, "late/").size() == 5);
  flush(again, shelf);
  CHECK(of_kind(shelf.usage, "late/").empty());
  CHECK(total(again, shelf) == sum_of(4, 1111));
  CHECK(spend_of(again, shelf, id).on_day(kNow) == 1110);
  CHECK(spend_of(again, shelf, id).in_month(kNow) == 1111);
}

TEST_CASE_METHOD(UsageFixture, "usage: a damaged day is left as it lies and named; what comes after goes beside it") {
  use(vault, id, 100);
  flush(vault, shelf);
  Bytes& row = shelf.usage.find("usage/020775")->second;
  row.back() ^= 1;
  const Bytes damaged = row;
  use(vault, id, 10);
  flush(vault, shelf);
  use(vault, id, 1);
  flush(vault, shelf);
  CHECK(shelf.usage.find("usage/020775")->second == damaged);
  CHECK(history(vault, shelf).unreadable == 1);
  CHECK(total(vault, shelf) == sum_of(2, 11));
  // A row of another place is not taken for this one.
  shelf.usage["usage/020700"] = shelf.usage.find("usage/020775-2")->second;
  CHECK(history(vault, shelf).unreadable == 2);
}

TEST_CASE_METHOD(UsageFixture, "usage: a row of another vault, or none at all, is not read") {
  use(vault, id, 100);
  flush(vault, shelf);
  Shelf elsewhere;
  TestRng other_rng(9);
  Vault other(other_rng);
  create(other, elsewhere);
  elsewhere.usage = shelf.usage;
  elsewhere.usage["usage/020001"] = Bytes{1, 2, 3};
  const UsageHistory read = history(other, elsewhere);
  CHECK(read.days.empty());
  CHECK(read.unreadable == 2);
}

TEST_CASE_METHOD(UsageFixture, "usage: a day has so many entries and no more; the sums stay right") {
  for (std::size_t i = 0; i < 2 * kMaxUsageEntries + 50; ++i) {
    UsageKey key = key_for("key-" + std::to_string(i));
    vault.note_call({kNow, key, sum_of(1, 2), 2, ""});
  }
  flush(vault, shelf);
  const auto stored = history(vault, shelf);
  REQUIRE(stored.days.size() == 1);
  CHECK(stored.days[0].second.size() <= 2 * kMaxUsageEntries + 1);
  CHECK(total(vault, shelf) == sum_of(2 * static_cast<std::int64_t>(kMaxUsageEntries) + 50,
                                      2 * (2 * static_cast<std::int64_t>(kMaxUsageEntries) + 50)));
  for (int i = 0; i < 3; ++i) vault.note_call({kNow, key_for("key-0", std::string(257, 'x')), sum_of(1, 2), 2, ""});
  flush(vault, shelf);
  CHECK(total(vault, shelf).requests == 2 * static_cast<std::int64_t>(kMaxUsageEntries) + 53);
}

TEST_CASE("usage: below the bound each entry has its own name, at it the model is another") {
  UsageDay day;
  for (std::size_t i = 0; i < kMaxUsageEntries; ++i) add_usage(day, key_for("k", std::to_string(i)), sum_of(1, 1));
  CHECK(day.size() == kMaxUsageEntries);
  add_usage(day, key_for("k", "0"), sum_of(1, 1));
  CHECK(day.size() == kMaxUsageEntries);
  CHECK(day[key_for("k", "0")].requests == 2);
  add_usage(day, key_for("k", "one more"), sum_of(1, 1));
  add_usage(day, key_for("k", "and one more"), sum_of(1, 1));
  CHECK(day.size() == kMaxUsageEntries + 1);
  CHECK(day[key_for("k", "*")].requests == 2);

  // Twice as many, by keys: then those are others, too.
  for (std::size_t i = day.size(); i < 2 * kMaxUsageEntries; ++i)
    add_usage(day, key_for(std::to_string(i)), sum_of(1, 1));
  CHECK(day.size() == 2 * kMaxUsageEntries);
  add_usage(day, key_for("one more"), sum_of(1, 1));
  add_usage(day, key_for("and one more"), sum_of(1, 1));
  CHECK(day.size() == 2 * kMaxUsageEntries + 1);
  UsageKey others = key_for("*", "*");
  others.provider = others.app = "*";
  CHECK(day[others].requests == 2);
}

TEST_CASE_METHOD(UsageFixture,
                 "usage: charges that cannot be written are put together above their bound; none is lost") {
  for (std::size_t i = 0; i < kMaxWaitingCharges + 1; ++i) use(vault, id, 1);
  CHECK(spend_of(vault, shelf, id).on_day(kNow) == static_cast<std::int64_t>(kMaxWaitingCharges) + 1);
  const Rows late = vault.last_usage();
  shelf.usage.insert(late.begin(), late.end());
  flush(vault, shelf);
  CHECK(spend_of(vault, shelf, id).on_day(kNow) == static_cast<std::int64_t>(kMaxWaitingCharges) + 1);
}

TEST_CASE_METHOD(UsageFixture,
                 "usage: calls that cannot be written are put together above their bound, by key and figures") {
  for (std::size_t i = 0; i < kMaxWaitingCalls; ++i) use(vault, id, 1, kNow, "m-" + std::to_string(i));
  UsageKey guessed = key_for(id, "one more");
  guessed.figures = "estimated";
  SECTION("at it, each is there by its own name") {
    flush(vault, shelf);
    CHECK(history(vault, shelf).days.at(0).second.size() == kMaxWaitingCalls);
  }
  SECTION("above it, one stands for several; no sum is lost") {
    use(vault, id, 1, kNow, "one more");
    use(vault, id, 1, kNow, "and one more");
    vault.note_call({kNow, guessed, sum_of(1, 1), 1, ""});
    flush(vault, shelf);
    const UsageDay day = history(vault, shelf).days.at(0).second;
    CHECK(day.size() == kMaxWaitingCalls + 1);
    UsageKey others = key_for(id, "*");
    others.app = "*";
    CHECK(day.at(others) == sum_of(3, 3));
    // The day is full by then, and what is a guess stays apart all the same.
    guessed.model = "*";
    CHECK(day.at(guessed) == sum_of(1, 1));
    CHECK(spend_of(vault, shelf, id).on_day(kNow) == static_cast<std::int64_t>(kMaxWaitingCalls) + 3);
  }
  SECTION("what is on its way is not touched") {
    const Rows none;
    CHECK(vault.take_usage(none, none).puts.size() == 2);
    use(vault, id, 1, kNow, "one more");
    vault.usage_written(true);
    flush(vault, shelf);
    CHECK(history(vault, shelf).days.at(0).second == UsageDay{{key_for(id, "one more"), sum_of(1, 1)}});
  }
}

TEST_CASE("usage: encode and parse are each other's inverse; anything else is refused") {
  UsageDay day;
  add_usage(day, {"r", "p", "m", "https://app.example", "user", "estimated"}, {1, 2, 3, 4, 5, 6, 7});
  add_usage(day, key_for("\"quoted\""), sum_of(3, kMaxTime));
  const auto parsed = [](const std::string& text) {
    const auto json = Json::parse(as_bytes(text));
    return json ? parse_usage_day(json->root()) : Result<UsageDay>(json.error());
  };
  const auto again = parsed(encode_usage_day(day).dump());
  REQUIRE(again.ok());
  CHECK(*again == day);
  const std::string entry = R"(["r","p","m","","user","reported",1,2,3,4,5,6,7])";
  CHECK(parsed("[" + entry + "]").ok());
  for (const std::string& text :
       {std::string("{}"), std::string("[[]]"), "[" + entry.substr(0, entry.size() - 3) + "]]",
        "[" + entry.substr(0, entry.size() - 1) + ",8]]",
        std::string(R"([["r","p","m","","user","reported",1,2,3,4,5,6,-7]])"),
        std::string(R"([["r","p","m","","user",1,1,2,3,4,5,6,7]])")}) {
    CHECK_FALSE(parsed(text).ok());
  }
}

TEST_CASE_METHOD(UsageFixture, "usage: a deleted key takes its spending with it and leaves the days") {
  use(vault, id, 100);
  flush(vault, shelf);
  use(vault, id, 10);
  apply(vault, shelf, vault.plan_delete(id, kNow));
  CHECK(of_kind(shelf.usage, "spend/").empty());
  flush(vault, shelf);
  CHECK(of_kind(shelf.usage, "spend/").empty());
  CHECK(total(vault, shelf) == sum_of(2, 110));
  CHECK(vault.findings().empty());
}

TEST_CASE_METHOD(UsageFixture,
                 "usage: a new root key seals what was used anew, with what waits and without what is damaged") {
  use(vault, id, 100);
  use(vault, id, 1, kNow - kDayMs);
  flush(vault, shelf);
  use(vault, id, 10);
  shelf.usage.find("usage/020774")->second.back() ^= 1;
  const Rows before = shelf.usage;
  Rows rows = shelf.audit;
  rows.insert(shelf.usage.begin(), shelf.usage.end());
  const NewSlot recovery = new_recovery(vault);
  const SlotKey recovery_key = recovery_code(3).slot_key(vault_id(shelf), recovery.id);
  const auto plan = vault.plan_rotate_root(kept(slot_key()), recovery, recovery_key, rows, kNow);
  REQUIRE(plan.ok());
  // While it is being written nothing is sealed with the old key.
  CHECK(vault.usage_rows({}).empty());
  CHECK(vault.take_usage({}, {}).puts.empty());
  CHECK(vault.last_usage().empty());
  std::optional<CapHit> hit;
  CHECK(vault.reserve(id, 1, nullptr, kNow, hit).error() == Errc::ERR_WRONG_STATE);
  REQUIRE(shelf.write(*plan).ok());
  REQUIRE(vault.commit().ok());
  CHECK(shelf.usage.find("usage/020774")->second == before.find("usage/020774")->second);
  CHECK(shelf.usage.find("usage/020775")->second != before.find("usage/020775")->second);
  flush(vault, shelf);
  Vault again = opened(rng, shelf, slot_key());
  CHECK(total(again, shelf) == sum_of(2, 110));
  CHECK(history(again, shelf).unreadable == 1);
  CHECK(spend_of(again, shelf, id).in_month(kNow) == 111);
  require_whole(again, shelf);
}

TEST_CASE_METHOD(UsageFixture, "usage: while locked there is nothing to see, to add or to write") {
  use(vault, id, 100);
  flush(vault, shelf);
  vault.lock();
  use(vault, id, 1);
  CHECK_FALSE(vault.usage_waits());
  CHECK(vault.usage_rows({}).empty());
  CHECK(vault.last_usage().empty());
  CHECK(vault.usage({}).error() == Errc::ERR_LOCKED);
  CHECK(vault.spending(id, nullptr).error() == Errc::ERR_LOCKED);
  CHECK(vault.plan_caps(id, {}, kNow).error() == Errc::ERR_LOCKED);
  std::optional<CapHit> hit;
  CHECK(vault.reserve(id, 1, nullptr, kNow, hit).error() == Errc::ERR_LOCKED);
}
