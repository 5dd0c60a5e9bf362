// ways: ways into a vault of the tests, without a slow derivation, and what must hold of a vault at any time.
#pragma once

#include "support.h"

namespace keyhold::test {

inline std::string vault_id(const Shelf& shelf) {
  const auto manifest = shelf.envelopes.find("manifest");
  REQUIRE(manifest != shelf.envelopes.end());
  return parse_envelope(manifest->second)->header.vault;
}

inline ManifestFields manifest_of(const Shelf& shelf) {
  return *parse_envelope(shelf.envelopes.find("manifest")->second)->header.manifest;
}

/// What a passkey answers.
inline SecretBytes prf(std::uint8_t fill) {
  SecretBytes bytes(kPrfBytes);
  std::fill(bytes.fill().begin(), bytes.fill().end(), fill);
  return bytes;
}

inline RecoveryCode recovery_code(std::uint64_t seed) {
  TestRng rng(seed);
  return RecoveryCode::make(rng);
}

inline NewSlot new_passkey(Vault& vault, std::uint8_t fill, std::string name = "laptop") {
  PasskeyFields fields{Bytes(16, fill), "keyhold.example", {}};
  fields.salts[0].fill(fill);
  return {vault.make_id(), std::move(fields), std::move(name)};
}
inline NewSlot new_recovery(Vault& vault) { return {vault.make_id(), RecoveryFields{}, ""}; }
inline NewSlot new_passphrase(Vault& vault) { return {vault.make_id(), slot_fields(), ""}; }

inline std::string add_passkey(Vault& vault, Shelf& shelf, const SlotKey& proof, std::uint8_t fill) {
  const NewSlot slot = new_passkey(vault, fill);
  const SlotKey key = *passkey_slot_key(prf(fill), vault_id(shelf), slot.id);
  return apply(vault, shelf, vault.plan_put_slot(proof, slot, key, 2000));
}

inline std::string add_recovery(Vault& vault, Shelf& shelf, const SlotKey& proof, const RecoveryCode& code) {
  const NewSlot slot = new_recovery(vault);
  return apply(vault, shelf, vault.plan_put_slot(proof, slot, code.slot_key(vault_id(shelf), slot.id), 2000));
}

inline std::string change_passphrase(Vault& vault, Shelf& shelf, const SlotKey& proof, std::uint8_t fill) {
  return apply(vault, shelf, vault.plan_put_slot(proof, new_passphrase(vault), slot_key(fill), 2000));
}

/// Root rotation's list of the ways that stay.
template <class... Keys>
std::vector<SlotKey> kept(Keys... keys) {
  std::vector<SlotKey> list;
  (list.push_back(std::move(keys)), ...);
  return list;
}

inline Vault loaded(Rng& rng, const Shelf& shelf) {
  Vault vault(rng);
  REQUIRE(vault.load(shelf.envelopes, shelf.ledger).ok());
  return vault;
}

inline Vault opened(Rng& rng, const Shelf& shelf, const SlotKey& key) {
  Vault vault = loaded(rng, shelf);
  REQUIRE(vault.unlock(key).ok());
  return vault;
}

inline Errc refusal(Rng& rng, const Shelf& shelf, const SlotKey& key) { return loaded(rng, shelf).unlock(key).error(); }

inline void require_whole_trail(const Vault& vault, const Shelf& shelf) {
  const AuditTrail trail = *vault.audit(shelf.audit);
  REQUIRE_FALSE(trail.broken.has_value());
}

/// Nothing to report, and the trail is one unbroken chain.
inline void require_whole(const Vault& vault, const Shelf& shelf) {
  std::string findings;
  for (const Finding& finding : vault.findings()) findings.append(finding.key).append(" ").append(name(finding.code));
  REQUIRE(findings.empty());
  require_whole_trail(vault, shelf);
}

/// id -> secret, through the front door.
inline std::map<std::string, std::string> secrets_of(const Vault& vault) {
  std::map<std::string, std::string> secrets;
  for (const Record* record : vault.records()) {
    secrets[record->id] = text_of(*vault.open_secret(record->id, record->fields.base));
  }
  return secrets;
}

}  // namespace keyhold::test
