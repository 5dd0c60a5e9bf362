#include "vault/ledger.h"

#include "base/json.h"

namespace keyhold {

namespace {

constexpr std::int64_t kMaxTime = std::int64_t{1} << 53;

}  // namespace

Bytes seal_ledger_row(const LedgerRow& row, std::string_view vault, std::string_view id, const SubKey& key, Rng& rng) {
  JsonOut info = JsonOut::object();
  if (row.last_used_at) info.set("used", *row.last_used_at);
  if (row.last_check) {
    JsonOut check = JsonOut::object();
    check.set("at", row.last_check->at).set("code", row.last_check->code);
    info.set("checked", check);
  }
  Header header{.purpose = Purpose::ledger, .vault = std::string(vault), .id = std::string(id)};
  header.rev = row.rev;
  // REVEAL: the subkey seals.
  return seal_envelope(header, Body{info.dump(), {}}, key.reveal(), rng);
}

Result<LedgerRow> open_ledger_row(const Envelope& envelope, const SubKey& key) {
  // REVEAL: the subkey opens.
  KEYHOLD_TRY(const Body body, open_envelope(envelope, key.reveal()));
  KEYHOLD_TRY(const Json info, Json::parse(as_bytes(body.info), {.max_bytes = kMaxHeaderBytes, .max_values = 16}));
  KEYHOLD_CHECK(info.root().only({"used", "checked"}));
  LedgerRow row;
  row.rev = envelope.header.rev;
  if (const auto used = info.root().find("used")) {
    KEYHOLD_TRY(row.last_used_at, used->integer(0, kMaxTime));
  }
  if (const auto checked = info.root().find("checked")) {
    KEYHOLD_CHECK(checked->only({"at", "code"}));
    KEYHOLD_TRY(const JsonRef at, checked->field("at"));
    KEYHOLD_TRY(const std::int64_t time, at.integer(0, kMaxTime));
    KEYHOLD_TRY(const JsonRef code, checked->field("code"));
    KEYHOLD_TRY(const std::string_view text, code.text(64));
    row.last_check = LedgerRow::Check{time, std::string(text)};
  }
  return row;
}

}  // namespace keyhold
