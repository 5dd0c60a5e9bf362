// Backups from anywhere. As a file: raw bytes never open. Behind the seal: arbitrary content is sealed as a backup's is
// and opened, so that its reader is reached; whatever opens is written again and read as the same, and goes on through
// the preview into a vault, which is whole afterwards. Input: the facts, and after the first NUL the secrets.
#include <algorithm>
#include <set>

#include "crypto/subkeys.h"
#include "crypto/system_rng.h"
#include "session/session.h"
#include "vault/backup.h"

using namespace keyhold;

namespace {

constexpr std::string_view kFile = "VVVVVVVVVVVVVVVVVVVVVQ";

SlotKey fixed_key() { return SlotKey::from(SecretBytes(kKeyBytes)).value(); }
SlotKdf fixed_kdf() { return {KdfParams::standard(), Salt{1, 2, 3}}; }

struct World {
  SystemRng rng;
  SlotKey key = fixed_key();
  RootKey root = RootKey::from(SecretBytes(kKeyBytes)).value();
  SubKey content_key = derive_subkey(root, SubKeyId::backup);
  Bytes slot = seal_slot("backup", 1, kFile, fixed_kdf(), key, root, rng);

  /// docs/vault-format.md: "KHB1" | u32le slot length | slot | content.
  Bytes file_of(ByteView info, ByteView secrets) {
    Bytes file = to_bytes(as_bytes("KHB1"));
    for (std::size_t i = 0; i < 4; ++i) file.push_back(static_cast<std::uint8_t>(slot.size() >> (8 * i)));
    append(file, slot);
    const Header header{.purpose = Purpose::backup, .vault = std::string(kFile), .id = "backup"};
    const Body body{std::string(as_text(info)), SecretBytes::copy_of(secrets)};
    append(file, seal_envelope(header, body, content_key.reveal(), rng));
    return file;
  }
};

bool same(const OpenedRecord& a, const OpenedRecord& b) {
  return a.record.fields == b.record.fields && a.record.label == b.record.label && a.record.hint == b.record.hint &&
         a.record.created_at == b.record.created_at && a.record.changed_at == b.record.changed_at &&
         a.record.expires_at == b.record.expires_at && a.secret.size() == b.secret.size() &&
         equal(a.secret.reveal(), b.secret.reveal());
}

bool same(const Backup& a, const Backup& b) {
  return a.made_at == b.made_at &&
         std::equal(a.keys.begin(), a.keys.end(), b.keys.begin(), b.keys.end(),
                    [](const OpenedRecord& x, const OpenedRecord& y) { return same(x, y); }) &&
         std::equal(a.endpoints.begin(), a.endpoints.end(), b.endpoints.begin(), b.endpoints.end(),
                    [](const CustomEndpoint& x, const CustomEndpoint& y) {
                      return x.id == y.id && x.name == y.name && x.base == y.base;
                    });
}

/// Into a vault that has a key already; every second usable item is added, the others take an old key's place if they can.
void take_over(ByteView file, World& world) {
  static const Catalogue catalogue = Catalogue::builtin().value();
  Session session(world.rng, catalogue);
  const SlotKey way_in = fixed_key();
  if (!session.plan_create(fixed_kdf(), way_in, 1).ok() || !session.commit()) __builtin_trap();
  if (!session.plan_add("openai", "work", SecretBytes::copy_of(as_bytes("sk-abcdefghijklmnop")), 2) ||
      !session.commit()) {
    __builtin_trap();
  }
  if (!session.open_backup(file, world.key)) __builtin_trap();
  std::vector<ImportChoice> choices;
  for (const ImportItem& item : session.import()->items) {
    const bool replace = choices.size() % 2 == 1 && !item.existing.empty();
    choices.push_back(!item.usable ? ImportChoice::skip : replace ? ImportChoice::replace : ImportChoice::add);
  }
  // No two take the place of one key: the first of them would be lost.
  std::set<std::string> replaced;
  for (const ImportItem& item : session.import()->items) {
    if (item.state == ImportItem::State::differs && !replaced.insert(item.existing).second) __builtin_trap();
  }
  const std::size_t before = session.keys().size();
  const auto plan = session.plan_import(choices, 3);
  if (!plan) return;
  if (!session.commit()) __builtin_trap();
  std::size_t added = 0;
  for (const ImportChoice choice : choices) added += choice == ImportChoice::add ? 1 : 0;
  if (!session.findings().empty() || session.keys().size() != before + added) __builtin_trap();
  // Whatever was taken over can be used where it is sealed to, or checked again: it has a provider of that address.
  for (const KeyView& key : session.keys()) {
    const auto call = session.models(key.record->id, 4);
    if (!call && call.error() == Errc::ERR_ENDPOINT_MISMATCH) __builtin_trap();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  static World world;

  for (const bool large : {false, true}) {
    const auto kdf = backup_kdf(input, large);
    if (kdf && !large && kdf->kdf.mem_kib() > kUsualMemKib) __builtin_trap();
  }
  if (open_backup(input, world.key).ok()) __builtin_trap();

  const auto nul = std::find(input.begin(), input.end(), 0);
  const auto info = input.first(static_cast<std::size_t>(nul - input.begin()));
  const auto secrets = nul == input.end() ? ByteView() : input.subspan(info.size() + 1);
  const Bytes file = world.file_of(info, secrets);
  if (!backup_kdf(file, false)) __builtin_trap();
  const auto backup = open_backup(file, world.key);
  if (!backup) return 0;
  if (backup->keys.size() > kMaxRecords || backup->endpoints.size() > kMaxCustomEndpoints) __builtin_trap();
  const auto again =
      open_backup(seal_backup(*backup, make_backup_key(fixed_kdf(), world.key, world.rng), world.rng), world.key);
  if (!again || !same(*backup, *again)) __builtin_trap();
  take_over(file, world);
  return 0;
}
