// The copy kept beside the vault: what it puts back, what it never does, and what it notices.
#include "vault/ways.h"

using namespace keyhold;
using namespace keyhold::test;

namespace {

struct Copied {
  TestRng rng;
  Vault vault{rng};
  Shelf shelf;
  std::string first, second;
  Rows copy;

  Copied() {
    create(vault, shelf);
    first = add(vault, shelf, "first", "sk-first-key");
    second = add(vault, shelf, "second", "sk-second-key");
    apply(vault, shelf, vault.plan_default(second, 1));
    add_recovery(vault, shelf, slot_key(), recovery_code(1));
    copy = shelf.envelopes;
  }
  Vault open(const SlotKey& key = slot_key()) {
    Vault other = loaded(rng, shelf);
    other.know_copy(copy);
    REQUIRE(other.unlock(key).ok());
    return other;
  }
  void all_is_well(const Vault& other) {
    require_whole(other, shelf);
    CHECK(secrets_of(other) == std::map<std::string, std::string>{{first, "sk-first-key"}, {second, "sk-second-key"}});
  }
};

}  // namespace

TEST_CASE_METHOD(Copied, "repair: every row that was lost or damaged is put back as it was, and the trail says so") {
  const Rows sound = shelf.envelopes;
  for (const auto& [key, bytes] : sound) {
    for (const auto* harm : {"lost", "flipped", "cut", "emptied"}) {
      CAPTURE(key, harm);
      Shelf kept_shelf = shelf;
      if (harm == std::string_view("lost")) {
        shelf.envelopes.erase(key);
      } else if (harm == std::string_view("flipped")) {
        shelf.envelopes[key].back() ^= 1;
      } else {
        shelf.envelopes[key].resize(harm == std::string_view("cut") ? bytes.size() - 256 : 0);
      }
      const bool by_code = key == "slot/" + vault.slots()[0].id;
      Vault other = open(by_code ? *vault.recovery_key(recovery_code(1)) : slot_key());
      REQUIRE_FALSE(other.findings().empty());
      apply(other, shelf, other.plan_repair(copy, 8000));
      all_is_well(other);
      const AuditEvent event = other.audit(shelf.audit)->entries.back().event;
      CHECK(event.action == AuditAction::repair);
      CHECK(event.count == (key == "manifest" ? 0 : 1));
      all_is_well(open());
      CHECK(open().default_record("openai")->id == second);
      if (key != "manifest") CHECK(shelf.envelopes[key] == bytes);
      CHECK(other.plan_repair(copy, 8000).error() == Errc::ERR_NOT_FOUND);
      shelf = kept_shelf;
    }
  }
}

TEST_CASE_METHOD(Copied, "a copy made while something is damaged loses nothing that the one before it had") {
  for (const auto& [key, bytes] : Rows(shelf.envelopes)) {
    // Nothing is changed under a damaged manifest, so no copy is made.
    if (key == "manifest" || is_page(key)) continue;
    for (const bool lost : {true, false}) {
      CAPTURE(key, lost);
      Shelf damaged = shelf;
      if (lost) {
        damaged.envelopes.erase(key);
      } else {
        damaged.envelopes[key].back() ^= 1;
      }
      Vault other = loaded(rng, damaged);
      const bool by_code = key == "slot/" + vault.slots()[0].id;
      REQUIRE(other.unlock(by_code ? *vault.recovery_key(recovery_code(1)) : slot_key()).ok());
      apply(other, damaged, other.plan_notes());
      const Rows made = other.rows_to_copy(copy);
      CHECK(made.at(key) == bytes);
      CHECK(made.at("manifest") == damaged.envelopes["manifest"]);
      // Of one that has it no better, it is not taken; nothing else is made up.
      Rows worse = copy;
      worse[key].front() ^= 1;
      CHECK(other.rows_to_copy(worse) == other.rows());
      CHECK(other.rows_to_copy({}) == other.rows());
      apply(other, damaged, other.plan_repair(made, 8000));
      require_whole(other, damaged);
      CHECK(secrets_of(other) == secrets_of(vault));
    }
  }
}

TEST_CASE_METHOD(Copied, "a copy made while something is damaged has what was changed since") {
  shelf.envelopes["record/" + first].back() ^= 1;
  Vault other = open();
  const std::string third = add(other, shelf, "third", "sk-third-key");
  apply(other, shelf, other.plan_replace(second, "", secret("sk-second-new"), 2));
  const Rows made = other.rows_to_copy(copy);
  CHECK(made.at("record/" + first) == copy["record/" + first]);
  CHECK(made.at("record/" + second) == shelf.envelopes["record/" + second]);
  CHECK(made.contains("record/" + third));
  // Deleted, it does not come back.
  apply(other, shelf, other.plan_delete(first, 3));
  CHECK(other.rows_to_copy(copy) == other.rows());
  CHECK_FALSE(other.rows_to_copy(copy).contains("record/" + first));
}

