// settings: what the user decided about the vault as a whole: default keys and endpoints of their own.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "crypto/digest.h"
#include "crypto/keys.h"
#include "vault/envelope.h"
#include "vault/grant.h"

namespace keyhold {

inline constexpr std::size_t kMaxCustomEndpoints = 32;
inline constexpr std::size_t kMaxEndpointNameBytes = 128;

/// An address of the user's own. `id` is the provider id its keys are stored under.
struct CustomEndpoint {
  std::string id;
  std::string name;
  std::string base;
  std::string like{};  // id of the provider it is as; "": OpenAI-compatible
};

/// More than there can be providers.
inline constexpr std::size_t kMaxAppKeyUses = 256;
inline constexpr std::size_t kMaxNameBytes = 128;
inline constexpr std::int64_t kMinLockMinutes = 1;
inline constexpr std::int64_t kMaxLockMinutes = 720;

/// What the user calls a way in.
struct SlotNote {
  std::string name;
  UnixMs created_at = 0;
};

/// The last backup, and what the keys were then.
struct BackupNote {
  UnixMs at = 0;
  Digest keys{};
};

/// A backup file that is written anew after each change: its slot as it stands there, and its root key, sealed for the
/// vault (vault_auto_save.cpp).
struct AutoSave {
  Bytes slot;
  Bytes key;
};

struct Settings {
  std::int64_t rev = 0;                                      // 0: never stored
  std::map<std::string, std::string, std::less<>> defaults;  // provider id -> record id
  std::vector<CustomEndpoint> endpoints;
  std::vector<std::string> order;                      // record ids, in the user's own order; others come behind
  std::map<std::string, SlotNote, std::less<>> slots;  // by slot id
  std::int64_t lock_minutes = 15;                      // without use, until the vault locks itself
  std::vector<std::string> failover;                   // ids of providers whose keys stand in for one another
  std::vector<Grant> grants;                           // one for each origin
  std::map<std::string, std::string, std::less<>>
      app_keys;  // provider id -> when the app's key is used (policy/app_key.h)
  std::optional<BackupNote> backup;
  std::optional<AutoSave> auto_save;
};

JsonOut encode_endpoints(const std::vector<CustomEndpoint>& endpoints);
/// ERR_BAD_JSON, ERR_BAD_FORMAT above kMaxCustomEndpoints.
Result<std::vector<CustomEndpoint>> parse_endpoints(JsonRef array);

Bytes seal_settings(const Settings& settings, std::string_view vault, const SubKey& key, Rng& rng);
/// ERR_TAMPERED, ERR_BAD_FORMAT, ERR_BAD_JSON.
Result<Settings> open_settings(const Envelope& envelope, const SubKey& key);

}  // namespace keyhold
