// header: the JSON at the front of an envelope, written and read.
#include "vault/header.h"

#include "base/base64.h"
#include "base/json.h"
#include "vault/read_fields.h"

namespace keyhold {

namespace {

constexpr std::size_t kIdBytes = 16;
constexpr Purpose kPurposes[] = {Purpose::slot,     Purpose::record, Purpose::manifest, Purpose::page,
                                 Purpose::settings, Purpose::ledger, Purpose::audit,    Purpose::backup,
                                 Purpose::usage,    Purpose::spend,  Purpose::late};

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

/// Exactly as many bytes as `into` has.
Result<void> read_bytes(JsonRef field, std::span<std::uint8_t> into) {
  KEYHOLD_TRY(const std::string_view text, field.text(64));
  KEYHOLD_TRY(const Bytes bytes, parse_base64url(text));
  if (bytes.size() != into.size()) return Errc::ERR_BAD_FORMAT;
  std::copy(bytes.begin(), bytes.end(), into.begin());
  return {};
}

Result<SlotFields> read_kdf(JsonRef object) {
  KEYHOLD_CHECK(object.only({"purpose", "vault", "id", "rev", "kind", "kdf"}));
  KEYHOLD_TRY(const JsonRef kdf, object.field("kdf"));
  KEYHOLD_CHECK(kdf.only({"alg", "salt", "t", "m"}));
  KEYHOLD_TRY(const std::string algorithm, read_text(kdf, "alg", 16));
  if (algorithm != "argon2id") return Errc::ERR_BAD_FORMAT;
  KEYHOLD_TRY(const std::int64_t passes, read_count(kdf, "t", 0));
  KEYHOLD_TRY(const std::int64_t mem_kib, read_count(kdf, "m", 0));
  KEYHOLD_TRY(const KdfParams params, KdfParams::from(passes, mem_kib));
  KEYHOLD_TRY(const JsonRef salt, kdf.field("salt"));
  SlotKdf fields{params, {}};
  KEYHOLD_CHECK(read_bytes(salt, fields.salt));
  return SlotFields(fields);
}

Result<SlotFields> read_passkey(JsonRef object) {
  KEYHOLD_CHECK(object.only({"purpose", "vault", "id", "rev", "kind", "credential", "rp", "prf"}));
  PasskeyFields fields;
  KEYHOLD_TRY(const std::string credential, read_text(object, "credential", kMaxCredentialBytes * 4 / 3 + 1));
  KEYHOLD_TRY(fields.credential, parse_base64url(credential));
  if (fields.credential.empty()) return Errc::ERR_BAD_FORMAT;
  KEYHOLD_TRY(fields.rp, read_text(object, "rp", kMaxRpBytes));
  KEYHOLD_TRY(const JsonRef salts, object.field("prf"));
  if (salts.size() != fields.salts.size()) return Errc::ERR_BAD_FORMAT;
  auto into = fields.salts.begin();
  KEYHOLD_CHECK(salts.each([&](JsonRef salt) { return read_bytes(salt, *into++); }));
  return SlotFields(std::move(fields));
}

Result<SlotFields> read_slot(JsonRef object) {
  KEYHOLD_TRY(const std::string kind, read_text(object, "kind", 16));
  if (kind == "passphrase") return read_kdf(object);
  if (kind == "passkey") return read_passkey(object);
  if (kind != "recovery") return Errc::ERR_BAD_FORMAT;
  KEYHOLD_CHECK(object.only({"purpose", "vault", "id", "rev", "kind"}));
  return SlotFields(RecoveryFields{});
}

Result<ManifestFields> read_manifest(JsonRef object) {
  KEYHOLD_CHECK(object.only({"purpose", "vault", "id", "rev", "generation", "epoch", "slots"}));
  ManifestFields fields{};
  KEYHOLD_TRY(fields.generation, read_count(object, "generation", 1));
  KEYHOLD_TRY(fields.epoch, read_count(object, "epoch", 1));
  KEYHOLD_TRY(const JsonRef slots, object.field("slots"));
  KEYHOLD_CHECK(slots.each_member([&](std::string_view id, JsonRef text) -> Result<void> {
    return read_bytes(text, fields.slots[std::string(id)]);
  }));
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
      KEYHOLD_TRY(header.slot, read_slot(object));
      return {};
    }
    case Purpose::record: {
      KEYHOLD_CHECK(object.only({"purpose", "vault", "id", "rev", "provider", "base", "auth"}));
      KEYHOLD_TRY(header.record, read_record(object));
      return {};
    }
    case Purpose::manifest: {
      KEYHOLD_TRY(header.manifest, read_manifest(object));
      return {};
    }
    case Purpose::audit: {
      KEYHOLD_CHECK(object.only({"purpose", "vault", "id", "rev", "before"}));
      KEYHOLD_TRY(const JsonRef before, object.field("before"));
      return read_bytes(before, header.audit.emplace().before);
    }
    case Purpose::page:
      // The first character of what it lists.
      if (header.id.size() != 1 || !is_base64url_digit(header.id[0])) return Errc::ERR_BAD_FORMAT;
      [[fallthrough]];
    case Purpose::settings:
    case Purpose::ledger:
    case Purpose::usage:
    case Purpose::spend:
    case Purpose::late:
    case Purpose::backup: return object.only({"purpose", "vault", "id", "rev"});
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

void encode_slot(const SlotFields& slot, JsonOut& out) {
  out.set("kind", kind_name(slot));
  if (const auto* by_passphrase = std::get_if<SlotKdf>(&slot)) {
    JsonOut kdf = JsonOut::object();
    kdf.set("alg", "argon2id").set("salt", encode_base64url(by_passphrase->salt));
    kdf.set("t", std::int64_t{by_passphrase->kdf.passes()}).set("m", std::int64_t{by_passphrase->kdf.mem_kib()});
    out.set("kdf", kdf);
  }
  if (const auto* passkey = std::get_if<PasskeyFields>(&slot)) {
    JsonOut salts = JsonOut::array();
    for (const auto& salt : passkey->salts) salts.push(encode_base64url(salt));
    out.set("credential", encode_base64url(passkey->credential)).set("rp", passkey->rp).set("prf", salts);
  }
}

}  // namespace

std::string encode_header(const Header& header) {
  JsonOut out = JsonOut::object();
  out.set("purpose", name(header.purpose)).set("vault", header.vault).set("id", header.id).set("rev", header.rev);
  if (header.slot) encode_slot(*header.slot, out);
  if (header.record) {
    JsonOut auth = JsonOut::object();
    auth.set("header", header.record->auth_header).set("prefix", header.record->auth_prefix);
    out.set("provider", header.record->provider).set("base", header.record->base).set("auth", auth);
  }
  if (header.manifest) {
    JsonOut slots = JsonOut::object();
    for (const auto& [id, digest] : header.manifest->slots) slots.set(id, encode_base64url(digest));
    out.set("generation", header.manifest->generation).set("epoch", header.manifest->epoch).set("slots", slots);
  }
  if (header.audit) out.set("before", encode_base64url(header.audit->before));
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
