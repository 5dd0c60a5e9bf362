// The manifest's pages: what a change writes of them, and what comes of one that is not as the head lists it.
#include "session/session.h"
#include "vault/archive.h"
#include "vault/ways.h"

using namespace keyhold;
using namespace keyhold::test;

namespace {

/// A vault with two keys on one page and a third on another.
struct Paged {
  TestRng rng;
  Vault vault{rng};
  Shelf shelf;
  std::string first, neighbour, other;  // ids; the first two begin with the same character
  Rows copy;

  Paged() {
    create(vault, shelf);
    std::map<char, std::string> seen;
    while (neighbour.empty()) {
      const std::string id = add(vault, shelf, "x", "sk-12345678");
      const auto [known, fresh] = seen.emplace(id[0], id);
      if (!fresh) {
        first = known->second;
        neighbour = id;
      }
    }
    for (const auto& [page, id] : seen) {
      if (page == first[0]) continue;
      if (other.empty()) {
        other = id;
      } else {
        apply(vault, shelf, vault.plan_delete(id, 1000));
      }
    }
    REQUIRE_FALSE(other.empty());
    REQUIRE(secrets_of(vault).size() == 3);
    copy = shelf.envelopes;
  }
  std::string page() const { return page_row_key(first[0]); }
  std::string other_page() const { return page_row_key(other[0]); }
  Vault open() {
    Vault again = loaded(rng, shelf);
    again.know_copy(copy);
    REQUIRE(again.unlock(slot_key()).ok());
    return again;
  }
  /// Of another vault, with the same ids' first character.
  Bytes foreign_page() {
    TestRng theirs_rng(77);
    Vault theirs(theirs_rng);
    Shelf foreign;
    create(theirs, foreign);
    while (!foreign.envelopes.contains(page())) add(theirs, foreign, "x", "sk-12345678");
    return foreign.envelopes[page()];
  }
  std::string replace(Vault& of, const std::string& id, std::string_view key) {
    return apply(of, shelf, of.plan_replace(id, "", secret(key), 2000));
  }
};

std::set<std::string> keys_of(const Rows& rows) {
  std::set<std::string> keys;
  for (const auto& [key, bytes] : rows) keys.insert(key);
  return keys;
}

std::set<std::string> found(const Vault& vault) {
  std::set<std::string> keys;
  for (const Finding& finding : vault.findings()) keys.insert(finding.key);
  return keys;
}

}  // namespace

TEST_CASE_METHOD(Paged, "pages: a change writes the head and the pages of its records, no others") {
  const auto plan = vault.plan_replace(first, "", secret("sk-another"), 2000);
  const std::string entry = audit_row_key(vault.audit(shelf.audit)->entries.back().seq + 1);
  CHECK(keys_of(plan->puts) == std::set<std::string>{"record/" + first, page(), "manifest", entry});
  vault.abandon();
  CHECK(keys_of(vault.plan_default(first, 2000)->puts) == std::set<std::string>{"settings", "manifest", entry});
  vault.abandon();
  std::vector<OpenedRecord> both;
  for (const std::string& id : {first, other}) both.push_back({*vault.find(id), secret("sk-imported")});
  CHECK(keys_of(vault.plan_import(std::move(both), {}, 2000)->puts) ==
        std::set<std::string>{"record/" + first, page(), "record/" + other, other_page(), "manifest", entry});
}

TEST_CASE_METHOD(Paged, "pages: one goes with its last record, and comes with its first") {
  apply(vault, shelf, vault.plan_delete(first, 2000));
  CHECK(shelf.envelopes.contains(page()));
  const auto plan = vault.plan_delete(neighbour, 2000);
  CHECK(std::count(plan->deletes.begin(), plan->deletes.end(), page()) == 1);
  CHECK_FALSE(plan->puts.contains(page()));
  REQUIRE(shelf.write(*plan).ok());
  REQUIRE(vault.commit().ok());
  CHECK_FALSE(shelf.envelopes.contains(page()));
  require_whole(open(), shelf);
  while (!shelf.envelopes.contains(page())) add(vault, shelf, "x", "sk-12345678");
  require_whole(open(), shelf);
}

