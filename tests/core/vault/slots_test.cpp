// Ways in: what each opens, and what it takes to change one.
#include "vault/all_ways.h"

using namespace keyhold;
using namespace keyhold::test;

TEST_CASE_METHOD(Ways, "unlock: by passphrase, passkey or recovery code, and each says which it was") {
  const auto secrets = secrets_of(vault);
  const std::pair<std::string, SlotKey> keys[] = {
      {passphrase, slot_key()}, {passkey, by_passkey()}, {recovery, by_code()}};
  for (const auto& [slot, key] : keys) {
    Vault other = opened(rng, shelf, key);
    CHECK(other.opened_by() == slot);
    CHECK(secrets_of(other) == secrets);
    require_whole(other, shelf);
  }
}

TEST_CASE_METHOD(Ways, "unlock: another passphrase, passkey, code, or the right one of another slot opens nothing") {
  CHECK(refusal(rng, shelf, slot_key(8)) == Errc::ERR_CANNOT_UNLOCK);
  CHECK(refusal(rng, shelf, by_passkey(22)) == Errc::ERR_CANNOT_UNLOCK);
  CHECK(refusal(rng, shelf, by_code(recovery_code(2))) == Errc::ERR_CANNOT_UNLOCK);
  CHECK(refusal(rng, shelf, *passkey_slot_key(prf(21), vault_id(shelf), recovery)) == Errc::ERR_CANNOT_UNLOCK);
  CHECK(refusal(rng, shelf, code.slot_key(vault_id(shelf), passkey)) == Errc::ERR_CANNOT_UNLOCK);
  CHECK(refusal(rng, shelf, code.slot_key("AAAAAAAAAAAAAAAAAAAAAA", recovery)) == Errc::ERR_CANNOT_UNLOCK);
}

TEST_CASE_METHOD(Ways, "slots: while locked their kinds are known, passphrase first; names and times are not") {
  Vault locked = loaded(rng, shelf);
  const std::vector<SlotView> slots = locked.slots();
  REQUIRE(slots.size() == 3);
  CHECK(kind_name(slots[0].fields) == "passphrase");
  CHECK(kind_name(slots[1].fields) == "passkey");
  CHECK(kind_name(slots[2].fields) == "recovery");
  CHECK(std::get<PasskeyFields>(slots[1].fields).rp == "keyhold.example");
  CHECK(slots[1].note.name.empty());
  CHECK(slots[1].note.created_at == 0);
  REQUIRE(locked.unlock(slot_key()).ok());
  CHECK(locked.slots()[1].note.name == "laptop");
  CHECK(locked.slots()[1].note.created_at == 2000);
}

TEST_CASE_METHOD(Ways, "passkey key: only of a slot that is there and is a passkey, and not from a broken answer") {
  CHECK(vault.passkey_key("nobody", prf(21)).error() == Errc::ERR_NOT_FOUND);
  CHECK(vault.passkey_key(passphrase, prf(21)).error() == Errc::ERR_NOT_FOUND);
  CHECK(vault.passkey_key(recovery, prf(21)).error() == Errc::ERR_NOT_FOUND);
  CHECK(vault.passkey_key(passkey, prf(0)).error() == Errc::ERR_PASSKEY_PRF);
  apply(vault, shelf, vault.plan_remove_slot(slot_key(), recovery, 1));
  CHECK(vault.recovery_key(code).error() == Errc::ERR_NOT_FOUND);
}

TEST_CASE_METHOD(Ways, "recovery code: one whose slot cannot be read is damaged, and not said to be missing") {
  row(recovery).front() ^= 1;
  Vault locked(rng);
  REQUIRE(locked.load(shelf.envelopes, shelf.ledger).ok());
  CHECK(locked.recovery_key(code).error() == Errc::ERR_BAD_FORMAT);
}

TEST_CASE_METHOD(Ways,
                 "passphrase: changed, the old one opens nothing, the other ways do, records are the same bytes") {
  const Rows before = records();
  const std::string changed = change_passphrase(vault, shelf, slot_key(), 9);
  CHECK(changed != passphrase);
  CHECK_FALSE(shelf.envelopes.contains("slot/" + passphrase));
  CHECK(records() == before);
  CHECK(refusal(rng, shelf, slot_key()) == Errc::ERR_CANNOT_UNLOCK);
  CHECK(vault.prove(slot_key()).error() == Errc::ERR_CANNOT_UNLOCK);
  for (const SlotKey& key : kept(slot_key(9), by_passkey(), by_code())) {
    require_whole(opened(rng, shelf, key), shelf);
    CHECK(vault.prove(key).ok());
  }
  CHECK(vault.audit(shelf.audit)->entries.back().event.action == AuditAction::passphrase_change);
}

