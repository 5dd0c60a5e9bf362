#include "usage_fixture.h"

using namespace keyhold;
using namespace keyhold::test;

TEST_CASE_METHOD(UsageFixture, "caps: exactly as many calls as there is room for, whoever asks") {
  apply(vault, shelf, vault.plan_caps(id, {1000, std::nullopt}, kNow));
  CHECK(vault.find(id)->caps == Caps{1000, std::nullopt});
  std::vector<Vault> workers;
  workers.reserve(10);
  for (int i = 0; i < 10; ++i) workers.push_back(opened(rng, shelf, slot_key()));
  int made = 0;
  std::vector<Hold> holds;
  const std::string row = "spend/" + id;
  for (Vault& worker : workers) {
    const auto stored = shelf.usage.find(row);
    std::optional<CapHit> hit;
    auto reserved = worker.reserve(id, 200, stored == shelf.usage.end() ? nullptr : &stored->second, kNow, hit);
    if (!reserved) {
      CHECK(reserved.error() == Errc::ERR_CAP_REACHED);
      REQUIRE(hit);
      CHECK(hit->held == 1000);
      continue;
    }
    ++made;
    holds.push_back(reserved->hold);
    shelf.usage.insert_or_assign(row, reserved->row);
  }
  CHECK(made == 5);
  // Two cost less than was held: there is room for as many as that makes.
  workers[0].note_call({kNow, key_for(id), {}, 50, holds[0].id});
  workers[1].note_call({kNow, key_for(id), {}, 50, holds[1].id});
  flush(workers[0], shelf);
  flush(workers[1], shelf);
  CHECK(spend_of(vault, shelf, id).held(kNow) == 600);
  std::optional<CapHit> hit;
  CHECK(vault.reserve(id, 300, &shelf.usage.find(row)->second, kNow, hit).ok());
  CHECK(vault.reserve(id, 301, &shelf.usage.find(row)->second, kNow, hit).error() == Errc::ERR_CAP_REACHED);
  // The others were left behind: they count until they end by themselves.
  CHECK(vault.reserve(id, 301, &shelf.usage.find(row)->second, kNow + kHoldLeaseMs - 1, hit).error() ==
        Errc::ERR_CAP_REACHED);
  CHECK(vault.reserve(id, 301, &shelf.usage.find(row)->second, kNow + kHoldLeaseMs, hit).ok());
  // And what is renewed goes on.
  Hold kept = holds[2];
  const auto renewed = vault.renew(id, kept, &shelf.usage.find(row)->second, kNow + kHoldLeaseMs - 1);
  REQUIRE(renewed.ok());
  CHECK(vault.reserve(id, 800, &*renewed, kNow + kHoldLeaseMs, hit).error() == Errc::ERR_CAP_REACHED);
  CHECK(hit->held == 200);
}

TEST_CASE_METHOD(UsageFixture,
                 "caps: stay with a key that is replaced or restored over, and go when they are removed") {
  CHECK(vault.plan_caps(id, {-1, std::nullopt}, kNow).error() == Errc::ERR_BAD_INPUT);
  CHECK(vault.plan_caps(id, {std::nullopt, kMaxCapMicroUsd + 1}, kNow).error() == Errc::ERR_BAD_INPUT);
  CHECK(vault.plan_caps("nobody", {1, 1}, kNow).error() == Errc::ERR_NOT_FOUND);
  apply(vault, shelf, vault.plan_caps(id, {0, kMaxCapMicroUsd}, kNow));
  apply(vault, shelf, vault.plan_replace(id, "5678", secret("sk-2"), kNow));
  CHECK(vault.find(id)->caps == Caps{0, kMaxCapMicroUsd});
  std::vector<OpenedRecord> restored;
  restored.push_back({*vault.find(id), secret("sk-3")});
  restored[0].record.caps = {};
  apply(vault, shelf, vault.plan_import(std::move(restored), {}, kNow));
  Vault again = opened(rng, shelf, slot_key());
  CHECK(again.find(id)->caps == Caps{0, kMaxCapMicroUsd});
  CHECK(text_of(*again.open_secret(id, openai_fields().base)) == "sk-3");
  apply(again, shelf, again.plan_caps(id, {}, kNow));
  CHECK_FALSE(opened(rng, shelf, slot_key()).find(id)->caps.any());
  require_whole(again, shelf);
}