TEST_CASE_METHOD(Copied, "repair: all rows but a way in and the manifest lost at once come back") {
  std::erase_if(shelf.envelopes,
                [](const auto& row) { return row.first.starts_with("record/") || row.first == "settings"; });
  Vault other = open();
  CHECK(other.findings().size() == 3);
  apply(other, shelf, other.plan_repair(copy, 8000));
  all_is_well(other);
  CHECK(other.audit(shelf.audit)->entries.back().event.count == 3);
}

TEST_CASE_METHOD(Copied, "repair: a row of the copy that is older than the manifest, or damaged, is not put back") {
  apply(vault, shelf, vault.plan_replace(first, "", secret("sk-first-new"), 2));
  shelf.envelopes.erase("record/" + first);
  Vault other = open();
  CHECK(other.plan_repair(copy, 3).error() == Errc::ERR_NOT_FOUND);
  copy["record/" + first].back() ^= 1;
  CHECK(other.plan_repair(copy, 3).error() == Errc::ERR_NOT_FOUND);
  copy["record/" + first] = copy["record/" + second];
  CHECK(other.plan_repair(copy, 3).error() == Errc::ERR_NOT_FOUND);
  CHECK(other.plan_repair({}, 3).error() == Errc::ERR_NOT_FOUND);
  // What the copy does hold as listed is put back beside it.
  shelf.envelopes.erase("record/" + second);
  Vault another = open();
  apply(another, shelf, another.plan_repair(copy, 3));
  REQUIRE(another.findings().size() == 1);
  CHECK(another.findings()[0].key == "record/" + first);
  CHECK(text_of(*another.open_secret(second, openai_fields().base)) == "sk-second-key");
}

TEST_CASE_METHOD(Copied, "repair: a deleted key that the copy still has stays deleted") {
  apply(vault, shelf, vault.plan_delete(first, 2));
  Vault other = open();
  CHECK(other.plan_repair(copy, 3).error() == Errc::ERR_NOT_FOUND);
  CHECK(open().records().size() == 1);
}

TEST_CASE_METHOD(
    Copied,
    "repair: under the copy's older manifest what came later is reported at once, not first at the next unlock") {
  const std::string third = add(vault, shelf, "third", "sk-third-key");
  apply(vault, shelf, vault.plan_replace(second, "", secret("sk-second-new"), 2));
  shelf.envelopes["manifest"].back() ^= 1;
  Vault other = open();
  apply(other, shelf, other.plan_repair(copy, 3));
  Vault next = open();
  const auto keys = [](const Vault& of) {
    std::set<std::string> found;
    for (const Finding& finding : of.findings()) found.insert(finding.key);
    return found;
  };
  CHECK(keys(next) == std::set<std::string>{"record/" + third});
  CHECK(keys(other) == keys(next));
  CHECK(secrets_of(other) == secrets_of(next));
  // The bytes of the later key are still there for whoever wants to look.
  CHECK(shelf.envelopes.contains("record/" + third));
  require_whole_trail(next, shelf);
  apply(next, shelf, next.plan_delete(third, 4));
  require_whole(open(), shelf);
}

TEST_CASE_METHOD(Copied, "repair: the copy of another vault, or no copy, mends nothing") {
  TestRng other_rng(9);
  Vault theirs(other_rng);
  Shelf foreign;
  create(theirs, foreign);
  shelf.envelopes.erase("record/" + first);
  CHECK(open().plan_repair(foreign.envelopes, 3).error() == Errc::ERR_NOT_FOUND);
  shelf.envelopes.erase("manifest");
  CHECK(open().plan_repair(foreign.envelopes, 3).error() == Errc::ERR_SWAPPED);
  CHECK(open().plan_repair({}, 3).error() == Errc::ERR_NOT_FOUND);
  copy["manifest"].back() ^= 1;
  CHECK(open().plan_repair(copy, 3).error() == Errc::ERR_TAMPERED);
  Vault locked = loaded(rng, shelf);
  CHECK(locked.plan_repair(copy, 3).error() == Errc::ERR_LOCKED);
}

