// The trail of what was done: each plan's entry, and every way to cut, swap or forge one.
#include "vault/audit.h"

#include "crypto/subkeys.h"
#include "vault/ways.h"

using namespace keyhold;
using namespace keyhold::test;

namespace {

constexpr UnixMs kDay = 24 * 60 * kMinuteMs;
constexpr std::string_view kVaultId = "VVVVVVVVVVVVVVVVVVVVVQ";

using Entries = std::vector<AuditTrail::Entry>;

struct Trail {
  TestRng rng;
  Vault vault{rng};
  Shelf shelf;

  Trail() { create(vault, shelf); }
  AuditTrail read() { return *vault.audit(shelf.audit); }
  AuditEvent last() {
    require_whole(vault, shelf);
    return read().entries.back().event;
  }
  std::int64_t count(AuditAction action) {
    const Entries entries = read().entries;
    return std::count_if(entries.begin(), entries.end(),
                         [&](const auto& entry) { return entry.event.action == action; });
  }
  std::int64_t read_last() { return static_cast<std::int64_t>(shelf.audit.size()); }
  void write_ledger() {
    for (auto& [key, bytes] : vault.take_ledger()) shelf.ledger.insert_or_assign(key, bytes);
  }
};

/// A chain without a vault.
struct Chain {
  TestRng rng;
  RootKey root = RootKey::make(rng);
  SubKey key = derive_subkey(root, SubKeyId::audit);
  AuditHead head;
  Rows rows;

  void append(std::int64_t count = 1) {
    for (std::int64_t i = 0; i < count; ++i) {
      AuditEvent event(AuditAction::key_label, head.last);
      event.label = std::to_string(head.last + 1);
      Bytes bytes = seal_audit_entry(event, head, kVaultId, key, rng);
      rows.insert_or_assign(audit_row_key(head.last), std::move(bytes));
    }
  }
  AuditTrail read(const Rows& from) const { return read_audit(head, from, kVaultId, key); }
  AuditTrail read() const { return read(rows); }
  void trim(std::int64_t max) {
    for (const std::string& row : trim_audit(head, max)) REQUIRE(rows.erase(row) == 1);
  }
};

}  // namespace

TEST_CASE_METHOD(Trail, "audit: every change writes one entry that says what was done, to what, and when") {
  CHECK(last().action == AuditAction::create);
  const auto expect = [&](AuditAction action, std::string_view subject, std::string_view label,
                          std::string_view provider = "") {
    const AuditEvent event = last();
    CAPTURE(name(event.action), name(action));
    CHECK(event.action == action);
    CHECK(event.subject == subject);
    CHECK(event.label == label);
    CHECK(event.provider == provider);
    CHECK(event.code == "ok");
    const auto seq = read().entries.back().seq;
    CHECK(seq == static_cast<std::int64_t>(shelf.audit.size()));
  };
  const std::string id = add(vault, shelf, "work", "sk-secret-one", openai_fields(), 77);
  expect(AuditAction::key_add, id, "work", "openai");
  CHECK(last().at == 77);
  apply(vault, shelf, vault.plan_replace(id, "", secret("sk-secret-two"), 1));
  expect(AuditAction::key_replace, id, "work", "openai");
  apply(vault, shelf, vault.plan_label(id, "home", 1));
  expect(AuditAction::key_label, id, "home", "openai");
  apply(vault, shelf, vault.plan_expires(id, 99, 1));
  expect(AuditAction::key_expires, id, "home", "openai");
  apply(vault, shelf, vault.plan_default(id, 1));
  expect(AuditAction::key_default, id, "home", "openai");
  apply(vault, shelf, vault.plan_order({id}, 1));
  expect(AuditAction::key_order, "", "");
  apply(vault, shelf, vault.plan_add_endpoint({"own-1", "Ollama", "http://localhost:11434/v1/"}, 1));
  expect(AuditAction::endpoint_add, "own-1", "Ollama");
  apply(vault, shelf, vault.plan_remove_endpoint("own-1", 1));
  expect(AuditAction::endpoint_remove, "own-1", "Ollama");
  apply(vault, shelf, vault.plan_lock_minutes(30, 1));
  expect(AuditAction::settings, "", "");
  const std::string passkey = add_passkey(vault, shelf, slot_key(), 5);
  expect(AuditAction::slot_add, passkey, "laptop");
  apply(vault, shelf, vault.plan_name_slot(passkey, "phone", 1));
  expect(AuditAction::slot_name, passkey, "phone");
  apply(vault, shelf, vault.plan_remove_slot(slot_key(), passkey, 1));
  expect(AuditAction::slot_remove, passkey, "phone");
  const std::string passphrase = change_passphrase(vault, shelf, slot_key(), 9);
  expect(AuditAction::passphrase_change, passphrase, "");
  apply(vault, shelf, vault.plan_backed_up(1));
  expect(AuditAction::exported, "", "");
  apply(vault, shelf, vault.plan_import({}, {}, 1));
  expect(AuditAction::imported, "", "");
  CHECK(last().count == 0);
  apply(vault, shelf, vault.plan_delete(id, 1));
  expect(AuditAction::key_delete, id, "home", "openai");
  const NewSlot slot = new_recovery(vault);
  apply(vault, shelf, vault.plan_rotate_root(kept(slot_key(9)), slot, slot_key(4), shelf.audit, 1));
  expect(AuditAction::root_rotate, "", "");
  Vault other = opened(rng, shelf, slot_key(9));
  CHECK(other.audit(shelf.audit)->entries.size() == shelf.audit.size());
  vault.lock();
  CHECK(vault.audit(shelf.audit).error() == Errc::ERR_LOCKED);
}