TEST_CASE_METHOD(Ways, "passphrase: a forgotten one is replaced by whoever has another way in") {
  const SlotKey key = GENERATE(0, 1) == 0 ? by_passkey() : by_code();
  Vault other = opened(rng, shelf, key);
  change_passphrase(other, shelf, key, 9);
  require_whole(opened(rng, shelf, slot_key(9)), shelf);
  CHECK(refusal(rng, shelf, slot_key()) == Errc::ERR_CANNOT_UNLOCK);
}

TEST_CASE_METHOD(Ways, "recovery code: a new one takes the place of the old") {
  const RecoveryCode next = recovery_code(2);
  const std::string slot = add_recovery(vault, shelf, slot_key(), next);
  CHECK(slot_ids() == std::vector<std::string>{passphrase, passkey, slot});
  CHECK(refusal(rng, shelf, by_code(code)) == Errc::ERR_CANNOT_UNLOCK);
  CHECK(refusal(rng, shelf, code.slot_key(vault_id(shelf), recovery)) == Errc::ERR_CANNOT_UNLOCK);
  require_whole(opened(rng, shelf, by_code(next)), shelf);
}

TEST_CASE_METHOD(Ways, "proof: without one that opens a slot nothing about the ways in changes") {
  refused(Errc::ERR_CANNOT_UNLOCK,
          [&] { return vault.plan_put_slot(slot_key(8), new_passkey(vault, 1), slot_key(1), 1); });
  refused(Errc::ERR_CANNOT_UNLOCK,
          [&] { return vault.plan_put_slot(slot_key(8), new_passphrase(vault), slot_key(1), 1); });
  refused(Errc::ERR_CANNOT_UNLOCK, [&] { return vault.plan_remove_slot(by_passkey(22), passkey, 1); });
  refused(Errc::ERR_CANNOT_UNLOCK, [&] { return rotate(kept(slot_key(8)), code); });
  refused(Errc::ERR_CANNOT_UNLOCK, [&] { return rotate({}, code); });
  CHECK(vault.prove(slot_key(8)).error() == Errc::ERR_CANNOT_UNLOCK);
  CHECK(vault.prove(slot_key()).ok());
  vault.lock();
  CHECK(vault.prove(slot_key()).error() == Errc::ERR_LOCKED);
  CHECK(vault.plan_remove_slot(slot_key(), passkey, 1).error() == Errc::ERR_LOCKED);
  CHECK(rotate(kept(slot_key()), code).error() == Errc::ERR_LOCKED);
}

TEST_CASE_METHOD(Ways, "remove: a way in that went opens nothing, and its name went with it") {
  const SlotKey gone = by_passkey();
  apply(vault, shelf, vault.plan_remove_slot(by_code(), passkey, 1));
  CHECK(slot_ids() == std::vector<std::string>{passphrase, recovery});
  CHECK_FALSE(vault.settings().slots.contains(passkey));
  CHECK(refusal(rng, shelf, gone) == Errc::ERR_CANNOT_UNLOCK);
  require_whole(opened(rng, shelf, slot_key()), shelf);
  refused(Errc::ERR_NOT_FOUND, [&] { return vault.plan_remove_slot(slot_key(), passkey, 1); });
  CHECK(vault.audit(shelf.audit)->entries.back().event.label == "laptop");
}

TEST_CASE_METHOD(Ways, "remove: the last way in that is not a passkey stays, whichever it is") {
  const bool passphrase_last = GENERATE(true, false);
  apply(vault, shelf, vault.plan_remove_slot(slot_key(), passphrase_last ? recovery : passphrase, 1));
  const std::string last = passphrase_last ? passphrase : recovery;
  refused(Errc::ERR_LAST_SLOT, [&] { return vault.plan_remove_slot(by_passkey(), last, 1); });
  apply(vault, shelf, vault.plan_remove_slot(by_passkey(), passkey, 1));
  CHECK(slot_ids() == std::vector<std::string>{last});
}