TEST_CASE_METHOD(Copied, "rollback: an older state of everything put back is noticed, and settled by the next change") {
  const Shelf older = shelf;
  add(vault, shelf, "third", "sk-third-key");
  copy = shelf.envelopes;
  shelf = older;
  Vault other = open();
  REQUIRE(other.findings().size() == 1);
  CHECK(other.findings()[0].code == Errc::ERR_ROLLED_BACK);
  CHECK(other.findings()[0].kind == Finding::Kind::rolled_back);
  CHECK(secrets_of(other).size() == 2);
  apply(other, shelf, other.plan_label(first, "seen", 5));
  copy = shelf.envelopes;
  all_is_well(other);
  all_is_well(open());
}

TEST_CASE_METHOD(Copied, "rollback: what merely happens settles nothing, and the copy is left as it is") {
  const Shelf older = shelf;
  add(vault, shelf, "third", "sk-third-key");
  copy = shelf.envelopes;
  shelf = older;
  Vault other = open();
  REQUIRE(other.is_rolled_back());
  other.note_checked(first, "ok", 5);
  CHECK(other.waiting_notes() == 0);
  CHECK(other.plan_notes()->puts.empty());
  REQUIRE(other.load(shelf.envelopes, shelf.ledger).ok());
  CHECK(other.is_rolled_back());
  CHECK(open().is_rolled_back());
}

TEST_CASE_METHOD(Copied,
                 "rollback: repair brings back all of the later state, and the trail says that it begins anew") {
  const Shelf older = shelf;
  const std::string third = add(vault, shelf, "third", "sk-third-key");
  apply(vault, shelf, vault.plan_replace(second, "", secret("sk-second-new"), 2));
  apply(vault, shelf, vault.plan_delete(first, 3));
  const auto later = secrets_of(vault);
  copy = shelf.envelopes;
  shelf = older;
  Vault other = open();
  apply(other, shelf, other.plan_repair(copy, 4));
  CHECK(secrets_of(other) == later);
  CHECK(other.findings().empty());
  Vault next = open();
  CHECK(secrets_of(next) == later);
  require_whole(next, shelf);
  require_whole_trail(next, shelf);
  CHECK(next.audit(shelf.audit)->entries.back().event.action == AuditAction::repair);
  add(next, shelf, "fourth", "sk-fourth-key");
  require_whole(open(), shelf);
}

TEST_CASE_METHOD(Copied, "rollback: the older state is kept when somebody says so, and is then the latest") {
  const Shelf older = shelf;
  add(vault, shelf, "third", "sk-third-key");
  add(vault, shelf, "fourth", "sk-fourth-key");
  CHECK(vault.plan_keep_state(4).error() == Errc::ERR_WRONG_STATE);
  copy = shelf.envelopes;
  shelf = older;
  Vault other = open();
  apply(other, shelf, other.plan_keep_state(4));
  CHECK(other.findings().empty());
  CHECK(secrets_of(other).size() == 2);
  CHECK(open().findings().empty());
  require_whole_trail(open(), shelf);
}

TEST_CASE_METHOD(Copied, "recover: the trail that went with the database begins anew, and says so") {
  shelf.envelopes = copy;
  shelf.audit.clear();
  Vault other = open();
  REQUIRE(other.audit(shelf.audit)->broken);
  apply(other, shelf, other.plan_restart_trail(4));
  require_whole_trail(other, shelf);
  CHECK(other.audit(shelf.audit)->entries.back().event.action == AuditAction::trail_restart);
  require_whole_trail(open(), shelf);
}

TEST_CASE_METHOD(Copied, "rollback: not for a copy that is as old, older, damaged, foreign or missing") {
  add(vault, shelf, "third", "sk-third-key");
  CHECK(open().findings().empty());
  copy = shelf.envelopes;
  CHECK(open().findings().empty());
  add(vault, shelf, "fourth", "sk-fourth-key");
  Rows newer = shelf.envelopes;
  shelf.envelopes = copy;
  copy = newer;
  CHECK(open().findings().size() == 1);
  copy["manifest"].back() ^= 1;
  CHECK(open().findings().empty());
  copy["manifest"] = Bytes{1, 2, 3};
  CHECK(open().findings().empty());
  copy.clear();
  CHECK(open().findings().empty());
  TestRng other_rng(9);
  Vault theirs(other_rng);
  Shelf foreign;
  create(theirs, foreign);
  for (int i = 0; i < 20; ++i) add(theirs, foreign, "x", "sk-12345678");
  copy = foreign.envelopes;
  CHECK(open().findings().empty());
}

