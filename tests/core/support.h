// support: what the tests of the core share: a repeatable generator and a shelf in the place of IndexedDB.
#pragma once

#include <catch2/catch.hpp>
#include <string>

#include "base/bytes.h"
#include "base/rng.h"
#include "base/secret.h"
#include "crypto/kdf.h"
#include "vault/vault.h"

namespace Catch {
template <>
struct StringMaker<keyhold::Errc> {
  static std::string convert(keyhold::Errc code) { return std::string(keyhold::name(code)); }
};
}  // namespace Catch

namespace keyhold::test {

/// xorshift64*: repeatable, and different for each seed.
class TestRng final : public Rng {
 public:
  explicit TestRng(std::uint64_t seed = 1) : state_(seed * 0x9e3779b97f4a7c15ULL + 1) {}
  void fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(next() >> 32);
  }
  std::uint64_t next() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return state_ * 0x2545f4914f6cdd1dULL;
  }
  std::size_t below(std::size_t limit) { return static_cast<std::size_t>(next() % limit); }

 private:
  std::uint64_t state_;
};

inline SecretBytes secret(std::string_view text) { return SecretBytes::copy_of(as_bytes(text)); }

/// A slot key without the slow derivation.
inline SlotKey slot_key(std::uint8_t fill = 7) {
  SecretBytes bytes(kKeyBytes);
  std::fill(bytes.fill().begin(), bytes.fill().end(), fill);
  return SlotKey::from(std::move(bytes)).value();
}

inline SlotKdf slot_fields() { return {KdfParams::standard(), Salt{1, 2, 3}}; }

inline RecordFields openai_fields() { return {"openai", "https://api.openai.com/v1/", "authorization", "Bearer "}; }

/// Does with a plan what the worker does: compares the manifest, then writes all or nothing.
struct Shelf {
  Rows envelopes;
  Rows ledger;
  Rows audit;
  Rows usage;

  Rows& store_of(std::string_view key) {
    if (is_usage_row(key)) return usage;
    return key.starts_with("audit/") ? audit : key.starts_with("ledger/") ? ledger : envelopes;
  }

  Result<void> write(const Plan& plan) {
    const auto manifest = envelopes.find("manifest");
    const bool same =
        plan.base ? manifest != envelopes.end() && manifest->second == *plan.base : manifest == envelopes.end();
    if (!same) return Errc::ERR_STALE;
    for (const auto& [key, bytes] : plan.puts) store_of(key).insert_or_assign(key, bytes);
    for (const std::string& key : plan.deletes) store_of(key).erase(key);
    return {};
  }
};

/// Plans are written and committed; gives the id.
inline std::string apply(Vault& vault, Shelf& shelf, Result<Plan> plan) {
  REQUIRE(plan.ok());
  REQUIRE(shelf.write(*plan).ok());
  REQUIRE(vault.commit().ok());
  return plan->id;
}

inline void create(Vault& vault, Shelf& shelf) {
  apply(vault, shelf, vault.plan_create(slot_fields(), slot_key(), 1000));
}

inline std::string add(Vault& vault, Shelf& shelf, std::string_view label, std::string_view key,
                       const RecordFields& fields = openai_fields(), UnixMs now = 1000) {
  return apply(vault, shelf, vault.plan_add(fields, label, "1234", secret(key), now));
}

inline std::string text_of(const SecretBytes& bytes) { return std::string(as_text(bytes.reveal())); }

}  // namespace keyhold::test
