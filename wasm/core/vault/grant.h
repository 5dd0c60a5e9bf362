// grant: what the user has allowed a page of another origin to do with the keys here, as it is kept. Whether a call is
// within it is session/access.h's to say.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "vault/spend.h"

namespace keyhold {

inline constexpr std::size_t kMaxGrants = 64;
inline constexpr std::size_t kMaxOriginBytes = 300;
inline constexpr std::size_t kMaxGrantProviders = 64;
inline constexpr std::size_t kMaxGrantModels = 32;
inline constexpr std::size_t kMaxGrantModelBytes = 200;
inline constexpr std::size_t kMaxGrantScopes = 8;

struct GrantTerms {
  std::vector<std::string> providers;  // ids, at least one
  std::vector<std::string> models;     // names, or beginnings with a '*' behind; none: any
  std::vector<std::string> scopes;     // kinds of call beyond questions to a model and lists of models
  Caps caps;                           // of all that is called under it
  std::optional<UnixMs> expires_at;
};

struct Grant {
  std::string id;  // names its row of spending
  std::string origin;
  GrantTerms terms;
  UnixMs granted_at = 0;

  bool is_over(UnixMs now) const noexcept { return terms.expires_at && *terms.expires_at <= now; }
};

JsonOut encode_grant(const Grant& grant);
/// ERR_BAD_JSON, ERR_BAD_FORMAT.
Result<Grant> parse_grant(JsonRef object);

}  // namespace keyhold