TEST_CASE_METHOD(Trail, "audit: opening, wrong attempts before it and checks wait for the next plan, in order") {
  const std::string id = add(vault, shelf, "work", "sk-secret-one");
  Vault other = loaded(rng, shelf);
  REQUIRE(other.unlock(slot_key(), 500, 3).ok());
  other.note_checked(id, "ERR_BAD_KEY", 600);
  const auto seen = other.audit(shelf.audit)->entries.size();
  apply(other, shelf, other.plan_label(id, "home", 700));
  const Entries entries = other.audit(shelf.audit)->entries;
  REQUIRE(entries.size() == seen + 4);
  CHECK(entries[seen].event.action == AuditAction::unlock_failed);
  CHECK(entries[seen].event.count == 3);
  CHECK(entries[seen].event.code == "ERR_CANNOT_UNLOCK");
  CHECK(entries[seen + 1].event.action == AuditAction::unlock);
  CHECK(entries[seen + 1].event.subject == other.opened_by());
  CHECK(entries[seen + 2].event.action == AuditAction::key_check);
  CHECK(entries[seen + 2].event.code == "ERR_BAD_KEY");
  CHECK(entries[seen + 3].event.action == AuditAction::key_label);
  require_whole(other, shelf);
}

TEST_CASE_METHOD(Trail, "audit: notes survive a plan that failed, and are there once after one that did not") {
  const std::string id = add(vault, shelf, "work", "sk-secret-one");
  vault.note_checked(id, "ok", 1);
  REQUIRE(vault.plan_label(id, "home", 1).ok());
  vault.abandon();
  REQUIRE(vault.plan_notes().ok());
  vault.abandon();
  CHECK(count(AuditAction::key_check) == 0);
  const auto plan = vault.plan_label(id, "home", 1);
  REQUIRE(plan.ok());
  vault.note_checked(id, "ERR_BAD_KEY", 2);  // while it is being written
  REQUIRE(shelf.write(*plan).ok());
  REQUIRE(vault.commit().ok());
  CHECK(count(AuditAction::key_check) == 1);
  apply(vault, shelf, vault.plan_notes());
  CHECK(count(AuditAction::key_check) == 2);
  CHECK(last().code == "ERR_BAD_KEY");
  // Nothing waits any more: nothing to write, and no plan is open.
  const auto nothing = vault.plan_notes();
  REQUIRE(nothing.ok());
  CHECK(nothing->puts.empty());
  apply(vault, shelf, vault.plan_label(id, "again", 1));
  CHECK(count(AuditAction::key_check) == 2);
}