TEST_CASE_METHOD(Paged, "pages: what a change writes does not grow with the number of keys") {
  const auto bytes_of = [](const Plan& plan) {
    std::size_t sum = 0;
    for (const auto& [key, bytes] : plan.puts) sum += bytes.size();
    return sum;
  };
  for (int i = 0; i < 250; ++i) add(vault, shelf, "x", "sk-12345678");
  const std::size_t some = bytes_of(*vault.plan_replace(first, "", secret("sk-another"), 2000));
  vault.abandon();
  for (int i = 0; i < 500; ++i) add(vault, shelf, "x", "sk-12345678");
  const std::size_t many = bytes_of(*vault.plan_replace(first, "", secret("sk-another"), 2000));
  // Eight entries more of some 140 bytes each on the one page, where 500 were in one list.
  CHECK(many < some + 4096);
}

TEST_CASE_METHOD(Paged, "pages: one that is not as listed is named, keys stay usable, and nothing is changed") {
  const Bytes before = shelf.envelopes[page()];
  replace(vault, first, "sk-later");
  copy = shelf.envelopes;
  const auto secrets = secrets_of(vault);
  struct Harm {
    std::string_view what;
    Errc code;
    Finding::Kind kind;
  };
  const Harm kHarms[] = {
      {"lost", Errc::ERR_NOT_FOUND, Finding::Kind::missing},
      {"flipped", Errc::ERR_TAMPERED, Finding::Kind::altered},
      {"cut", Errc::ERR_BAD_FORMAT, Finding::Kind::altered},
      {"longer by a block", Errc::ERR_TAMPERED, Finding::Kind::altered},
      {"emptied", Errc::ERR_BAD_FORMAT, Finding::Kind::altered},
      {"older", Errc::ERR_STALE_RECORD, Finding::Kind::stale},
      {"another page", Errc::ERR_SWAPPED, Finding::Kind::swapped},
      {"a record", Errc::ERR_SWAPPED, Finding::Kind::swapped},
      {"of another vault", Errc::ERR_SWAPPED, Finding::Kind::swapped},
  };
  const Shelf sound = shelf;
  for (const Harm& harm : kHarms) {
    CAPTURE(harm.what);
    shelf = sound;
    Bytes& bytes = shelf.envelopes[page()];
    if (harm.what == "flipped") bytes.back() ^= 1;
    if (harm.what == "cut") bytes.pop_back();
    if (harm.what == "longer by a block") bytes.resize(bytes.size() + 256);
    if (harm.what == "emptied") bytes.clear();
    if (harm.what == "older") bytes = before;
    if (harm.what == "another page") bytes = shelf.envelopes[other_page()];
    if (harm.what == "a record") bytes = shelf.envelopes["record/" + first];
    if (harm.what == "of another vault") bytes = foreign_page();
    if (harm.what == "lost") shelf.envelopes.erase(page());
    Vault again = open();
    REQUIRE(again.findings().size() == 1);
    CHECK(again.findings()[0].key == page());
    CHECK(again.findings()[0].code == harm.code);
    CHECK(again.findings()[0].kind == harm.kind);
    CHECK(secrets_of(again) == secrets);
    require_whole_trail(again, shelf);
    CHECK(again.plan_label(other, "x", 3000).error() == Errc::ERR_TAMPERED);
    CHECK(again.plan_delete(first, 3000).error() == Errc::ERR_TAMPERED);
    CHECK(again.plan_rotate_root(kept(slot_key()), new_recovery(again), slot_key(9), shelf.audit, 1).error() ==
          Errc::ERR_TAMPERED);
    apply(again, shelf, again.plan_repair(copy, 3000));
    CHECK(shelf.envelopes[page()] == copy[page()]);
    CHECK(again.audit(shelf.audit)->entries.back().event.count == 1);
    require_whole(again, shelf);
    require_whole(open(), shelf);
    CHECK(secrets_of(open()) == secrets);
    replace(again, first, "sk-after-the-repair");
    require_whole(open(), shelf);
  }
}

