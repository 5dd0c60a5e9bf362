// What an attacker who can write the browser's profile may try, and the code each gets.
#include "support.h"
#include "vault/vault.h"

using namespace keyhold;
using namespace keyhold::test;

namespace {

struct Stored {
  TestRng rng;
  Shelf shelf;
  std::string first, second;
  Bytes first_before;  // an older revision of the first record

  Stored() {
    Vault vault(rng);
    create(vault, shelf);
    first = add(vault, shelf, "first", "sk-first-key", openai_fields(), 1);
    second = add(vault, shelf, "second", "sk-second-key", openai_fields(), 2);
    first_before = shelf.envelopes["record/" + first];
    apply(vault, shelf, vault.plan_replace(first, "", secret("sk-first-new"), 3));
    apply(vault, shelf, vault.plan_default(second, 1000));
  }
  Vault open() {
    Vault vault(rng);
    REQUIRE(vault.load(shelf.envelopes, shelf.ledger).ok());
    REQUIRE(vault.unlock(slot_key()).ok());
    return vault;
  }
  Bytes& row(const std::string& id) { return shelf.envelopes["record/" + id]; }
  Finding only_finding(const Vault& vault) {
    REQUIRE(vault.findings().size() == 1);
    return vault.findings()[0];
  }
  void second_still_works(Vault& vault) {
    CHECK(text_of(*vault.open_secret(second, openai_fields().base)) == "sk-second-key");
    const std::string added = add(vault, shelf, "third", "sk-third-key");
    CHECK(text_of(*vault.open_secret(added, openai_fields().base)) == "sk-third-key");
  }
};

/// Replaces text in the header, keeping its length.
void edit(Bytes& bytes, std::string_view from, std::string_view to) {
  REQUIRE(from.size() == to.size());
  const auto at = as_text(bytes).find(from);
  REQUIRE(at != std::string_view::npos);
  std::copy(to.begin(), to.end(), bytes.begin() + static_cast<long>(at));
}

Bytes slot_of(Shelf& shelf) { return shelf.envelopes.lower_bound("slot/")->second; }

}  // namespace

TEST_CASE_METHOD(Stored, "tampering: two records swapped") {
  std::swap(row(first), row(second));
  Vault vault = open();
  REQUIRE(vault.findings().size() == 2);
  CHECK(vault.findings()[0].code == Errc::ERR_SWAPPED);
  CHECK(vault.findings()[0].kind == Finding::Kind::swapped);
  CHECK(vault.open_secret(first, openai_fields().base).error() == Errc::ERR_NOT_FOUND);
}

TEST_CASE_METHOD(Stored, "tampering: a record dropped") {
  shelf.envelopes.erase("record/" + first);
  Vault vault = open();
  CHECK(only_finding(vault).code == Errc::ERR_NOT_FOUND);
  CHECK(only_finding(vault).kind == Finding::Kind::missing);
  CHECK(only_finding(vault).key == "record/" + first);
  second_still_works(vault);
  // The person lets it go: the finding is settled.
  apply(vault, shelf, vault.plan_delete(first, 1000));
  CHECK(open().findings().empty());
}

TEST_CASE_METHOD(Stored, "tampering: an older revision put back") {
  row(first) = first_before;
  Vault vault = open();
  CHECK(only_finding(vault).code == Errc::ERR_STALE_RECORD);
  CHECK(only_finding(vault).kind == Finding::Kind::stale);
  CHECK(vault.open_secret(first, openai_fields().base).error() == Errc::ERR_NOT_FOUND);
  second_still_works(vault);
}

TEST_CASE_METHOD(Stored, "tampering: a deleted record put back") {
  const Bytes kept = row(first);
  Vault before = open();
  apply(before, shelf, before.plan_delete(first, 1000));
  row(first) = kept;
  Vault vault = open();
  CHECK(only_finding(vault).kind == Finding::Kind::unexpected);
  CHECK(vault.open_secret(first, openai_fields().base).error() == Errc::ERR_NOT_FOUND);
  second_still_works(vault);
}

TEST_CASE_METHOD(Stored, "tampering: a record of another vault") {
  Stored other;
  other.rng = TestRng(99);
  Shelf foreign;
  Vault theirs(other.rng);
  create(theirs, foreign);
  const std::string id = add(theirs, foreign, "theirs", "sk-their-key");
  row(id) = foreign.envelopes["record/" + id];
  Vault vault = open();
  CHECK(only_finding(vault).code == Errc::ERR_SWAPPED);
  CHECK(only_finding(vault).kind == Finding::Kind::unexpected);
  second_still_works(vault);
}

TEST_CASE_METHOD(Stored, "tampering: the endpoint flipped") {
  edit(row(first), "https://api.openai.com", "https://api.openai.con");
  Vault vault = open();
  CHECK(only_finding(vault).code == Errc::ERR_ENDPOINT_MISMATCH);
  CHECK(vault.open_secret(first, "https://api.openai.con/v1/").error() == Errc::ERR_NOT_FOUND);
  second_still_works(vault);
}

