// sections: the parts of a configuration that are read in files of their own, and what they share.
#pragma once

#include <string_view>

#include "server/config/config.h"
#include "server/config/fields.h"

namespace keyhold::server {

inline constexpr std::size_t kMaxSecret = 8192;

/// What the environment has under the name that this member gives; it is erased from where it was read. Empty, and a fault, if
/// there is none.
SecretBytes secret_of(const ConfigSources& sources, const Fields& of, std::string_view name);

/// `billing`, if it is there. After the plans and the origins.
void read_billing(const Fields& root, Fault& fault, const ConfigSources& sources, Config& config);

}  // namespace keyhold::server
