// The trail of what was done: each plan's entry. The chain itself: audit_chain_test.
#include "vault/audit.h"

#include "crypto/subkeys.h"
#include "vault/ways.h"

using namespace keyhold;
using namespace keyhold::test;

namespace {

constexpr UnixMs kDay = 24 * 60 * kMinuteMs;

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
  apply(vault, shelf, vault.plan_failover("openai", true, 1));
  expect(AuditAction::failover, "", "", "openai");
  apply(vault, shelf, vault.plan_failover("openai", false, 1));
  expect(AuditAction::failover_end, "", "", "openai");
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
  apply(vault, shelf, vault.plan_backed_up("", 1));
  expect(AuditAction::exported, "", "");
  const auto backed_up = vault.settings().backup;
  REQUIRE(backed_up);
  apply(vault, shelf, vault.plan_backed_up("https://app.example", 2));
  expect(AuditAction::exported, "", "https://app.example");
  CHECK(vault.settings().backup->at == backed_up->at);
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