TEST_CASE_METHOD(Paged, "pages: with one lost, the head and the others still vouch for what they list") {
  const Bytes old_record = shelf.envelopes["record/" + other];
  const Bytes old_settings = shelf.envelopes["settings"];
  const Bytes old_slot = shelf.envelopes.lower_bound("slot/")->second;
  const std::string old_slot_row = shelf.envelopes.lower_bound("slot/")->first;
  replace(vault, other, "sk-later");
  apply(vault, shelf, vault.plan_default(other, 3000));
  change_passphrase(vault, shelf, slot_key(), 9);
  shelf.envelopes.erase(page());
  shelf.envelopes["record/" + other] = old_record;
  shelf.envelopes["settings"] = old_settings;
  shelf.envelopes[old_slot_row] = old_slot;
  Vault again = opened(rng, shelf, slot_key());
  CHECK(found(again) == std::set<std::string>{page(), "record/" + other, "settings", old_slot_row});
  CHECK(secrets_of(again).size() == 2);
  // A way in that was removed is no proof.
  CHECK(again.prove(slot_key()).error() == Errc::ERR_CANNOT_UNLOCK);
  CHECK(again.prove(slot_key(9)).ok());
}

TEST_CASE_METHOD(Paged, "pages: an older one put back together with its records is noticed") {
  const Rows before = shelf.envelopes;
  replace(vault, first, "sk-later");
  for (const std::string& row : {page(), "record/" + first, "record/" + neighbour}) {
    shelf.envelopes[row] = before.find(row)->second;
  }
  Vault again = open();
  REQUIRE(found(again) == std::set<std::string>{page()});
  CHECK(again.findings()[0].code == Errc::ERR_STALE_RECORD);
}

TEST_CASE_METHOD(Paged, "pages: one that the head does not list is reported, and goes with the next repair") {
  const Rows before = shelf.envelopes;
  apply(vault, shelf, vault.plan_delete(first, 2000));
  apply(vault, shelf, vault.plan_delete(neighbour, 2000));
  copy = shelf.envelopes;
  shelf.envelopes[page()] = before.find(page())->second;
  Vault again = open();
  REQUIRE(found(again) == std::set<std::string>{page()});
  CHECK(again.findings()[0].kind == Finding::Kind::unexpected);
  CHECK(again.findings()[0].code == Errc::ERR_STALE_RECORD);
  SECTION("a repair takes it away") {
    apply(again, shelf, again.plan_repair(copy, 3000));
    CHECK_FALSE(shelf.envelopes.contains(page()));
    CHECK(again.audit(shelf.audit)->entries.back().event.count == 0);
  }
  SECTION("a key that belongs there takes its place") {
    while (again.find(first) == nullptr && found(again).contains(page())) add(again, shelf, "x", "sk-12345678");
  }
  require_whole(again, shelf);
  require_whole(open(), shelf);
}

TEST_CASE_METHOD(Paged, "pages: of a copy that is behind, only what its older page lists is put back") {
  const auto secrets = secrets_of(vault);
  replace(vault, other, "sk-other-later");
  replace(vault, first, "sk-first-later");
  shelf.envelopes[page()].back() ^= 1;
  Vault again = open();
  CHECK(secrets_of(again).at(first) == "sk-first-later");
  apply(again, shelf, again.plan_repair(copy, 3000));
  // As with a manifest that is taken from the copy: it lists an older revision, which the copy has.
  CHECK(shelf.envelopes[page()] == copy[page()]);
  CHECK(secrets_of(again).at(first) == secrets.at(first));
  CHECK(secrets_of(again).at(neighbour) == secrets.at(neighbour));
  CHECK(secrets_of(again).at(other) == "sk-other-later");
  require_whole(again, shelf);
  require_whole(open(), shelf);
  CHECK(secrets_of(open()) == secrets_of(again));
}