TEST_CASE_METHOD(Ways, "rename: without a proof, sealed, bounded, and only what is there") {
  const Bytes slot = row(passkey);
  apply(vault, shelf, vault.plan_name_slot(passkey, "phone", 1));
  CHECK(row(passkey) == slot);
  CHECK(opened(rng, shelf, by_passkey()).slots()[1].note.name == "phone");
  CHECK(vault.slots()[1].note.created_at == 2000);
  apply(vault, shelf, vault.plan_name_slot(passkey, std::string(kMaxNameBytes, 'x'), 1));
  const std::string long_name(kMaxNameBytes + 1, 'x');
  refused(Errc::ERR_BAD_INPUT, [&] { return vault.plan_name_slot(passkey, long_name, 1); });
  refused(Errc::ERR_BAD_INPUT, [&] { return vault.plan_name_slot(passkey, "", 1); });
  refused(Errc::ERR_BAD_INPUT, [&] { return vault.plan_name_slot(passkey, "a\nb", 1); });
  refused(Errc::ERR_NOT_FOUND, [&] { return vault.plan_name_slot("nobody", "phone", 1); });
  refused(Errc::ERR_BAD_INPUT,
          [&] { return vault.plan_put_slot(slot_key(), new_passkey(vault, 1, long_name), slot_key(1), 1); });
  refused(Errc::ERR_BAD_INPUT,
          [&] { return vault.plan_put_slot(slot_key(), new_passkey(vault, 1, "a\tb"), slot_key(1), 1); });
}

TEST_CASE_METHOD(Ways, "bounds: the last slot fits, one more does not, and a full vault still changes its passphrase") {
  while (vault.slots().size() < kMaxSlots) {
    add_passkey(vault, shelf, slot_key(), static_cast<std::uint8_t>(30 + vault.slots().size()));
  }
  refused(Errc::ERR_TOO_MANY, [&] { return vault.plan_put_slot(slot_key(), new_passkey(vault, 1), slot_key(1), 1); });
  change_passphrase(vault, shelf, slot_key(), 9);
  const RecoveryCode next = recovery_code(2);
  add_recovery(vault, shelf, slot_key(9), next);
  CHECK(vault.slots().size() == kMaxSlots);
  require_whole(opened(rng, shelf, by_code(next)), shelf);
  // Without a recovery code there is room for one more passkey, and then none for the code a new root key brings.
  apply(vault, shelf, vault.plan_remove_slot(slot_key(9), vault.slots().back().id, 1));
  add_passkey(vault, shelf, slot_key(9), 60);
  std::vector<SlotKey> all = kept(slot_key(9));
  for (const SlotView& slot : vault.slots()) {
    if (const auto* fields = std::get_if<PasskeyFields>(&slot.fields)) {
      all.push_back(*vault.passkey_key(slot.id, prf(fields->credential[0])));
    }
  }
  REQUIRE(all.size() == kMaxSlots);
  refused(Errc::ERR_TOO_MANY, [&] { return rotate(all, next); });
  all.pop_back();
  apply(vault, shelf, rotate(all, next));
  CHECK(vault.slots().size() == kMaxSlots);
}

TEST_CASE_METHOD(Ways, "bounds: the largest passkey WebAuthn allows fits into a slot") {
  NewSlot slot = new_passkey(vault, 1, std::string(kMaxNameBytes, 'x'));
  auto& fields = std::get<PasskeyFields>(slot.fields);
  fields.credential = Bytes(kMaxCredentialBytes, 255);
  fields.rp = std::string(kMaxRpBytes, 'r');
  fields.salts[0].fill(255);
  fields.salts[1].fill(254);
  apply(vault, shelf, vault.plan_put_slot(slot_key(), slot, slot_key(1), 1));
  Vault other = opened(rng, shelf, slot_key(1));
  const auto slots = other.slots();
  const auto found = std::find_if(slots.begin(), slots.end(), [&](const SlotView& one) { return one.id == slot.id; });
  REQUIRE(found != slots.end());
  const auto& read = std::get<PasskeyFields>(found->fields);
  CHECK(read.credential == fields.credential);
  CHECK(read.rp == fields.rp);
  CHECK(read.salts == fields.salts);
}

TEST_CASE_METHOD(Ways, "put: a slot under the id of the one it replaces is there afterwards") {
  NewSlot again = new_passphrase(vault);
  again.id = passphrase;
  apply(vault, shelf, vault.plan_put_slot(slot_key(), again, slot_key(9), 1));
  require_whole(opened(rng, shelf, slot_key(9)), shelf);
}

TEST_CASE_METHOD(Ways, "damaged: a slot that is not as written is told from the others, which open all but it") {
  const Bytes sound = row(passphrase);
  for (const std::size_t at : {sound.size() - 1, sound.size() - 100, sound.size() - 256 - 16 - 24}) {
    row(passphrase) = sound;
    row(passphrase)[at] ^= 1;
    CHECK(refusal(rng, shelf, slot_key()) == Errc::ERR_CANNOT_UNLOCK);
    for (const SlotView& slot : loaded(rng, shelf).slots()) CHECK(slot.damaged == (slot.id == passphrase));
    Vault other = opened(rng, shelf, by_passkey());
    REQUIRE(other.findings().size() == 1);
    CHECK(other.findings()[0].key == "slot/" + passphrase);
    CHECK(other.findings()[0].code == Errc::ERR_TAMPERED);
    CHECK(secrets_of(other).size() == 2);
    // Mended by a new passphrase, without the old one.
    Shelf mended = shelf;
    change_passphrase(other, mended, by_passkey(), 9);
    require_whole(opened(rng, mended, slot_key(9)), mended);
  }
}

