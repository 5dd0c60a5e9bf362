// The kit of hostile vaults, tests/vault-kit: sealed and spoilt by another program, each with what must come of it.
#include <fstream>
#include <sstream>

#include "base/base64.h"
#include "base/json.h"
#include "session/session.h"
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

/// Its bytes, and as many zeros behind them.
Bytes stored_bytes(JsonRef row) {
  Bytes bytes = bytes_at(row, "bytes");
  if (const auto zeros = row.find("zeros")) {
    bytes.resize(bytes.size() + static_cast<std::size_t>(*zeros->integer(0, 1 << 24)));
  }
  return bytes;
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
                insert(shelf, key, stored_bytes(row));
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

SlotKey key_at(JsonRef object, std::string_view member) {
  return *SlotKey::from(SecretBytes::copy_of(bytes_at(object, member)));
}

/// "ok" and the items, or the code.
std::string opened_backup(Session& session, JsonRef kit, JsonRef one) {
  const Bytes file = stored_bytes(*one.field("file"));
  const auto kdf = backup_kdf(file, one.find("large").has_value());
  if (!kdf) return std::string(name(kdf.error()));
  const SlotKey key = one.find("slotKey") ? key_at(one, "slotKey") : key_at(*kit.field("backup"), "slotKey");
  const auto opened = session.open_backup(file, key);
  if (!opened) return std::string(name(opened.error()));
  std::string text = "ok";
  for (const ImportItem& item : session.import()->items) {
    text.append("\n").append(item.key.record.fields.provider).append(" ").append(item.key.record.label);
    text.append(item.usable ? " usable " : " not usable ").append(name(item.state));
  }
  return text;
}

std::string expected_backup(JsonRef expect) {
  std::string text = text_at(expect, "open");
  const auto items = expect.find("items");
  if (!items) return text;
  REQUIRE(items
              ->each([&](JsonRef item) -> Result<void> {
                text.append("\n").append(text_at(item, "provider")).append(" ").append(text_at(item, "label"));
                text.append(*item.field("usable")->boolean() ? " usable " : " not usable ");
                text.append(text_at(item, "state"));
                return {};
              })
              .ok());
  return text;
}

}  // namespace

TEST_CASE("kit: every hostile backup ends as the kit says, and leaves the vault as it was") {
  const Json document = read_kit();
  const JsonRef kit = document.root();
  std::size_t count = 0;
  REQUIRE(kit.field("cases")
              ->each([&](JsonRef one) -> Result<void> {
                if (text_at(one, "kind") != "backup") return {};
                CAPTURE(text_at(one, "name"));
                TestRng rng;
                Session session(rng, Catalogue::builtin().value());
                Shelf shelf;
                REQUIRE(kit.field("rows")
                            ->each_member([&](std::string_view key, JsonRef bytes) -> Result<void> {
                              insert(shelf, key, *parse_base64url(*bytes.text(1 << 20)));
                              return {};
                            })
                            .ok());
                REQUIRE(session.load(shelf.envelopes, shelf.ledger).ok());
                REQUIRE(session.unlock(key_at(kit, "slotKey")).ok());
                const Bytes before = session.copy({});
                CHECK(opened_backup(session, kit, one) == expected_backup(*one.field("expect")));
                CHECK(session.import().has_value() == (text_at(*one.field("expect"), "open") == "ok"));
                CHECK(session.copy({}) == before);
                CHECK(session.findings().empty());
                // The secrets of a sound file, in its order.
                if (text_at(one, "name") == "backup-sound") {
                  std::size_t at = 0;
                  REQUIRE(kit.field("backup")
                              ->field("secrets")
                              ->each([&](JsonRef text) -> Result<void> {
                                CHECK(text_of(session.import()->items.at(at++).key.secret) == *text.text());
                                return {};
                              })
                              .ok());
                  const SlotKdf slot = *backup_kdf(stored_bytes(*one.field("file")), false);
                  const SecretBytes words = SecretBytes::copy_of(bytes_at(*kit.field("backup"), "passphrase"));
                  const auto derived = derive_slot_key(words, slot.salt, slot.kdf);
                  REQUIRE(equal(derived->reveal(), key_at(*kit.field("backup"), "slotKey").reveal()));
                }
                ++count;
                return {};
              })
              .ok());
  CHECK(count >= 60);
}

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
