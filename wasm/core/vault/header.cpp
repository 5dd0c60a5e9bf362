// header: the JSON at the front of an envelope, written and read.
#include "vault/header.h"

#include "base/base64.h"
#include "base/json.h"

namespace keyhold {

namespace {

constexpr std::int64_t kMaxCount = std::int64_t{1} << 53;  // what a JavaScript number can count
constexpr std::size_t kIdBytes = 16;
constexpr Purpose kPurposes[] = {Purpose::slot, Purpose::record, Purpose::manifest, Purpose::settings, Purpose::ledger};

Result<std::string> read_text(JsonRef object, std::string_view key, std::size_t max) {
  KEYHOLD_TRY(const JsonRef field, object.field(key));
  KEYHOLD_TRY(const std::string_view text, field.text(max));
  return std::string(text);
}

Result<std::int64_t> read_count(JsonRef object, std::string_view key, std::int64_t min) {
  KEYHOLD_TRY(const JsonRef field, object.field(key));
  return field.integer(min, kMaxCount);
}

Result<Purpose> read_purpose(JsonRef object) {
  KEYHOLD_TRY(const std::string text, read_text(object, "purpose", 16));
  for (const Purpose purpose : kPurposes) {
    if (text == name(purpose)) return purpose;
  }
  return Errc::ERR_BAD_FORMAT;
}

Result<std::string> read_vault(JsonRef object) {
  KEYHOLD_TRY(std::string vault, read_text(object, "vault", 32));
  KEYHOLD_TRY(const Bytes bytes, parse_base64url(vault));
  if (bytes.size() != kIdBytes) return Errc::ERR_BAD_FORMAT;
  return vault;
}

Result<SlotFields> read_slot(JsonRef object) {
  KEYHOLD_TRY(const std::string kind, read_text(object, "kind", 16));
  if (kind != "passphrase") return Errc::ERR_BAD_FORMAT;
  KEYHOLD_TRY(const JsonRef kdf, object.field("kdf"));
  KEYHOLD_CHECK(kdf.only({"alg", "salt", "t", "m"}));
  KEYHOLD_TRY(const std::string algorithm, read_text(kdf, "alg", 16));
  if (algorithm != "argon2id") return Errc::ERR_BAD_FORMAT;
  KEYHOLD_TRY(const std::int64_t passes, read_count(kdf, "t", 0));
  KEYHOLD_TRY(const std::int64_t mem_kib, read_count(kdf, "m", 0));
  KEYHOLD_TRY(const KdfParams params, KdfParams::from(passes, mem_kib));
  KEYHOLD_TRY(const std::string salt_text, read_text(kdf, "salt", 32));
  KEYHOLD_TRY(const Bytes salt_bytes, parse_base64url(salt_text));
  SlotFields fields{params, {}};
  if (salt_bytes.size() != fields.salt.size()) return Errc::ERR_BAD_FORMAT;
  std::copy(salt_bytes.begin(), salt_bytes.end(), fields.salt.begin());
  return fields;
}

Result<RecordFields> read_record(JsonRef object) {
  RecordFields fields;
  KEYHOLD_TRY(fields.provider, read_text(object, "provider", 64));
  KEYHOLD_TRY(fields.base, read_text(object, "base", 512));
  KEYHOLD_TRY(const JsonRef auth, object.field("auth"));
  KEYHOLD_CHECK(auth.only({"header", "prefix"}));
  KEYHOLD_TRY(fields.auth_header, read_text(auth, "header", 64));
  KEYHOLD_TRY(fields.auth_prefix, read_text(auth, "prefix", 32));
  return fields;
}

Result<void> read_fields(JsonRef object, Header& header) {
  switch (header.purpose) {
    case Purpose::slot: {
      KEYHOLD_CHECK(object.only({"purpose", "vault", "id", "rev", "kind", "kdf"}));
      KEYHOLD_TRY(header.slot, read_slot(object));
      return {};
    }
    case Purpose::record: {
      KEYHOLD_CHECK(object.only({"purpose", "vault", "id", "rev", "provider", "base", "auth"}));
      KEYHOLD_TRY(header.record, read_record(object));
      return {};
    }
    case Purpose::manifest: {
      KEYHOLD_CHECK(object.only({"purpose", "vault", "id", "rev", "generation", "epoch"}));
      ManifestFields fields{};
      KEYHOLD_TRY(fields.generation, read_count(object, "generation", 1));
      KEYHOLD_TRY(fields.epoch, read_count(object, "epoch", 1));
      header.manifest = fields;
      return {};
    }
    case Purpose::settings:
    case Purpose::ledger: return object.only({"purpose", "vault", "id", "rev"});
  }
  return Errc::ERR_BAD_FORMAT;
}

Result<Header> read_header(JsonRef object) {
  Header header;
  KEYHOLD_TRY(header.purpose, read_purpose(object));
  KEYHOLD_TRY(header.vault, read_vault(object));
  KEYHOLD_TRY(header.id, read_text(object, "id", 32));
  KEYHOLD_TRY(header.rev, read_count(object, "rev", 1));
  KEYHOLD_CHECK(read_fields(object, header));
  return header;
}

}  // namespace

std::string encode_header(const Header& header) {
  JsonOut out = JsonOut::object();
  out.set("purpose", name(header.purpose)).set("vault", header.vault).set("id", header.id).set("rev", header.rev);
  if (header.slot) {
    JsonOut kdf = JsonOut::object();
    kdf.set("alg", "argon2id").set("salt", encode_base64url(header.slot->salt));
    kdf.set("t", std::int64_t{header.slot->kdf.passes()}).set("m", std::int64_t{header.slot->kdf.mem_kib()});
    out.set("kind", "passphrase").set("kdf", kdf);
  }
  if (header.record) {
    JsonOut auth = JsonOut::object();
    auth.set("header", header.record->auth_header).set("prefix", header.record->auth_prefix);
    out.set("provider", header.record->provider).set("base", header.record->base).set("auth", auth);
  }
  if (header.manifest) {
    out.set("generation", header.manifest->generation).set("epoch", header.manifest->epoch);
  }
  return out.dump();
}

Result<Header> parse_header(ByteView text) {
  auto document = Json::parse(text, {.max_bytes = kMaxHeaderBytes, .max_values = 64});
  if (!document) return Errc::ERR_BAD_FORMAT;
  auto header = read_header(document->root());
  // A header is a file format, not somebody's JSON: one code for all that is wrong with it, but for unsafe strength.
  if (!header && header.error() != Errc::ERR_KDF_BOUNDS) return Errc::ERR_BAD_FORMAT;
  return header;
}

}  // namespace keyhold