TEST_CASE_METHOD(Trail, "audit: notes of a tab wait while it reads the rows another tab wrote") {
  const std::string id = add(vault, shelf, "work", "sk-secret-one");
  vault.note_checked(id, "ok", 1);
  vault.note_used(id, 5);
  Vault other = opened(rng, shelf, slot_key());
  apply(other, shelf, other.plan_label(id, "theirs", 2));
  REQUIRE(*vault.load(shelf.envelopes, shelf.ledger) == VaultState::unlocked);
  CHECK(vault.ledger(id).uses == 1);
  apply(vault, shelf, vault.plan_label(id, "mine", 3));
  CHECK(count(AuditAction::key_check) == 1);
  write_ledger();
  CHECK(opened(rng, shelf, slot_key()).ledger(id).last_used_at == 5);
}

TEST_CASE_METHOD(Trail, "audit: uses are one entry for each key and day, written when the day is over") {
  const std::string id = add(vault, shelf, "work", "sk-secret-one");
  for (int i = 0; i < 5; ++i) vault.note_used(id, kDay + i);
  vault.note_used(id, 2 * kDay - 1);
  CHECK(vault.plan_notes()->puts.empty());
  vault.note_used(id, 2 * kDay);
  apply(vault, shelf, vault.plan_notes());
  AuditEvent event = last();
  CHECK(event.action == AuditAction::use);
  CHECK(event.count == 6);
  CHECK(event.at == 2 * kDay - 1);
  CHECK(event.subject == id);
  CHECK(event.label == "work");
  CHECK(event.provider == "openai");
  CHECK(vault.ledger(id).uses == 1);
  // Closed by the next unlock, too, and once.
  write_ledger();
  Vault other = loaded(rng, shelf);
  REQUIRE(other.unlock(slot_key(), 3 * kDay).ok());
  CHECK(other.ledger(id).uses == 0);
  apply(other, shelf, other.plan_notes());
  const Entries entries = other.audit(shelf.audit)->entries;
  CHECK(entries.back().event.action == AuditAction::use);
  CHECK(entries.back().event.count == 1);
  for (auto& [key, bytes] : other.take_ledger()) shelf.ledger.insert_or_assign(key, bytes);
  Vault third = loaded(rng, shelf);
  REQUIRE(third.unlock(slot_key(), 4 * kDay).ok());
  apply(third, shelf, third.plan_notes());
  CHECK(third.audit(shelf.audit)->entries.back().event.action == AuditAction::unlock);
}

TEST_CASE_METHOD(Trail, "audit: no entry holds a byte of a key, and what it holds is sealed") {
  const std::string id = add(vault, shelf, "a telling label", "sk-canary-in-audit");
  apply(vault, shelf, vault.plan_replace(id, "anry", secret("sk-canary-replaced"), 1));
  vault.note_used(id, 5);
  apply(vault, shelf, vault.plan_delete(id, 1));
  const RootKey root = *open_slot(*parse_envelope(shelf.envelopes.lower_bound("slot/")->second), slot_key());
  const SubKey key = derive_subkey(root, SubKeyId::audit);
  bool label_inside = false;
  for (const auto& [row, bytes] : shelf.audit) {
    const Body body = *open_envelope(*parse_envelope(bytes), key.reveal());
    CHECK(body.secret.empty());
    CHECK(body.info.find("canary") == std::string::npos);
    CHECK(body.info.find("anry") == std::string::npos);
    CHECK(as_text(bytes).find("telling") == std::string_view::npos);
    // Positive control: what is in an entry is found there.
    label_inside = label_inside || body.info.find("a telling label") != std::string::npos;
  }
  CHECK(label_inside);
}

TEST_CASE_METHOD(Chain, "audit: an entry dropped, altered or swapped breaks the chain there, and the others are read") {
  append(9);
  REQUIRE_FALSE(read().broken.has_value());
  for (std::int64_t seq = 1; seq <= 9; ++seq) {
    CAPTURE(seq);
    Rows changed = rows;
    changed.erase(audit_row_key(seq));
    CHECK(read(changed).broken == seq);
    CHECK(read(changed).entries.size() == 8);
    for (const std::size_t part : {std::size_t{1}, std::size_t{60}, std::size_t{300}}) {
      changed = rows;
      Bytes& bytes = changed[audit_row_key(seq)];
      bytes[bytes.size() - part] ^= 1;
      CHECK(read(changed).broken == seq);
      CHECK(read(changed).entries.size() == 8);
    }
    if (seq == 9) continue;
    changed = rows;
    std::swap(changed[audit_row_key(seq)], changed[audit_row_key(seq + 1)]);
    CHECK(read(changed).broken == seq);
    CHECK(read(changed).entries.size() == 7);
  }
}