TEST_CASE_METHOD(Copied,
                 "rollback: also to a state from before a new root key, whose manifest the old key cannot open") {
  const Shelf older = shelf;
  const NewSlot slot = new_recovery(vault);
  apply(vault, shelf, vault.plan_rotate_root(kept(slot_key()), slot, slot_key(4), shelf.audit, 1));
  copy = shelf.envelopes;
  CHECK(open().findings().empty());
  const Shelf newer = shelf;
  shelf = older;
  Vault other = open();
  REQUIRE(other.findings().size() == 1);
  CHECK(other.findings()[0].code == Errc::ERR_ROLLED_BACK);
  // The other way round, a copy from before the new root key, is none.
  shelf = newer;
  copy = older.envelopes;
  CHECK(open().findings().empty());
}

TEST_CASE_METHOD(Copied, "recover: when no row is left the copy becomes the vault, locked, with all its ways in") {
  shelf.envelopes.clear();
  Vault other = loaded(rng, shelf);
  const auto plan = other.plan_recover(copy);
  REQUIRE(plan.ok());
  REQUIRE(shelf.write(*plan).ok());
  CHECK(shelf.envelopes == copy);
  REQUIRE(*other.load(shelf.envelopes, shelf.ledger) == VaultState::locked);
  REQUIRE(other.unlock(slot_key()).ok());
  all_is_well(other);
  all_is_well(open(*vault.recovery_key(recovery_code(1))));
}

TEST_CASE_METHOD(Copied, "recover: when nothing can open what is left, and what does not belong goes") {
  const auto harm = GENERATE(0, 1, 2, 3);
  if (harm == 0) std::erase_if(shelf.envelopes, [](const auto& row) { return row.first.starts_with("slot/"); });
  if (harm == 1) {
    shelf.envelopes.erase("manifest");
    std::erase_if(shelf.envelopes, [](const auto& row) { return row.first.starts_with("slot/"); });
  }
  if (harm == 2) shelf.envelopes["manifest"].resize(10);
  if (harm == 3) {
    for (auto& [key, bytes] : shelf.envelopes) {
      if (key.starts_with("slot/")) bytes.back() ^= 1;
    }
  }
  CAPTURE(harm);
  shelf.envelopes["rubbish"] = Bytes{1, 2, 3};
  Vault other = loaded(rng, shelf);
  const auto plan = other.plan_recover(copy);
  REQUIRE(plan.ok());
  REQUIRE(shelf.write(*plan).ok());
  CHECK(shelf.envelopes == copy);
  all_is_well(open());
}

TEST_CASE_METHOD(Copied, "recover: not while a way in is whole, nor while unlocked or with a plan open") {
  Vault other = loaded(rng, shelf);
  CHECK(other.plan_recover(copy).error() == Errc::ERR_WRONG_STATE);
  std::next(shelf.envelopes.lower_bound("slot/"))->second.back() ^= 1;
  CHECK(loaded(rng, shelf).plan_recover(copy).error() == Errc::ERR_WRONG_STATE);
  shelf.envelopes.erase("record/" + first);
  CHECK(loaded(rng, shelf).plan_recover(copy).error() == Errc::ERR_WRONG_STATE);
  CHECK(vault.plan_recover(copy).error() == Errc::ERR_WRONG_STATE);
  Vault absent(rng);
  REQUIRE(absent.plan_create(slot_fields(), slot_key(), 1).ok());
  CHECK(absent.plan_recover(copy).error() == Errc::ERR_WRONG_STATE);
}

TEST_CASE_METHOD(Copied, "recover: a copy without a manifest or a way in is no vault") {
  Vault absent(rng);
  CHECK(absent.plan_recover({}).error() == Errc::ERR_BAD_FORMAT);
  Rows part = copy;
  part.erase("manifest");
  CHECK(absent.plan_recover(part).error() == Errc::ERR_BAD_FORMAT);
  part = copy;
  std::erase_if(part, [](const auto& row) { return row.first.starts_with("slot/"); });
  CHECK(absent.plan_recover(part).error() == Errc::ERR_BAD_FORMAT);
  // One of another vault is no way in either.
  TestRng other_rng(9);
  Vault theirs(other_rng);
  Shelf foreign;
  create(theirs, foreign);
  part.insert(*foreign.envelopes.lower_bound("slot/"));
  CHECK(absent.plan_recover(part).error() == Errc::ERR_BAD_FORMAT);
  part = copy;
  part["manifest"].resize(20);
  CHECK(absent.plan_recover(part).error() == Errc::ERR_BAD_FORMAT);
}

TEST_CASE_METHOD(Copied, "recover: a copy that was changed says so at the next unlock") {
  copy["record/" + first].back() ^= 1;
  shelf.envelopes.clear();
  Vault absent(rng);
  REQUIRE(shelf.write(*absent.plan_recover(copy)).ok());
  Vault other = open();
  REQUIRE(other.findings().size() == 1);
  CHECK(other.findings()[0].key == "record/" + first);
}
