// How receipts lie in the vault: the newest 500, sealed, in rows that an earlier version takes for usage.
#include "receipt_text.h"
#include "usage_fixture.h"

using namespace keyhold;
using namespace keyhold::test;

namespace {

struct Fixture {
  TestRng rng;
  Vault vault{rng};
  Shelf shelf;

  Fixture() { create(vault, shelf); }

  static KeptReceipt one(std::int64_t number) {
    KeptReceipt kept;
    kept.at = kNow + number;
    kept.call = std::to_string(number);
    kept.provider = "openai";
    kept.model = "m-1";
    kept.counted = 100;
    kept.charged = number;
    kept.state = KeptReceipt::kSigned;
    kept.jws = jws_of(payload_of(kept.call, number));
    kept.key = encode_base64url(public_key());
    return kept;
  }
  Rows stored() const {
    Rows rows;
    for (const std::string& key : receipt_rows()) {
      if (const auto row = shelf.usage.find(key); row != shelf.usage.end()) rows.insert(*row);
    }
    return rows;
  }
  void keep(const KeptReceipt& kept) {
    for (const auto& [key, row] : vault.keep_receipt(kept, stored(), kNow).puts) shelf.usage.insert_or_assign(key, row);
  }
  void keep_all(std::int64_t from, std::int64_t to) {
    for (std::int64_t number = from; number <= to; ++number) keep(one(number));
  }
  ReceiptHistory read() const { return vault.receipts(stored()).value(); }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "receipts: kept as they are, newest first") {
  CHECK(read().receipts.empty());
  keep(one(1));
  KeptReceipt refused;
  refused.at = kNow + 2;
  refused.call = "2";
  refused.provider = "openai";
  refused.state = "signature";
  keep(refused);
  const auto history = read();
  REQUIRE(history.receipts.size() == 2);
  CHECK(history.receipts[0].call == "2");
  CHECK(history.receipts[0].refused());
  CHECK_FALSE(history.receipts[0].charged);
  CHECK_FALSE(history.receipts[0].counted);
  CHECK(history.receipts[0].jws.empty());
  CHECK(history.receipts[1].jws == one(1).jws);
  CHECK(history.receipts[1].key == one(1).key);
  CHECK(history.receipts[1].charged == 1);
  CHECK(history.receipts[1].counted == 100);
}

TEST_CASE_METHOD(Fixture, "receipts: the newest 500 and no more, however many came") {
  keep_all(1, 499);
  CHECK(read().receipts.size() == 499);
  keep_all(500, 500);
  CHECK(read().receipts.size() == kMaxReceipts);
  keep_all(501, 1234);
  const auto history = read();
  REQUIRE(history.receipts.size() == kMaxReceipts);
  for (std::size_t at = 0; at < kMaxReceipts; ++at) CHECK(history.receipts[at].call == std::to_string(1234 - at));
  CHECK(stored().size() == kReceiptRows);
}

TEST_CASE_METHOD(Fixture, "receipts: what each row says is sealed, and a call writes one row") {
  keep_all(1, 60);
  CHECK(stored().size() == 2);
  CHECK(vault.keep_receipt(one(61), stored(), kNow).puts.size() == 1);
  for (const auto& [key, row] : stored()) {
    CHECK(as_text(row).find("m-1") == std::string::npos);
    CHECK(as_text(row).find("openai") == std::string::npos);
    CHECK(row.size() < 64 * 1024);
  }
}

TEST_CASE_METHOD(Fixture, "receipts: a row that was altered, swapped or cut costs what is in it, and nothing more") {
  keep_all(1, 120);
  const Rows sound = stored();
  const std::string first = receipt_rows()[0];
  const std::string newest = receipt_rows()[2];
  shelf.usage.at(first).back() ^= 1;
  CHECK(read().receipts.size() == 70);
  CHECK(read().unreadable == 1);
  shelf.usage.at(newest).resize(40);
  keep(one(121));
  shelf.usage.at(first) = sound.at(first);
  shelf.usage.erase(newest);
  REQUIRE(read().receipts.size() >= 100);
  CHECK(read().receipts[0].call != "120");
  shelf.usage.at(first) = sound.at(receipt_rows()[1]);
  CHECK(read().unreadable == 1);
}

TEST_CASE_METHOD(Fixture, "receipts: a new root key seals them anew, in their order, as a version without them would") {
  keep_all(1, 60);
  // What is sealed anew is told by the beginning of the key: the same as that of rows that every version knows.
  for (const std::string& key : receipt_rows()) CHECK(is_usage_row(key));
  NewSlot recovery{vault.make_id(), RecoveryFields{}, ""};
  std::vector<SlotKey> kept;
  kept.push_back(slot_key());
  Rows rows = shelf.audit;
  for (const auto& row : shelf.usage) rows.insert(row);
  const auto plan = vault.plan_rotate_root(kept, recovery, slot_key(9), rows, kNow);
  REQUIRE(plan.ok());
  // Sealed with the old key it could not be read any more.
  CHECK(vault.keep_receipt(one(61), stored(), kNow).puts.empty());
  REQUIRE(shelf.write(*plan).ok());
  REQUIRE(vault.commit().ok());
  keep(one(61));
  const auto history = read();
  REQUIRE(history.receipts.size() == 61);
  for (std::size_t at = 0; at < 61; ++at) CHECK(history.receipts[at].call == std::to_string(61 - at));
}

TEST_CASE_METHOD(Fixture, "receipts: none while locked, and the days of usage do not see them") {
  keep_all(1, 2);
  vault.lock();
  CHECK(vault.keep_receipt(one(3), stored(), kNow).puts.empty());
  CHECK(vault.receipts(stored()).error() == Errc::ERR_LOCKED);
  // By whose keys the worker reads days: six digits first.
  for (const std::string& key : receipt_rows()) CHECK(key > "usage/999999\xff");
}

TEST_CASE_METHOD(Fixture, "receipts: one that was refused is in the activity, one that was not is not") {
  const auto before = vault.waiting_notes();
  keep(one(1));
  CHECK(vault.waiting_notes() == before);
  KeptReceipt refused = one(2);
  refused.state = "call";
  keep(refused);
  REQUIRE(vault.waiting_notes() == before + 1);
  apply(vault, shelf, vault.plan_notes());
  const auto trail = vault.audit(shelf.audit).value();
  CHECK_FALSE(trail.broken);
  CHECK(name(trail.entries.back().event.action) == "receipt-refused");
  CHECK(trail.entries.back().event.provider == "openai");
  CHECK(trail.entries.back().event.label == "call");
}
