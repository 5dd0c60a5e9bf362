#include "vault/ledger.h"

#include "base/json.h"
#include "vault/read_fields.h"

namespace keyhold {

Bytes seal_ledger_row(const LedgerRow& row, std::string_view vault, std::string_view id, const SubKey& key, Rng& rng) {
  JsonOut info = JsonOut::object();
  if (row.last_used_at) info.set("used", *row.last_used_at);
  if (row.uses > 0) info.set("uses", row.uses);
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
  KEYHOLD_TRY(const Json info, open_info(envelope, key, {.max_bytes = kMaxHeaderBytes, .max_values = 16}));
  KEYHOLD_CHECK(info.root().only({"used", "uses", "checked"}));
  LedgerRow row;
  row.rev = envelope.header.rev;
  if (info.root().find("used")) {
    KEYHOLD_TRY(row.last_used_at, read_count(info.root(), "used"));
  }
  if (info.root().find("uses")) {
    KEYHOLD_TRY(row.uses, read_count(info.root(), "uses"));
  }
  if (const auto checked = info.root().find("checked")) {
    KEYHOLD_CHECK(checked->only({"at", "code"}));
    LedgerRow::Check& check = row.last_check.emplace(LedgerRow::Check{});
    KEYHOLD_TRY(check.at, read_count(*checked, "at"));
    KEYHOLD_TRY(check.code, read_text(*checked, "code", 64));
  }
  return row;
}

}  // namespace keyhold
