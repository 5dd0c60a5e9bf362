// The golden vault of format 1: whatever changes, this file opens for ever. Made by tests/vectors/make-vault-v1.mjs.
#include <fstream>
#include <sstream>

#include "base/base64.h"
#include "base/json.h"
#include "support.h"
#include "vault/vault.h"

using namespace keyhold;
using namespace keyhold::test;

namespace {

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

Bytes bytes_at(JsonRef object, std::string_view key) {
  return parse_base64url(object.field(key)->text(1 << 20).value()).value();
}

std::string text_at(JsonRef object, std::string_view key) { return std::string(*object.field(key)->text()); }

Rows rows_at(JsonRef object, std::string_view key) {
  Rows rows;
  REQUIRE(object.field(key)
              ->each([&](JsonRef row) -> Result<void> {
                rows.emplace(text_at(row, "key"), bytes_at(row, "bytes"));
                return {};
              })
              .ok());
  return rows;
}

}  // namespace

TEST_CASE("golden: the vault of format 1 opens, passphrase to key") {
  const std::string text = read_file(std::string(KEYHOLD_SOURCE_DIR) + "/tests/vectors/vault-v1.json");
  REQUIRE_FALSE(text.empty());
  const Json golden = *Json::parse(as_bytes(text));
  TestRng rng;
  Vault vault(rng);
  REQUIRE(*vault.load(rows_at(golden.root(), "envelopes"), rows_at(golden.root(), "ledger")) == VaultState::locked);
  const SlotKdf slot = *vault.passphrase_slot();
  const SecretBytes passphrase = SecretBytes::copy_of(bytes_at(golden.root(), "passphrase"));
  REQUIRE(vault.unlock(*derive_slot_key(passphrase, slot.salt, slot.kdf)).ok());
  CHECK(vault.findings().empty());
  std::size_t count = 0;
  REQUIRE(golden.root()
              .field("records")
              ->each([&](JsonRef expected) -> Result<void> {
                const Record* record = vault.find(text_at(expected, "id"));
                REQUIRE(record != nullptr);
                CHECK(record->label == text_at(expected, "label"));
                CHECK(record->fields.provider == text_at(expected, "provider"));
                CHECK(text_of(*vault.open_secret(record->id, text_at(expected, "base"))) ==
                      text_at(expected, "secret"));
                ++count;
                return {};
              })
              .ok());
  CHECK(vault.records().size() == count);
}
