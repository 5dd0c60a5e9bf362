#include "vault/record.h"

#include <algorithm>

#include "base/json.h"
#include "vault/read_fields.h"

namespace keyhold {

Bytes seal_record(const Record& record, std::string_view vault, const SecretBytes& secret, const SubKey& key,
                  Rng& rng) {
  Header header{.purpose = Purpose::record, .vault = std::string(vault), .id = record.id};
  header.rev = record.rev;
  header.record = record.fields;
  JsonOut info = JsonOut::object();
  info.set("label", record.label).set("hint", record.hint);
  info.set("created", record.created_at).set("changed", record.changed_at);
  if (record.expires_at) info.set("expires", *record.expires_at);
  if (record.caps.any()) info.set("caps", encode_caps(record.caps));
  // REVEAL: copied into the body that is sealed and wiped here; the subkey seals it.
  const Body body{info.dump(), SecretBytes::copy_of(secret.reveal())};
  return seal_envelope(header, body, key.reveal(), rng);
}

Result<OpenedRecord> open_record(const Envelope& envelope, const SubKey& key) {
  // REVEAL: the subkey opens.
  KEYHOLD_TRY(Body body, open_envelope(envelope, key.reveal()));
  KEYHOLD_TRY(const Json info, Json::parse(as_bytes(body.info), {.max_bytes = kMaxHeaderBytes, .max_values = 32}));
  KEYHOLD_CHECK(info.root().only({"label", "hint", "created", "changed", "expires", "caps"}));
  Record record;
  record.id = envelope.header.id;
  record.rev = envelope.header.rev;
  record.fields = *envelope.header.record;
  KEYHOLD_TRY(record.label, read_text(info.root(), "label", kMaxLabelBytes));
  KEYHOLD_TRY(record.hint, read_text(info.root(), "hint", 16));
  KEYHOLD_TRY(record.created_at, read_count(info.root(), "created"));
  KEYHOLD_TRY(record.changed_at, read_count(info.root(), "changed"));
  if (info.root().find("expires")) {
    KEYHOLD_TRY(record.expires_at, read_count(info.root(), "expires"));
  }
  if (const auto caps = info.root().find("caps")) {
    KEYHOLD_TRY(record.caps, parse_caps(*caps));
  }
  return OpenedRecord{std::move(record), std::move(body.secret)};
}

Result<void> check_label(std::string_view label) {
  if (label.empty() || label.size() > kMaxLabelBytes) return Errc::ERR_BAD_INPUT;
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::any_of(label.begin(), label.end(), control)) return Errc::ERR_BAD_INPUT;
  return {};
}

}  // namespace keyhold