TEST_CASE_METHOD(Chain, "audit: a tail cut off or an older one put back is noticed at its beginning") {
  append(6);
  const Rows older = rows;
  append(3);
  for (std::int64_t from = 1; from <= 9; ++from) {
    Rows cut = rows;
    for (std::int64_t seq = from; seq <= 9; ++seq) cut.erase(audit_row_key(seq));
    CHECK(read(cut).broken == from);
  }
  CHECK(read(older).broken == 7);
  CHECK(read({}).broken == 1);
}

TEST_CASE_METHOD(Chain, "audit: another history under the same key is noticed where it parts") {
  append(5);
  Chain fork;
  fork.key = derive_subkey(root, SubKeyId::audit);
  fork.head = head;
  fork.rows = rows;
  append(3);
  fork.append(3);
  // One entry of it in the place of the last: the digest that the manifest holds is another.
  Rows changed = rows;
  changed[audit_row_key(6)] = fork.rows[audit_row_key(6)];
  CHECK(read(changed).broken == 7);
  // All of it: only the head tells.
  CHECK(read(fork.rows).broken == 8);
  // Appended behind the end: not part of the trail.
  changed = rows;
  fork.append();
  changed[audit_row_key(9)] = fork.rows[audit_row_key(9)];
  CHECK_FALSE(read(changed).broken.has_value());
  CHECK(read(changed).entries.size() == 8);
}

TEST_CASE_METHOD(Chain,
                 "audit: an entry replayed under another number, of another vault or another purpose is refused") {
  append(5);
  Rows changed = rows;
  changed[audit_row_key(4)] = rows[audit_row_key(2)];
  CHECK(read(changed).broken == 4);
  changed = rows;
  AuditHead other_head = head;
  other_head.last = 3;
  changed[audit_row_key(4)] =
      seal_audit_entry({AuditAction::create, 1}, other_head, "AAAAAAAAAAAAAAAAAAAAAA", key, rng);
  CHECK(read(changed).broken == 4);
  changed[audit_row_key(4)] = Bytes(3, 7);
  CHECK(read(changed).broken == 4);
  Header header{.purpose = Purpose::ledger, .vault = std::string(kVaultId), .id = "000000000004"};
  header.rev = 4;
  changed[audit_row_key(4)] = seal_envelope(header, Body{"{}", {}}, key.reveal(), rng);
  CHECK(read(changed).broken == 4);
  // Chained and numbered as it should be, but sealed with another key.
  changed = rows;
  AuditHead forged{.first = 1, .last = 4, .before = {}, .head = digest_of(rows[audit_row_key(4)]), .steps = {}};
  const SubKey wrong = derive_subkey(root, SubKeyId::ledger);
  changed[audit_row_key(5)] = seal_audit_entry({AuditAction::create, 1}, forged, kVaultId, wrong, rng);
  CHECK(read(changed).broken == 5);
}

TEST_CASE_METHOD(Chain, "audit: an entry means the same however its JSON is written, up to every bound and beyond") {
  const auto read_info = [&](const std::string& info) {
    Header header{.purpose = Purpose::audit, .vault = std::string(kVaultId), .id = "000000000001"};
    header.audit = AuditFields{};
    const Bytes bytes = seal_envelope(header, Body{info, {}}, key.reveal(), rng);
    return open_audit_entry(*parse_envelope(bytes), key);
  };
  const auto entry = [](std::size_t code, std::size_t label, const std::string& count) {
    return R"("at":7,"action":"use","code":")" + std::string(code, 'c') + R"(","label":")" + std::string(label, 'l') +
           R"(","count":)" + count + "}";
  };
  struct Case {
    std::string members;
    bool reads;
  };
  const Case cases[] = {
      {entry(63, 511, "0"), true},
      {entry(64, 512, "999999999999999"), true},
      {entry(64, 512, "1000000000000000"), true},
      {entry(64, 512, "9007199254740992"), true},
      {entry(64, 512, "9007199254740993"), false},
      {entry(65, 512, "1"), false},
      {entry(64, 513, "1"), false},
      {entry(64, 512, "01"), false},
      {entry(64, 512, "1.5"), false},
      {entry(64, 512, "-1"), false},
      {R"("at":7,"action":"use","code":"ok","code":"ok"})", false},
      {R"("at":7,"action":"use","code":"ok","other":"ok"})", false},
      {R"("at":7,"action":"unknown","code":"ok"})", false},
      {R"("at":7,"action":"use"})", false},
  };
  for (const auto& [members, reads] : cases) {
    CAPTURE(members);
    // As we write it, and in a way that only the parser takes.
    const auto plain = read_info("{" + members);
    const auto spaced = read_info("{ " + members);
    CHECK(plain.ok() == reads);
    CHECK(spaced.ok() == reads);
    if (!plain.ok() || !spaced.ok()) continue;
    CHECK(plain->code == spaced->code);
    CHECK(plain->label == spaced->label);
    CHECK(plain->count == spaced->count);
  }
}