TEST_CASE_METHOD(Ways, "damaged: a slot row that is gone is a finding, and removing the slot settles it") {
  shelf.envelopes.erase("slot/" + passkey);
  Vault other = opened(rng, shelf, slot_key());
  REQUIRE(other.findings().size() == 1);
  CHECK(other.findings()[0].kind == Finding::Kind::missing);
  CHECK(other.findings()[0].key == "slot/" + passkey);
  apply(other, shelf, other.plan_remove_slot(slot_key(), passkey, 1));
  require_whole(other, shelf);
  require_whole(opened(rng, shelf, by_code()), shelf);
}

TEST_CASE_METHOD(Ways, "damaged: two slot rows swapped open nothing and are named") {
  std::swap(row(passphrase), row(passkey));
  CHECK(loaded(rng, shelf).slots().size() == 1);
  CHECK(refusal(rng, shelf, slot_key()) == Errc::ERR_CANNOT_UNLOCK);
  Vault other = opened(rng, shelf, by_code());
  REQUIRE(other.findings().size() == 2);
  for (const Finding& finding : other.findings()) CHECK(finding.code == Errc::ERR_SWAPPED);
}

TEST_CASE_METHOD(Ways, "put back: the slot of a passphrase that was changed is found, and can be thrown out") {
  const Bytes old = row(passphrase);
  change_passphrase(vault, shelf, slot_key(), 9);
  row(passphrase) = old;
  Vault other = opened(rng, shelf, slot_key(9));
  REQUIRE(other.findings().size() == 1);
  CHECK(other.findings()[0].kind == Finding::Kind::unexpected);
  CHECK(other.findings()[0].key == "slot/" + passphrase);
  // It still wraps the root key, yet proves nothing any more.
  CHECK(other.prove(slot_key()).error() == Errc::ERR_CANNOT_UNLOCK);
  CHECK(other.prove(slot_key(9)).ok());
  apply(other, shelf, other.plan_remove_slot(slot_key(9), passphrase, 1));
  require_whole(other, shelf);
  CHECK(refusal(rng, shelf, slot_key()) == Errc::ERR_CANNOT_UNLOCK);
}

TEST_CASE_METHOD(Ways, "put back: no slot but one's own, whole, counts as the last that is not a passkey") {
  const bool foreign = GENERATE(true, false);
  if (foreign) {
    Vault theirs(rng);
    const Plan plan = *theirs.plan_create(slot_fields(), slot_key(3), 1);
    shelf.envelopes.insert(*plan.puts.lower_bound("slot/"));
    apply(vault, shelf, vault.plan_remove_slot(slot_key(), recovery, 1));
  } else {
    row(recovery).back() ^= 1;
  }
  Vault other = opened(rng, shelf, by_passkey());
  CHECK(other.findings().size() == 1);
  CHECK(other.plan_remove_slot(by_passkey(), passphrase, 1).error() == Errc::ERR_LAST_SLOT);
}

TEST_CASE_METHOD(Ways, "foreign: another vault's slot beside one's own does not stand in its way") {
  // Ids are random: some of these sort before the vault's own slot, some behind.
  std::size_t before = 0;
  for (std::uint64_t seed = 50; seed < 66; ++seed) {
    Shelf with = shelf;
    TestRng other_rng(seed);
    Vault theirs(other_rng);
    Shelf foreign;
    REQUIRE(foreign.write(*theirs.plan_create({*KdfParams::from(2, 20000), Salt{9}}, slot_key(3), 1)).ok());
    const auto slot = foreign.envelopes.lower_bound("slot/");
    with.envelopes.insert(*slot);
    if (slot->first < "slot/" + passphrase) ++before;
    Vault locked = loaded(rng, with);
    CHECK(locked.passphrase_slot()->salt == slot_fields().salt);
    CHECK(locked.unlock(slot_key(8)).error() == Errc::ERR_CANNOT_UNLOCK);
    REQUIRE(locked.unlock(slot_key()).ok());
    REQUIRE(locked.findings().size() == 1);
    CHECK(locked.findings()[0].code == Errc::ERR_SWAPPED);
    CHECK(locked.findings()[0].key == slot->first);
    CHECK(secrets_of(locked).size() == 2);
  }
  CHECK(before > 0);
  CHECK(before < 16);
}
