// audit: what was done with the vault, as a chain of sealed entries. Each names the digest of the one before it, and the
// manifest the digest of the last: none can be changed, dropped or put back unseen. Never holds a key.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/time.h"
#include "crypto/keys.h"
#include "vault/envelope.h"

namespace keyhold {

inline constexpr std::int64_t kMaxAuditEntries = 10'000;
/// The oldest entries go this many at a time; the manifest keeps the digest at each such step.
inline constexpr std::int64_t kAuditStep = 1'000;

enum class AuditAction {
  create,
  unlock,
  unlock_failed,
  key_add,
  key_replace,
  key_label,
  key_delete,
  key_default,
  key_check,
  key_expires,
  key_order,
  use,
  slot_add,
  slot_remove,
  slot_name,
  passphrase_change,
  root_rotate,
  exported,
  imported,
  repair,
  endpoint_add,
  endpoint_remove,
  settings,
  trail_restart,
  key_reflected,
  key_caps,
  auto_save,
  auto_save_end,
  failover,
  failover_end,
  grant,
  grant_end,
  app_key,
  receipt_refused,
};
/// With dashes: "key-add".
std::string_view name(AuditAction action) noexcept;

struct AuditEvent {
  AuditEvent(AuditAction did, UnixMs when) : action(did), at(when) {}
  AuditAction action;
  UnixMs at;
  std::string code = "ok";  // or an error's name
  std::string provider;     // empty where there is none; so are the next two
  std::string subject;      // id of the key, slot or endpoint
  std::string label;        // its name at that time
  std::int64_t count = 1;   // of `use` and failed unlocks: how often
};

/// What the manifest knows of the chain: entries `first` to `last` are kept.
struct AuditHead {
  std::int64_t first = 1;
  std::int64_t last = 0;
  Digest before{};            // of the entry before `first`; zeros at the very beginning
  Digest head{};              // of `last`; zeros while there is none
  std::vector<Digest> steps;  // of the kept entries whose number is a multiple of kAuditStep
};

/// "audit/000000000042"
std::string audit_row_key(std::int64_t seq);

/// Seals the entry after `head`, which then is the head.
Bytes seal_audit_entry(const AuditEvent& event, AuditHead& head, std::string_view vault, const SubKey& key, Rng& rng);
/// ERR_TAMPERED, or ERR_BAD_FORMAT for content of another form.
Result<AuditEvent> open_audit_entry(const Envelope& envelope, const SubKey& key);

/// Drops the oldest entries above the bound from `head`. @return the rows to delete.
std::vector<std::string> trim_audit(AuditHead& head, std::int64_t max_entries = kMaxAuditEntries);

/// The entries so far are lost, all of them: the chain goes on from its head. @return the rows to delete, if they turn up.
std::vector<std::string> restart_audit(AuditHead& head);

struct AuditTrail {
  struct Entry {
    std::int64_t seq = 0;
    AuditEvent event;
  };
  std::vector<Entry> entries;  // oldest first; those that do not open are left out
  std::int64_t first = 1;
  std::optional<std::int64_t> broken;  // the first entry that is missing or does not fit
};
AuditTrail read_audit(const AuditHead& head, const std::map<std::string, Bytes, std::less<>>& rows,
                      std::string_view vault, const SubKey& key);

}  // namespace keyhold
