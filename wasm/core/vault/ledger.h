// ledger: facts about a key that change with use. Sealed rows outside the manifest, so that a use costs no strict write.
#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "base/time.h"
#include "crypto/keys.h"
#include "vault/envelope.h"

namespace keyhold {

struct LedgerRow {
  std::int64_t rev = 0;  // the row's own sequence; 0: never stored
  std::optional<UnixMs> last_used_at;
  std::int64_t uses = 0;  // on the day of last_used_at that the audit trail does not have yet
  struct Check {
    UnixMs at = 0;
    std::string code;  // "ok", or an error's name
  };
  std::optional<Check> last_check;
};

/// `id` is the record's.
Bytes seal_ledger_row(const LedgerRow& row, std::string_view vault, std::string_view id, const SubKey& key, Rng& rng);
/// ERR_TAMPERED, ERR_BAD_FORMAT, ERR_BAD_JSON.
Result<LedgerRow> open_ledger_row(const Envelope& envelope, const SubKey& key);

}  // namespace keyhold
