// The kit of hostile vaults, tests/vault-kit: sealed and spoilt by another program, each with what must come of it.
#include <fstream>
#include <sstream>

#include "base/base64.h"
#include "base/json.h"
#include "vault/ways.h"

using namespace keyhold;
using namespace keyhold::test;

namespace {

std::string text_at(JsonRef object, std::string_view key) { return std::string(*object.field(key)->text()); }
Bytes bytes_at(JsonRef object, std::string_view key) { return *parse_base64url(*object.field(key)->text(1 << 20)); }

Json read_kit() {
  std::ifstream file(std::string(KEYHOLD_SOURCE_DIR) + "/tests/vault-kit/kit.json");
  std::stringstream text;
  text << file.rdbuf();
  auto kit = Json::parse(as_bytes(text.str()));
  REQUIRE(kit.ok());
  return *std::move(kit);
}

void insert(Shelf& shelf, std::string_view key, Bytes bytes) {
  shelf.store_of(key).insert_or_assign(std::string(key), std::move(bytes));
}

/// The kit's rows with what the case changes.
Shelf shelf_of(JsonRef kit, JsonRef one) {
  Shelf shelf;
  REQUIRE(kit.field("rows")
              ->each_member([&](std::string_view key, JsonRef bytes) -> Result<void> {
                insert(shelf, key, *parse_base64url(*bytes.text(1 << 20)));
                return {};
              })
              .ok());
  REQUIRE(one.field("drop")
              ->each([&](JsonRef key) -> Result<void> {
                const std::string row(*key.text());
                shelf.store_of(row).erase(row);
                return {};
              })
              .ok());
  REQUIRE(one.field("put")
              ->each_member([&](std::string_view key, JsonRef row) -> Result<void> {
                Bytes bytes = bytes_at(row, "bytes");
                if (const auto zeros = row.find("zeros")) {
                  bytes.resize(bytes.size() + static_cast<std::size_t>(*zeros->integer(0, 1 << 24)));
                }
                insert(shelf, key, std::move(bytes));
                return {};
              })
              .ok());
  return shelf;
}

std::string line(std::string_view key, std::string_view kind, std::string_view code) {
  return std::string(key).append(" ").append(kind).append(" ").append(code).append("\n");
}

std::string expected_findings(JsonRef expect) {
  std::string lines;
  REQUIRE(expect.field("findings")
              ->each([&](JsonRef finding) -> Result<void> {
                lines += line(text_at(finding, "key"), text_at(finding, "kind"), text_at(finding, "code"));
                return {};
              })
              .ok());
  return lines;
}

std::string findings_of(const Vault& vault) {
  std::set<std::string> lines;
  for (const Finding& finding : vault.findings())
    lines.insert(line(finding.key, name(finding.kind), name(finding.code)));
  std::string text;
  for (const std::string& one : lines) text += one;
  return text;
}

void agrees(const Vault& vault, JsonRef kit, JsonRef expect, const Shelf& shelf) {
  CHECK(findings_of(vault) == expected_findings(expect));
  const std::string base = text_at(kit, "base");
  std::set<std::string> usable;
  REQUIRE(expect.field("keys")
              ->each([&](JsonRef id) -> Result<void> {
                usable.emplace(*id.text());
                return {};
              })
              .ok());
  REQUIRE(kit.field("secrets")
              ->each_member([&](std::string_view id, JsonRef text) -> Result<void> {
                const auto opened_secret = vault.open_secret(id, base);
                CHECK(opened_secret.ok() == usable.contains(std::string(id)));
                if (opened_secret) CHECK(text_of(*opened_secret) == *text.text());
                CHECK_FALSE(vault.open_secret(id, "https://evil.example/v1/").ok());
                return {};
              })
              .ok());
  CHECK(vault.records().size() == usable.size());
  // Without a sound manifest nothing is known of the trail.
  if (findings_of(vault).find("manifest ") == 0 || findings_of(vault).find("\nmanifest ") != std::string::npos) return;
  const JsonRef broken = *expect.field("audit");
  const AuditTrail trail = *vault.audit(shelf.audit);
  CHECK(trail.broken.has_value() != broken.is_null());
  if (trail.broken) CHECK(*trail.broken == *broken.integer(1, 1000));
}

}  // namespace

TEST_CASE("kit: the passphrase gives the slot key, and every hostile vault ends as the kit says") {
  const Json document = read_kit();
  const JsonRef kit = document.root();
  const SecretBytes slot_key_bytes = SecretBytes::copy_of(bytes_at(kit, "slotKey"));
  std::size_t count = 0;
  REQUIRE(kit.field("cases")
              ->each([&](JsonRef one) -> Result<void> {
                if (text_at(one, "kind") != "vault") return {};
                CAPTURE(text_at(one, "name"));
                const Shelf shelf = shelf_of(kit, one);
                TestRng rng;
                Vault vault(rng);
                REQUIRE(*vault.load(shelf.envelopes, shelf.ledger) == VaultState::locked);
                if (count++ == 0) {
                  const SlotKdf slot = *vault.passphrase_slot();
                  const auto key =
                      derive_slot_key(SecretBytes::copy_of(bytes_at(kit, "passphrase")), slot.salt, slot.kdf);
                  REQUIRE(equal(key->reveal(), slot_key_bytes.reveal()));
                }
                const auto unlocked = vault.unlock(*SlotKey::from(SecretBytes::copy_of(slot_key_bytes.reveal())));
                const JsonRef expect = *one.field("expect");
                CHECK(std::string(unlocked ? "ok" : name(unlocked.error())) == text_at(expect, "unlock"));
                CHECK(vault.state() == (unlocked ? VaultState::unlocked : VaultState::locked));
                // Nobody loses a row by looking.
                CHECK(vault.plan_create(slot_fields(), slot_key(), 1).error() == Errc::ERR_WRONG_STATE);
                if (unlocked) agrees(vault, kit, expect, shelf);
                return {};
              })
              .ok());
  CHECK(count >= 90);
}
