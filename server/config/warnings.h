// warnings: what in a good configuration is risky, or probably not meant. Pure: it looks at what was read, and asks nobody.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "server/config/config.h"

namespace keyhold::server {

/// One sentence each, with the setting it is about first; in the order of the settings. Never a secret.
std::vector<std::string> warnings_of(const Config& config, UnixMs now);

}  // namespace keyhold::server
