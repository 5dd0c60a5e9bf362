// A new root key: what opens afterwards, and what the old one still opens.
#include "crypto/subkeys.h"
#include "vault/all_ways.h"

using namespace keyhold;
using namespace keyhold::test;

TEST_CASE_METHOD(Ways, "root: under a new key all secrets are equal, every byte sealed is another, the epoch is up") {
  vault.note_used(first, 5000);
  for (auto& [key, bytes] : vault.take_ledger()) shelf.ledger.insert_or_assign(key, bytes);
  const Shelf before = shelf;
  const auto secrets = secrets_of(vault);
  const ManifestFields old = manifest_of(shelf);
  const auto trail = vault.audit(shelf.audit)->entries.size();
  const RecoveryCode next = recovery_code(2);
  apply(vault, shelf, rotate(kept(slot_key(), by_passkey()), next));

  CHECK(secrets_of(vault) == secrets);
  CHECK(manifest_of(shelf).epoch == old.epoch + 1);
  CHECK(manifest_of(shelf).generation == old.generation + 1);
  CHECK(vault.ledger(first).last_used_at == 5000);
  CHECK(vault.slots()[1].note.name == "laptop");
  require_whole(vault, shelf);
  CHECK(vault.audit(shelf.audit)->entries.size() == trail + 1);
  CHECK(vault.audit(shelf.audit)->entries.front().event.action == AuditAction::create);
  CHECK(vault.audit(shelf.audit)->entries.back().event.action == AuditAction::root_rotate);
  CHECK(vault.audit(shelf.audit)->entries.back().event.code == "ok");
  const auto all_new = [](const Rows& now, const Rows& then) {
    for (const auto& [key, bytes] : then) {
      const auto row = now.find(key);
      CAPTURE(key);
      CHECK((row == now.end() || row->second != bytes));
    }
  };
  all_new(shelf.envelopes, before.envelopes);
  all_new(shelf.ledger, before.ledger);
  all_new(shelf.audit, before.audit);

  for (const SlotKey& key : kept(slot_key(), by_passkey(), by_code(next))) {
    Vault other = opened(rng, shelf, key);
    CHECK(secrets_of(other) == secrets);
    CHECK(other.ledger(first).last_used_at == 5000);
    require_whole(other, shelf);
  }
  // The code from before is gone with its slot.
  CHECK(refusal(rng, shelf, code.slot_key(vault_id(shelf), recovery)) == Errc::ERR_CANNOT_UNLOCK);
}

TEST_CASE_METHOD(Ways, "root: a way in that was not shown does not open any more") {
  const SlotKey dropped = by_passkey();
  const RecoveryCode next = recovery_code(2);
  apply(vault, shelf, rotate(kept(slot_key()), next));
  CHECK(slot_ids().size() == 2);
  CHECK_FALSE(shelf.envelopes.contains("slot/" + passkey));
  CHECK_FALSE(vault.settings().slots.contains(passkey));
  CHECK(refusal(rng, shelf, dropped) == Errc::ERR_CANNOT_UNLOCK);
  CHECK(vault.opened_by() == passphrase);
}

TEST_CASE_METHOD(Ways, "root: the old code does not stay, even when it was shown") {
  const RecoveryCode next = recovery_code(2);
  const SlotKey old = by_code();
  apply(vault, shelf, rotate(kept(slot_key(), by_code()), next));
  CHECK(slot_ids().size() == 2);
  CHECK(refusal(rng, shelf, old) == Errc::ERR_CANNOT_UNLOCK);
  require_whole(opened(rng, shelf, by_code(next)), shelf);
}

TEST_CASE_METHOD(Ways, "root: with the old code alone the new one is the only way in") {
  const RecoveryCode next = recovery_code(2);
  apply(vault, shelf, rotate(kept(by_code()), next));
  CHECK(slot_ids().size() == 1);
  CHECK(vault.opened_by() == slot_ids().at(0));
  CHECK(refusal(rng, shelf, slot_key()) == Errc::ERR_CANNOT_UNLOCK);
  require_whole(opened(rng, shelf, by_code(next)), shelf);
}

TEST_CASE_METHOD(Ways, "root: whoever has the old root key opens nothing that was sealed since") {
  const RootKey old = *open_slot(*parse_envelope(row(passphrase)), slot_key());
  const Shelf before = shelf;
  const auto opens = [&](const Rows& rows) {
    std::size_t count = 0;
    for (const auto& [key, bytes] : rows) {
      const auto envelope = parse_envelope(bytes);
      if (open_envelope(*envelope, old.reveal()).ok()) ++count;
      for (const SubKeyId id :
           {SubKeyId::record, SubKeyId::manifest, SubKeyId::audit, SubKeyId::ledger, SubKeyId::settings}) {
        if (open_envelope(*envelope, derive_subkey(old, id).reveal()).ok()) ++count;
      }
    }
    return count;
  };
  // Another tab, open since before.
  Vault other = opened(rng, shelf, slot_key());
  apply(vault, shelf, rotate(kept(slot_key()), recovery_code(2)));
  CHECK(opens(shelf.envelopes) == 0);
  CHECK(opens(shelf.audit) == 0);
  CHECK(other.load(shelf.envelopes, shelf.ledger).error() == Errc::ERR_LOCKED);
  CHECK(other.state() == VaultState::locked);
  // Positive control.
  CHECK(opens(before.envelopes) == before.envelopes.size() - 3);  // all but the slots
  CHECK(opens(before.audit) == before.audit.size());
}

