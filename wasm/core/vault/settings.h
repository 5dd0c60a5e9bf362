// settings: what the user decided about the vault as a whole: default keys and endpoints of their own.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "crypto/keys.h"
#include "vault/envelope.h"

namespace keyhold {

inline constexpr std::size_t kMaxCustomEndpoints = 32;
inline constexpr std::size_t kMaxEndpointNameBytes = 128;

/// An OpenAI-compatible address of the user's own. `id` is the provider id its keys are stored under.
struct CustomEndpoint {
  std::string id;
  std::string name;
  std::string base;
};

struct Settings {
  std::int64_t rev = 0;                                      // 0: never stored
  std::map<std::string, std::string, std::less<>> defaults;  // provider id -> record id
  std::vector<CustomEndpoint> endpoints;
};

Bytes seal_settings(const Settings& settings, std::string_view vault, const SubKey& key, Rng& rng);
/// ERR_TAMPERED, ERR_BAD_FORMAT, ERR_BAD_JSON.
Result<Settings> open_settings(const Envelope& envelope, const SubKey& key);

}  // namespace keyhold
