#include "vault/backup.h"

#include <algorithm>

#include "base/json.h"
#include "crypto/subkeys.h"
#include "vault/read_fields.h"
#include "vault/vault.h"

namespace keyhold {

namespace {

// "KHB1" | u32le slot length | slot | content, both envelopes of one id.
constexpr std::string_view kMagic = "KHB1";
constexpr std::size_t kSlotStart = kMagic.size() + 4;
constexpr std::string_view kId = "backup";

struct Parts {
  Envelope slot;
  Envelope content;
};

Result<Parts> parse_parts(ByteView file) {
  if (file.size() > kMaxBackupBytes) return Errc::ERR_TOO_LARGE;
  if (file.size() < kSlotStart || as_text(file.first(kMagic.size())) != kMagic) return Errc::ERR_BAD_FORMAT;
  std::size_t slot_size = 0;
  for (std::size_t i = 0; i < 4; ++i) slot_size |= std::size_t{file[kMagic.size() + i]} << (8 * i);
  if (slot_size > file.size() - kSlotStart) return Errc::ERR_BAD_FORMAT;
  KEYHOLD_TRY(Envelope slot, parse_envelope(file.subspan(kSlotStart, slot_size)));
  KEYHOLD_TRY(Envelope content, parse_envelope(file.subspan(kSlotStart + slot_size)));
  if (!slot.header.slot || !std::holds_alternative<SlotKdf>(*slot.header.slot)) return Errc::ERR_BAD_FORMAT;
  if (content.header.purpose != Purpose::backup || content.header.id != kId) return Errc::ERR_BAD_FORMAT;
  if (slot.header.vault != content.header.vault) return Errc::ERR_SWAPPED;
  return Parts{std::move(slot), std::move(content)};
}

JsonOut encode_key(const OpenedRecord& key) {
  const Record& record = key.record;
  JsonOut out = JsonOut::object();
  out.set("provider", record.fields.provider).set("base", record.fields.base);
  out.set("header", record.fields.auth_header).set("prefix", record.fields.auth_prefix);
  out.set("label", record.label).set("hint", record.hint);
  out.set("created", record.created_at).set("changed", record.changed_at);
  if (record.expires_at) out.set("expires", *record.expires_at);
  out.set("secret", static_cast<std::int64_t>(key.secret.size()));
  return out;
}

/// `left`: the secrets of this key and all that follow.
Result<OpenedRecord> parse_key(JsonRef object, ByteView& left) {
  KEYHOLD_CHECK(object.only(
      {"provider", "base", "header", "prefix", "label", "hint", "created", "changed", "expires", "secret"}));
  Record record;
  KEYHOLD_TRY(record.fields.provider, read_text(object, "provider", 64));
  KEYHOLD_TRY(record.fields.base, read_text(object, "base", 512));
  KEYHOLD_TRY(record.fields.auth_header, read_text(object, "header", 64));
  KEYHOLD_TRY(record.fields.auth_prefix, read_text(object, "prefix", 32));
  KEYHOLD_TRY(record.label, read_text(object, "label", kMaxLabelBytes));
  KEYHOLD_CHECK(check_label(record.label));
  KEYHOLD_TRY(record.hint, read_text(object, "hint", 16));
  KEYHOLD_TRY(record.created_at, read_count(object, "created"));
  KEYHOLD_TRY(record.changed_at, read_count(object, "changed"));
  if (object.find("expires")) {
    KEYHOLD_TRY(record.expires_at, read_count(object, "expires"));
  }
  KEYHOLD_TRY(const std::int64_t size, read_count(object, "secret"));
  if (static_cast<std::uint64_t>(size) > std::min(left.size(), kMaxSecretBytes)) return Errc::ERR_BAD_FORMAT;
  SecretBytes secret = SecretBytes::copy_of(left.first(static_cast<std::size_t>(size)));
  left = left.subspan(static_cast<std::size_t>(size));
  return OpenedRecord{std::move(record), std::move(secret)};
}

Result<Backup> parse_content(const Body& body) {
  KEYHOLD_TRY(const Json info, Json::parse(as_bytes(body.info), {.max_bytes = kMaxEnvelopeBytes}));
  KEYHOLD_CHECK(info.root().only({"made", "keys", "endpoints"}));
  Backup backup;
  KEYHOLD_TRY(backup.made_at, read_count(info.root(), "made"));
  KEYHOLD_TRY(const JsonRef keys, info.root().field("keys"));
  if (keys.size() > kMaxRecords) return Errc::ERR_TOO_MANY;
  // REVEAL: cut into one secret for each key.
  ByteView left = body.secret.reveal();
  KEYHOLD_CHECK(keys.each([&](JsonRef object) -> Result<void> {
    KEYHOLD_TRY(OpenedRecord key, parse_key(object, left));
    backup.keys.push_back(std::move(key));
    return {};
  }));
  if (!left.empty()) return Errc::ERR_BAD_FORMAT;
  KEYHOLD_TRY(const JsonRef endpoints, info.root().field("endpoints"));
  KEYHOLD_TRY(backup.endpoints, parse_endpoints(endpoints));
  return backup;
}

}  // namespace

BackupKey make_backup_key(const SlotKdf& kdf, const SlotKey& key, Rng& rng) {
  RootKey root = RootKey::make(rng);
  Bytes slot = seal_slot(kId, 1, make_id(rng), kdf, key, root, rng);
  return {std::move(slot), std::move(root)};
}

Bytes seal_backup(const Backup& backup, const BackupKey& key, Rng& rng) {
  JsonOut keys = JsonOut::array();
  std::size_t size = 0;
  for (const OpenedRecord& one : backup.keys) {
    keys.push(encode_key(one));
    size += one.secret.size();
  }
  JsonOut info = JsonOut::object();
  info.set("made", backup.made_at).set("keys", keys).set("endpoints", encode_endpoints(backup.endpoints));
  Body body{info.dump(), SecretBytes(size)};
  auto out = body.secret.fill().begin();
  for (const OpenedRecord& one : backup.keys) {
    // REVEAL: copied into the body that is sealed and wiped here.
    const ByteView secret = one.secret.reveal();
    out = std::copy(secret.begin(), secret.end(), out);
  }
  Bytes file = to_bytes(as_bytes(kMagic));
  for (std::size_t i = 0; i < 4; ++i) file.push_back(static_cast<std::uint8_t>(key.slot.size() >> (8 * i)));
  append(file, key.slot);
  // Its slot was sealed by make_backup_key: it can be read.
  const std::string id = parse_envelope(key.slot)->header.vault;
  const Header header{.purpose = Purpose::backup, .vault = id, .id = std::string(kId)};
  // REVEAL: the subkey seals.
  append(file, seal_envelope(header, body, derive_subkey(key.root, SubKeyId::backup).reveal(), rng));
  return file;
}

Result<SlotKdf> backup_kdf(ByteView file, bool large) {
  KEYHOLD_TRY(const Parts parts, parse_parts(file));
  const SlotKdf kdf = *std::get_if<SlotKdf>(&*parts.slot.header.slot);
  if (kdf.kdf.mem_kib() > kUsualMemKib && !large) return Errc::ERR_KDF_LARGE;
  return kdf;
}

Result<Backup> open_backup(ByteView file, const SlotKey& key) {
  KEYHOLD_TRY(const Parts parts, parse_parts(file));
  KEYHOLD_TRY(const RootKey root, open_slot(parts.slot, key));
  // REVEAL: the subkey opens.
  KEYHOLD_TRY(const Body body, open_envelope(parts.content, derive_subkey(root, SubKeyId::backup).reveal()));
  auto backup = parse_content(body);
  // A file format, not somebody's JSON: one code for all that is wrong with its content.
  if (!backup && backup.error() != Errc::ERR_TOO_MANY) return Errc::ERR_BAD_FORMAT;
  return backup;
}

}  // namespace keyhold