TEST_CASE_METHOD(Paged, "pages: a key that the copy's older page does not list is a finding after the repair") {
  std::string late;
  while (late.empty() || late[0] != first[0]) {
    if (!late.empty()) apply(vault, shelf, vault.plan_delete(late, 2000));
    late = add(vault, shelf, "late", "sk-late-key");
  }
  shelf.envelopes.erase(page());
  Vault again = open();
  CHECK(secrets_of(again).contains(late));
  apply(again, shelf, again.plan_repair(copy, 3000));
  CHECK(found(again) == std::set<std::string>{"record/" + late});
  CHECK(found(open()) == found(again));
  // Its bytes are still there.
  CHECK(shelf.envelopes.contains("record/" + late));
}

TEST_CASE_METHOD(Paged, "pages: without one in the copy nothing is mended, and what else helps is taken") {
  copy.erase(page());
  shelf.envelopes.erase(page());
  Vault again = open();
  CHECK(again.plan_repair(copy, 3000).error() == Errc::ERR_NOT_FOUND);
  copy[page()] = foreign_page();
  CHECK(again.plan_repair(copy, 3000).error() == Errc::ERR_NOT_FOUND);
  shelf.envelopes.erase("record/" + other);
  Vault half = open();
  apply(half, shelf, half.plan_repair(copy, 3000));
  CHECK(found(half) == std::set<std::string>{page()});
  CHECK(secrets_of(open()).size() == 3);
  CHECK(found(open()) == std::set<std::string>{page()});
}

TEST_CASE_METHOD(Paged, "pages: while one is lost the copy stays as it is: what that lists, nobody can miss") {
  const Rows whole = copy;
  Shelf damaged = shelf;
  damaged.envelopes.erase(page());
  damaged.envelopes.erase("record/" + first);
  damaged.envelopes.erase("record/" + other);
  copy[page()].back() ^= 1;
  const Bytes before = encode_archive(copy);
  Session session(rng, Catalogue::builtin().value());
  REQUIRE(session.load(damaged.envelopes, damaged.ledger).ok());
  REQUIRE(session.unlock(slot_key()).ok());
  CHECK(session.copy(before).empty());
  // A repair of what can be repaired is a change, after which a copy would be made.
  REQUIRE(damaged.write(*session.plan_repair(before, 3000)).ok());
  REQUIRE(session.commit().ok());
  CHECK(damaged.envelopes.contains("record/" + other));
  CHECK(session.copy(before).empty());
  // Control: with the page back, the key that nobody missed comes back, and a copy is made again.
  REQUIRE(damaged.write(*session.plan_repair(encode_archive(whole), 4000)).ok());
  REQUIRE(session.commit().ok());
  CHECK(session.findings().empty());
  CHECK(*parse_archive(session.copy(before)) == damaged.envelopes);
  CHECK(damaged.envelopes.contains("record/" + first));
}

TEST_CASE_METHOD(Paged, "pages: a lost head takes its pages along from the copy, and those that are the same stay") {
  SECTION("all as listed") { shelf.envelopes.erase("manifest"); }
  SECTION("one of them lost, too") {
    shelf.envelopes.erase("manifest");
    shelf.envelopes.erase(page());
  }
  SECTION("one of them written later than the copy") {
    replace(vault, first, "sk-later");
    shelf.envelopes["manifest"].back() ^= 1;
  }
  Vault again = open();
  CHECK(found(again) == std::set<std::string>{"manifest"});
  apply(again, shelf, again.plan_repair(copy, 3000));
  require_whole(again, shelf);
  require_whole(open(), shelf);
  CHECK(shelf.envelopes[page()] == copy[page()]);
  CHECK(secrets_of(open()).at(first) == "sk-12345678");
}