TEST_CASE_METHOD(Ways, "root: not while anything is damaged, lest it be lost on the way") {
  shelf.envelopes["record/" + first].back() ^= 1;
  Vault other = opened(rng, shelf, slot_key());
  const NewSlot slot = new_recovery(other);
  CHECK(
      other.plan_rotate_root(kept(slot_key()), slot, code.slot_key(vault_id(shelf), slot.id), shelf.audit, 1).error() ==
      Errc::ERR_TAMPERED);
  CHECK(other.commit().error() == Errc::ERR_WRONG_STATE);
}

TEST_CASE_METHOD(Ways, "root: a new key that was not written changes nothing, and the next write is sound") {
  vault.note_used(first, 5000);
  for (auto& [key, bytes] : vault.take_ledger()) shelf.ledger.insert_or_assign(key, bytes);
  const Shelf before = shelf;
  const LedgerRow used = vault.ledger(first);
  const auto secrets = secrets_of(vault);
  REQUIRE(rotate(kept(slot_key()), recovery_code(2)).ok());
  vault.abandon();
  CHECK(vault.ledger(first).rev == used.rev);
  CHECK(slot_ids() == std::vector<std::string>{passphrase, passkey, recovery});
  CHECK(secrets_of(vault) == secrets);
  require_whole(vault, before);
  add(vault, shelf, "third", "sk-third-key");
  for (const SlotKey& key : kept(slot_key(), by_passkey(), by_code())) require_whole(opened(rng, shelf, key), shelf);
}

TEST_CASE_METHOD(Ways, "root: what happens while the new rows are being written is not lost") {
  vault.note_used(first, 5000);
  for (auto& [key, bytes] : vault.take_ledger()) shelf.ledger.insert_or_assign(key, bytes);
  const auto plan = rotate(kept(slot_key()), recovery_code(2));
  REQUIRE(plan.ok());
  // A request that was on its way ends, and the ledger is due.
  vault.note_used(second, 6000);
  vault.note_checked(first, "ERR_BAD_KEY", 6001);
  for (auto& [key, bytes] : vault.take_ledger()) shelf.ledger.insert_or_assign(key, bytes);
  REQUIRE(shelf.write(*plan).ok());
  REQUIRE(vault.commit().ok());
  for (auto& [key, bytes] : vault.take_ledger()) shelf.ledger.insert_or_assign(key, bytes);
  apply(vault, shelf, vault.plan_label(first, "after", 7000));
  require_whole(vault, shelf);
  Vault other = opened(rng, shelf, slot_key());
  require_whole(other, shelf);
  CHECK(other.ledger(second).last_used_at == 6000);
  CHECK(other.ledger(first).last_check->code == "ERR_BAD_KEY");
  const auto entries = vault.audit(shelf.audit)->entries;
  CHECK(std::any_of(entries.begin(), entries.end(),
                    [](const AuditTrail::Entry& entry) { return entry.event.action == AuditAction::key_check; }));
}

TEST_CASE_METHOD(Ways, "root: again and again, the trail stays one chain and every way in stays open") {
  RecoveryCode current = recovery_code(2);
  for (std::uint64_t i = 0; i < 5; ++i) {
    apply(vault, shelf, rotate(kept(by_passkey(), slot_key()), current));
    CHECK(manifest_of(shelf).epoch == static_cast<std::int64_t>(i) + 2);
    Vault other = opened(rng, shelf, by_code(current));
    require_whole(other, shelf);
    current = recovery_code(3 + i);
  }
}

TEST_CASE_METHOD(Ways, "root: a damaged trail does not stop it, and its entry says that some were left out") {
  shelf.audit[audit_row_key(2)].back() ^= 1;
  REQUIRE(vault.audit(shelf.audit)->broken == 2);
  const auto last = vault.audit(shelf.audit)->entries.back().seq;
  apply(vault, shelf, rotate(kept(slot_key()), recovery_code(2)));
  require_whole(vault, shelf);
  CHECK(vault.audit(shelf.audit)->entries.back().event.code == "ERR_TAMPERED");
  CHECK(vault.audit(shelf.audit)->entries.back().seq == last);  // one lost, one new
  CHECK(shelf.audit.size() == static_cast<std::size_t>(last));
}