TEST_CASE_METHOD(Stored, "tampering: every header field of a record, and its nonce, ciphertext and tag") {
  struct Mutation {
    std::string_view from, to;
    Errc code;
  };
  const std::string changed_id = std::string(first).replace(0, 1, first[0] == 'A' ? "B" : "A");
  const Mutation kMutations[] = {
      {"KH1", "KH2", Errc::ERR_BAD_FORMAT},
      {"\"purpose\":\"record\"", "\"purpose\":\"ledger\"", Errc::ERR_BAD_FORMAT},
      {"\"rev\":2", "\"rev\":1", Errc::ERR_STALE_RECORD},
      {"\"rev\":2", "\"rev\":9", Errc::ERR_TAMPERED},
      {"\"provider\":\"openai\"", "\"provider\":\"openbi\"", Errc::ERR_TAMPERED},
      {"Bearer ", "Bearex ", Errc::ERR_TAMPERED},
      {"authorization", "buthorization", Errc::ERR_TAMPERED},
      {first, changed_id, Errc::ERR_SWAPPED},
  };
  const Shelf sound_shelf = shelf;
  for (const Mutation& mutation : kMutations) {
    CAPTURE(mutation.to);
    shelf = sound_shelf;
    edit(row(first), mutation.from, mutation.to);
    Vault vault = open();
    CHECK(only_finding(vault).code == mutation.code);
    second_still_works(vault);
  }
  shelf = sound_shelf;
  const Bytes sound = row(first);
  const std::size_t kAt[] = {sound.size() - 256 - 16 - 24, sound.size() - 100, sound.size() - 1};
  for (const std::size_t at : kAt) {
    row(first) = sound;
    row(first)[at] ^= 0x10;
    CHECK(only_finding(open()).code == Errc::ERR_TAMPERED);
  }
}

TEST_CASE_METHOD(Stored, "tampering: the slot's strength lowered, raised to 4 GiB, or its salt changed") {
  const std::string key = shelf.envelopes.lower_bound("slot/")->first;
  const Bytes sound = slot_of(shelf);
  const auto try_slot = [&](std::string_view from, std::string_view to) {
    shelf.envelopes[key] = sound;
    edit(shelf.envelopes[key], from, to);
    Vault vault(rng);
    REQUIRE(*vault.load(shelf.envelopes, shelf.ledger) == VaultState::locked);
    const auto unlocked = vault.unlock(slot_key());
    CHECK(vault.state() == VaultState::locked);
    return unlocked.error();
  };
  CHECK(try_slot("\"t\":3", "\"t\":1") == Errc::ERR_KDF_BOUNDS);
  CHECK(try_slot("\"m\":65536", "\"m\":10000") == Errc::ERR_KDF_BOUNDS);
  CHECK(try_slot("\"m\":65536", "\"m\":99999") == Errc::ERR_SLOT_DAMAGED);
  CHECK(try_slot("\"salt\":\"AQID", "\"salt\":\"AQIE") == Errc::ERR_SLOT_DAMAGED);
  CHECK(try_slot("\"kind\":\"passphrase\"", "\"kind\":\"pbssphrase\"") == Errc::ERR_BAD_FORMAT);
  CHECK(try_slot(key.substr(5, 4), "zzzz") == Errc::ERR_SWAPPED);
}

TEST_CASE_METHOD(Stored, "tampering: without a sound manifest keys are usable, reported, and nothing is written") {
  const bool missing = GENERATE(true, false);
  if (missing) {
    shelf.envelopes.erase("manifest");
  } else {
    shelf.envelopes["manifest"].back() ^= 1;
  }
  Vault vault = open();
  CHECK(only_finding(vault).key == "manifest");
  CHECK(only_finding(vault).code == (missing ? Errc::ERR_NOT_FOUND : Errc::ERR_TAMPERED));
  CHECK(text_of(*vault.open_secret(second, openai_fields().base)) == "sk-second-key");
  CHECK(vault.plan_delete(second, 1000).error() == Errc::ERR_TAMPERED);
}

TEST_CASE_METHOD(Stored, "tampering: a vault with any row left is never taken for an absent one") {
  for (const auto& [key, bytes] : shelf.envelopes) {
    Vault vault(rng);
    CHECK(*vault.load({{key, bytes}}, {}) == VaultState::locked);
    CHECK(vault.plan_create(slot_fields(), slot_key(), 1000).error() == Errc::ERR_WRONG_STATE);
  }
  Vault vault(rng);
  CHECK(*vault.load({{"rubbish", Bytes{1, 2, 3}}}, {}) == VaultState::locked);
  CHECK(vault.passphrase_slot().error() == Errc::ERR_BAD_FORMAT);
}

TEST_CASE_METHOD(Stored, "tampering: another vault put in its place while unlocked locks") {
  Vault vault = open();
  TestRng other_rng(5);
  Vault other(other_rng);
  Shelf foreign;
  create(other, foreign);
  CHECK(vault.load(foreign.envelopes, {}).error() == Errc::ERR_LOCKED);
  CHECK(vault.state() == VaultState::locked);
}

TEST_CASE_METHOD(Stored, "tampering: a bit flipped in every byte of every row spoils that row only") {
  const Rows sound = shelf.envelopes;
  for (const auto& [key, bytes] : sound) {
    if (!key.starts_with("record/")) continue;
    for (std::size_t at = 0; at < bytes.size(); at += 7) {
      shelf.envelopes = sound;
      shelf.envelopes[key][at] ^= 1;
      Vault vault = open();
      CHECK(only_finding(vault).key == key);
      const std::string& other = key == "record/" + first ? second : first;
      CHECK(vault.open_secret(other, openai_fields().base).ok());
    }
  }
}