TEST_CASE_METHOD(Paged, "pages: an older state with a page lost is still known for an older state") {
  const Shelf older = shelf;
  replace(vault, first, "sk-later");
  const std::string late = add(vault, shelf, "late", "sk-late-key");
  const auto later = secrets_of(vault);
  copy = shelf.envelopes;
  shelf = older;
  shelf.envelopes.erase(page());
  Vault again = open();
  REQUIRE(again.is_rolled_back());
  CHECK(found(again) == std::set<std::string>{page(), "manifest"});
  SECTION("repair brings back the later state, whole") {
    apply(again, shelf, again.plan_repair(copy, 3000));
    CHECK(secrets_of(again) == later);
    require_whole(open(), shelf);
  }
  SECTION("but not from a copy that lacks a page of it: what that lists would be dropped") {
    copy.erase(page_row_key(late[0]));
    CHECK(again.plan_repair(copy, 3000).error() == Errc::ERR_NOT_FOUND);
    copy[page_row_key(late[0])] = older.envelopes.find(other_page())->second;
    CHECK(again.plan_repair(copy, 3000).error() == Errc::ERR_NOT_FOUND);
  }
}

TEST_CASE_METHOD(Paged, "pages: under a new root key each is sealed anew, and an old one does not pass for it") {
  const Rows before = shelf.envelopes;
  apply(vault, shelf, vault.plan_rotate_root(kept(slot_key()), new_recovery(vault), slot_key(9), shelf.audit, 1));
  for (const std::string& row : {page(), other_page()}) {
    CHECK(shelf.envelopes[row] != before.find(row)->second);
    const Header header = parse_envelope(shelf.envelopes[row])->header;
    CHECK(header.rev == manifest_of(shelf).generation);
  }
  require_whole(open(), shelf);
  shelf.envelopes[page()] = before.find(page())->second;
  CHECK(found(open()) == std::set<std::string>{page()});
}

TEST_CASE_METHOD(Paged, "pages: a page's content is what it may list, each entry once, and is written as it was read") {
  const SubKey key = derive_subkey(RootKey::make(rng), SubKeyId::manifest);
  const Header header{.purpose = Purpose::page, .vault = vault_id(shelf), .id = "r"};
  ManifestEntries listed;
  const auto opened_as = [&](std::string_view info) {
    const Bytes bytes = seal_envelope(header, Body{std::string(info), {}}, key.reveal(), rng);
    listed.clear();
    const auto outcome = open_page(*parse_envelope(bytes), key, listed);
    CHECK(outcome.ok() != listed.empty());
    return outcome;
  };
  const std::string digest(43, 'A');
  const auto entry = [&](std::string_view row) {
    return std::string("\"").append(row).append("\":[1,\"").append(digest).append("\",\"https://x.example/\"]");
  };
  REQUIRE(opened_as("{\"entries\":{" + entry("record/r1") + "," + entry("record/r2") + "}}").ok());
  REQUIRE(listed.size() == 2);
  const Bytes again = seal_page('r', {.vault = header.vault, .audit = {}}, listed, {}, key, rng);
  CHECK(seal_page('q', {.vault = header.vault, .audit = {}}, listed, {}, key, rng).empty());
  ManifestEntries read;
  REQUIRE(open_page(*parse_envelope(again), key, read).ok());
  CHECK(read.size() == 2);
  for (const std::string_view row :
       {"record/x1", "record/", "record", "slot/r1", "settings", "page/r", "manifest", "r"}) {
    CAPTURE(row);
    CHECK(opened_as("{\"entries\":{" + entry(row) + "}}").error() == Errc::ERR_BAD_FORMAT);
    CHECK(opened_as("{\"entries\":{" + entry("record/r1") + "," + entry(row) + "}}").error() == Errc::ERR_BAD_FORMAT);
  }
  CHECK(opened_as("{\"entries\":{}}").error() == Errc::ERR_BAD_FORMAT);
  CHECK(opened_as("{}").error() == Errc::ERR_BAD_JSON);
  CHECK(opened_as("{\"entries\":{" + entry("record/r1") + "},\"more\":1}").error() == Errc::ERR_BAD_JSON);
  CHECK(opened_as("{\"entries\":{" + entry("record/r1") + "," + entry("record/r1") + "}}").error() ==
        Errc::ERR_BAD_JSON);
}
