// site_config: what the engine reads in keyhold.config.json, beside the site's own providers.
#pragma once

#include "base/json.h"
#include "session/session.h"

namespace keyhold {

inline constexpr std::size_t kMaxClientId = 200;

/// ERR_BAD_JSON for unknown or ill-formed members.
Result<SiteConfig> parse_site_config(JsonRef object);

}  // namespace keyhold
