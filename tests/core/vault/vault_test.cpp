#include "vault/vault.h"

#include "support.h"

using namespace keyhold;
using namespace keyhold::test;

namespace {

struct Fixture {
  TestRng rng;
  Vault vault{rng};
  Shelf shelf;

  void make() { create(vault, shelf); }
  /// Another worker over the same storage, unlocked.
  Vault reopened() {
    Vault other(rng);
    REQUIRE(other.load(shelf.envelopes, shelf.ledger).ok());
    REQUIRE(other.unlock(slot_key()).ok());
    return other;
  }
  std::string open(const std::string& id) { return text_of(*vault.open_secret(id, openai_fields().base)); }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "create: an absent vault becomes an unlocked one, and opens again with its slot key only") {
  CHECK(vault.state() == VaultState::absent);
  make();
  CHECK(vault.state() == VaultState::unlocked);
  const std::string id = add(vault, shelf, "work", "sk-canary-1");
  Vault other(rng);
  REQUIRE(*other.load(shelf.envelopes, shelf.ledger) == VaultState::locked);
  CHECK(other.unlock(slot_key(8)).error() == Errc::ERR_CANNOT_UNLOCK);
  CHECK(other.state() == VaultState::locked);
  REQUIRE(other.unlock(slot_key()).ok());
  CHECK(other.findings().empty());
  CHECK(text_of(*other.open_secret(id, openai_fields().base)) == "sk-canary-1");
  CHECK(other.find(id)->label == "work");
}

TEST_CASE_METHOD(Fixture, "at rest: no stored byte sequence is the key, the label or the root") {
  make();
  add(vault, shelf, "a telling label", "sk-canary-at-rest");
  const auto on_disk = [&](std::string_view text) {
    return std::any_of(shelf.envelopes.begin(), shelf.envelopes.end(),
                       [&](const auto& row) { return as_text(row.second).find(text) != std::string_view::npos; });
  };
  CHECK_FALSE(on_disk("sk-canary"));
  CHECK_FALSE(on_disk("telling"));
  // Positive control: the search does find what is stored in clear.
  CHECK(on_disk("https://api.openai.com/v1/"));
}

TEST_CASE_METHOD(Fixture, "life cycle: an illegal move returns an error and changes nothing") {
  CHECK(vault.passphrase_slot().error() == Errc::ERR_WRONG_STATE);
  CHECK(vault.unlock(slot_key()).error() == Errc::ERR_WRONG_STATE);
  CHECK(vault.plan_add(openai_fields(), "x", "", secret("sk-12345"), 0).error() == Errc::ERR_LOCKED);
  CHECK(vault.commit().error() == Errc::ERR_WRONG_STATE);
  vault.lock();
  CHECK(vault.state() == VaultState::absent);
  make();
  CHECK(vault.plan_create(slot_fields(), slot_key(), 1000).error() == Errc::ERR_WRONG_STATE);
  CHECK(vault.unlock(slot_key()).error() == Errc::ERR_WRONG_STATE);
  vault.lock();
  CHECK(vault.state() == VaultState::locked);
  CHECK(vault.plan_create(slot_fields(), slot_key(), 1000).error() == Errc::ERR_WRONG_STATE);
  CHECK(vault.plan_delete("x", 1000).error() == Errc::ERR_LOCKED);
  CHECK(vault.open_secret("x", "y").error() == Errc::ERR_LOCKED);
  CHECK(vault.records().empty());
}

TEST_CASE_METHOD(Fixture, "plan: nothing changes before commit, and an abandoned plan leaves no trace") {
  make();
  const auto plan = vault.plan_add(openai_fields(), "x", "", secret("sk-12345"), 0);
  REQUIRE(plan.ok());
  CHECK(vault.records().empty());
  CHECK(vault.plan_add(openai_fields(), "y", "", secret("sk-12345"), 0).error() == Errc::ERR_WRONG_STATE);
  vault.abandon();
  CHECK(vault.commit().error() == Errc::ERR_WRONG_STATE);
  CHECK(vault.records().empty());
  add(vault, shelf, "z", "sk-12345");
  CHECK(vault.records().size() == 1);
}

TEST_CASE_METHOD(Fixture, "plan: a lock between plan and commit wins; what was written is there at the next unlock") {
  make();
  const auto plan = vault.plan_add(openai_fields(), "x", "", secret("sk-12345"), 0);
  REQUIRE(shelf.write(*plan).ok());
  vault.lock();
  CHECK(vault.commit().error() == Errc::ERR_LOCKED);
  CHECK(reopened().records().size() == 1);
}

TEST_CASE_METHOD(Fixture, "write check: of two workers the second is told, reloads, and loses nothing") {
  make();
  Vault other = reopened();
  add(vault, shelf, "first", "sk-first-key");
  const auto stale = other.plan_add(openai_fields(), "second", "", secret("sk-second-key"), 0);
  REQUIRE(stale.ok());
  CHECK(shelf.write(*stale).error() == Errc::ERR_STALE);
  other.abandon();
  REQUIRE(*other.load(shelf.envelopes, shelf.ledger) == VaultState::unlocked);
  add(other, shelf, "second", "sk-second-key");
  CHECK(reopened().records().size() == 2);
}

TEST_CASE_METHOD(Fixture, "replace: the new secret is there, the place is the same, and the revision went up") {
  make();
  const std::string id = add(vault, shelf, "work", "sk-old-key");
  apply(vault, shelf, vault.plan_replace(id, "newk", secret("sk-new-key"), 5000));
  CHECK(open(id) == "sk-new-key");
  CHECK(vault.find(id)->rev == 2);
  CHECK(vault.find(id)->created_at == 1000);
  CHECK(vault.find(id)->changed_at == 5000);
  CHECK(vault.plan_replace("nobody", "", secret("sk-new-key"), 0).error() == Errc::ERR_NOT_FOUND);
}

TEST_CASE_METHOD(Fixture, "endpoint: a key is opened only for the address it is sealed to") {
  make();
  const std::string id = add(vault, shelf, "work", "sk-12345678");
  CHECK(vault.open_secret(id, "https://evil.example/v1/").error() == Errc::ERR_ENDPOINT_MISMATCH);
  CHECK(vault.open_secret(id, "https://api.openai.com/").error() == Errc::ERR_ENDPOINT_MISMATCH);
  CHECK(vault.open_secret(id, "https://api.openai.com/v1/").ok());
}

TEST_CASE_METHOD(Fixture, "default: the oldest key until another is chosen, and again when that one is deleted") {
  make();
  const std::string first = add(vault, shelf, "first", "sk-first-key", openai_fields(), 1);
  const std::string second = add(vault, shelf, "second", "sk-second-key", openai_fields(), 2);
  CHECK(vault.default_record("openai")->id == first);
  apply(vault, shelf, vault.plan_default(second, 1000));
  CHECK(reopened().default_record("openai")->id == second);
  apply(vault, shelf, vault.plan_delete(second, 1000));
  CHECK(vault.default_record("openai")->id == first);
  CHECK(reopened().settings().defaults.empty());
  CHECK(vault.default_record("anthropic") == nullptr);
}

TEST_CASE_METHOD(Fixture, "order: keys of one millisecond are in the order they were added in") {
  make();
  std::vector<std::string> added;
  for (int i = 0; i < 12; ++i) added.push_back(add(vault, shelf, "key", "sk-12345678", openai_fields(), 1000));
  const auto in_order = [](const Vault& one) {
    std::vector<std::string> ids;
    for (const Record* record : one.records()) ids.push_back(record->id);
    return ids;
  };
  CHECK(in_order(vault) == added);
  CHECK(in_order(reopened()) == added);
  CHECK(vault.default_record("openai")->id == added[0]);
}

TEST_CASE_METHOD(Fixture, "label: bounds hold exactly, control characters are refused, the secret stays") {
  make();
  const std::string id = add(vault, shelf, "work", "sk-12345678");
  apply(vault, shelf, vault.plan_label(id, std::string(kMaxLabelBytes, 'x'), 1000));
  CHECK(vault.plan_label(id, std::string(kMaxLabelBytes + 1, 'x'), 1000).error() == Errc::ERR_BAD_INPUT);
  CHECK(vault.plan_label(id, "", 1000).error() == Errc::ERR_BAD_INPUT);
  CHECK(vault.plan_label(id, "a\nb", 1000).error() == Errc::ERR_BAD_INPUT);
  CHECK(open(id) == "sk-12345678");
}

TEST_CASE_METHOD(Fixture, "ledger: use is written outside the manifest, and survives only whole") {
  make();
  const std::string id = add(vault, shelf, "work", "sk-12345678");
  const Bytes manifest = shelf.envelopes["manifest"];
  vault.note_used(id, 7000);
  vault.note_checked(id, "ERR_BAD_KEY", 6000);
  vault.note_used("nobody", 1);
  for (auto& [key, bytes] : vault.take_ledger()) shelf.ledger.insert_or_assign(key, bytes);
  CHECK(vault.take_ledger().empty());
  CHECK(shelf.envelopes["manifest"] == manifest);
  const LedgerRow row = reopened().ledger(id);
  CHECK(row.last_used_at == 7000);
  CHECK(row.last_check->code == "ERR_BAD_KEY");
  shelf.ledger.begin()->second.back() ^= 1;
  Vault other = reopened();
  CHECK_FALSE(other.ledger(id).last_used_at.has_value());
  REQUIRE(other.findings().size() == 1);
  CHECK(other.findings()[0].code == Errc::ERR_TAMPERED);
  CHECK(text_of(*other.open_secret(id, openai_fields().base)) == "sk-12345678");
  // Deleting the key takes its ledger row along.
  apply(vault, shelf, vault.plan_delete(id, 1000));
  CHECK(shelf.ledger.empty());
}

TEST_CASE_METHOD(Fixture, "ledger: a key that is used while it is being deleted leaves no row behind") {
  make();
  const std::string id = add(vault, shelf, "work", "sk-12345678");
  const std::string other = add(vault, shelf, "other", "sk-12345678");
  const auto plan = vault.plan_delete(id, 1000);
  vault.note_used(id, 7000);
  vault.note_used(other, 7000);
  CHECK(vault.take_ledger().size() == 1);
  SECTION("which goes through") {
    REQUIRE(shelf.write(*plan).ok());
    REQUIRE(vault.commit().ok());
    CHECK(vault.take_ledger().empty());
  }
  SECTION("which fails: the use is written then") {
    vault.abandon();
    CHECK(vault.take_ledger().size() == 1);
  }
}

TEST_CASE_METHOD(Fixture, "endpoints of one's own: kept sealed, removed only without keys, bounded") {
  make();
  const CustomEndpoint mine{"own-1", "Ollama", "http://localhost:11434/v1/"};
  apply(vault, shelf, vault.plan_add_endpoint(mine, 1000));
  CHECK(reopened().settings().endpoints.at(0).base == mine.base);
  const std::string id = add(vault, shelf, "local", "ollama-key", {"own-1", mine.base, "authorization", "Bearer "});
  CHECK(vault.plan_remove_endpoint("own-1", 1000).error() == Errc::ERR_WRONG_STATE);
  apply(vault, shelf, vault.plan_delete(id, 1000));
  apply(vault, shelf, vault.plan_remove_endpoint("own-1", 1000));
  CHECK(vault.plan_remove_endpoint("own-1", 1000).error() == Errc::ERR_NOT_FOUND);
  for (std::size_t i = 0; i < kMaxCustomEndpoints; ++i) {
    apply(vault, shelf, vault.plan_add_endpoint({"own-" + std::to_string(i), "x", mine.base}, 1000));
  }
  CHECK(vault.plan_add_endpoint({"own-more", "x", mine.base}, 1000).error() == Errc::ERR_TOO_MANY);
}

// Natively only: each of the 2,000 manifests is written anew, which takes minutes in WebAssembly under load.
#ifndef __EMSCRIPTEN__
TEST_CASE_METHOD(Fixture, "bounds: a vault takes its last key and refuses the next") {
  make();
  for (std::size_t i = 0; i < kMaxRecords; ++i) add(vault, shelf, "x", "sk-12345678");
  CHECK(vault.plan_add(openai_fields(), "x", "", secret("sk-12345678"), 0).error() == Errc::ERR_TOO_MANY);
  CHECK(reopened().records().size() == kMaxRecords);
}
#endif
