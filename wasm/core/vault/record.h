// record: one stored API key, and what may be shown of it.
#pragma once

#include <optional>
#include <string>

#include "base/time.h"
#include "crypto/keys.h"
#include "vault/envelope.h"
#include "vault/spend.h"

namespace keyhold {

inline constexpr std::size_t kMaxLabelBytes = 256;
inline constexpr std::size_t kMaxSecretBytes = 2048;

/// Everything about a key but the key.
struct Record {
  std::string id;
  std::int64_t rev = 1;
  RecordFields fields;
  std::string label;
  std::string hint;  // last four characters, or empty
  UnixMs created_at = 0;
  UnixMs changed_at = 0;
  std::optional<UnixMs> expires_at;  // as the user entered it: nothing depends on it
  Caps caps;                         // what it may cost
};

Bytes seal_record(const Record& record, std::string_view vault, const SecretBytes& secret, const SubKey& key, Rng& rng);

struct OpenedRecord {
  Record record;
  SecretBytes secret;
};
/// ERR_TAMPERED, or ERR_BAD_FORMAT for content of another form.
Result<OpenedRecord> open_record(const Envelope& envelope, const SubKey& key);

/// ERR_BAD_INPUT for an empty or too long label, or one with control characters.
Result<void> check_label(std::string_view label);

}  // namespace keyhold
