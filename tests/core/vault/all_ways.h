// all_ways: a vault of two keys with every way in.
#pragma once

#include <functional>

#include "vault/ways.h"

namespace keyhold::test {

struct Ways {
  TestRng rng;
  Vault vault{rng};
  Shelf shelf;
  RecoveryCode code = recovery_code(1);
  std::string first, second, passphrase, passkey, recovery;

  Ways() {
    create(vault, shelf);
    passphrase = vault.slots().at(0).id;
    first = add(vault, shelf, "first", "sk-first-key");
    second = add(vault, shelf, "second", "sk-second-key");
    passkey = add_passkey(vault, shelf, slot_key(), 21);
    recovery = add_recovery(vault, shelf, slot_key(), code);
  }

  SlotKey by_passkey(std::uint8_t fill = 21) { return *vault.passkey_key(passkey, prf(fill)); }
  SlotKey by_code(const RecoveryCode& with) { return *vault.recovery_key(with); }
  SlotKey by_code() { return by_code(code); }
  Rows records() {
    Rows rows;
    for (const auto& [key, bytes] : shelf.envelopes) {
      if (key.starts_with("record/")) rows.emplace(key, bytes);
    }
    return rows;
  }
  std::vector<std::string> slot_ids() {
    std::vector<std::string> ids;
    for (const SlotView& slot : vault.slots()) ids.push_back(slot.id);
    return ids;
  }
  Bytes& row(const std::string& slot) { return shelf.envelopes["slot/" + slot]; }
  Result<Plan> rotate(const std::vector<SlotKey>& keys, const RecoveryCode& with) {
    const NewSlot slot = new_recovery(vault);
    return vault.plan_rotate_root(keys, slot, with.slot_key(vault_id(shelf), slot.id), shelf.audit, 9000);
  }
  /// Nothing in memory or on the shelf differs while `what` is refused.
  void refused(Errc code, const std::function<Result<Plan>()>& what) {
    const Shelf before = shelf;
    const auto ids = slot_ids();
    const auto secrets = secrets_of(vault);
    CHECK(what().error() == code);
    CHECK(vault.commit().error() == Errc::ERR_WRONG_STATE);
    CHECK(shelf.envelopes == before.envelopes);
    CHECK(shelf.ledger == before.ledger);
    CHECK(shelf.audit == before.audit);
    CHECK(slot_ids() == ids);
    CHECK(secrets_of(vault) == secrets);
    require_whole(vault, shelf);
  }
};

}  // namespace keyhold::test