TEST_CASE_METHOD(Chain, "audit: trimming at the bound drops a whole step, and the chain still verifies") {
  append(kAuditStep + 5);
  trim(kAuditStep + 5);
  CHECK(head.first == 1);
  append();
  const Rows all = rows;
  trim(kAuditStep + 5);
  CHECK(head.first == kAuditStep + 1);
  CHECK(rows.size() == 6);
  CHECK_FALSE(read().broken.has_value());
  CHECK(read().first == kAuditStep + 1);
  // The dropped ones put back are not part of it; the first that was kept is checked against the step.
  CHECK(read(all).entries.size() == 6);
  Rows changed = rows;
  changed.erase(audit_row_key(kAuditStep + 1));
  CHECK(read(changed).broken == kAuditStep + 1);
  CHECK(trim_audit(head, kAuditStep).empty());
  append(2 * kAuditStep);
  trim(kAuditStep);
  CHECK(head.first == 3 * kAuditStep + 1);
  CHECK(head.last == 3 * kAuditStep + 6);
  CHECK_FALSE(read().broken.has_value());
}

TEST_CASE_METHOD(Chain, "audit: trimmed down to nothing it goes on from the last step") {
  append(kAuditStep);
  trim(kAuditStep - 1);
  CHECK(rows.empty());
  CHECK_FALSE(read().broken.has_value());
  append(2);
  CHECK_FALSE(read().broken.has_value());
  CHECK(read().entries.size() == 2);
}

// Natively only: ten thousand entries take a while in WebAssembly under load.
#ifndef __EMSCRIPTEN__
TEST_CASE_METHOD(Trail,
                 "audit: the vault keeps 10,000 entries, then drops the oldest 1,000, also under a new root key") {
  const std::string id = add(vault, shelf, "work", "sk-secret-one");
  const auto fill_to = [&](std::int64_t last) {
    while (read_last() < last) {
      const std::int64_t missing = last - read_last();
      for (std::int64_t i = 0; i < std::min<std::int64_t>(missing, 900); ++i) vault.note({AuditAction::key_check, 1});
      apply(vault, shelf, vault.plan_notes());
    }
  };
  fill_to(kMaxAuditEntries);
  CHECK(shelf.audit.size() == kMaxAuditEntries);
  require_whole(vault, shelf);
  SECTION("by one more entry") {
    apply(vault, shelf, vault.plan_label(id, "home", 1));
    CHECK(shelf.audit.size() == kMaxAuditEntries - kAuditStep + 1);
  }
  SECTION("by the entry of a new root key") {
    const NewSlot slot = new_recovery(vault);
    apply(vault, shelf, vault.plan_rotate_root(kept(slot_key()), slot, slot_key(4), shelf.audit, 1));
    CHECK(shelf.audit.size() == kMaxAuditEntries - kAuditStep + 1);
  }
  CHECK_FALSE(shelf.audit.contains(audit_row_key(kAuditStep)));
  CHECK(shelf.audit.contains(audit_row_key(kAuditStep + 1)));
  require_whole(vault, shelf);
  CHECK(read().first == kAuditStep + 1);
  Vault other = opened(rng, shelf, slot_key());
  require_whole(other, shelf);
  apply(other, shelf, other.plan_label(id, "again", 1));
  require_whole(other, shelf);
}
#endif
