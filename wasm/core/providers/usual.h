// usual: what holds for a provider of some wire when nothing else is said of it.
#pragma once

#include <string>

#include "providers/provider.h"

namespace keyhold {

/// Credential header, required headers, check, calls and header profile as the inventor of the wire has them.
Provider usual_provider(std::string id, std::string name, Endpoint base, Wire wire);
/// As `other` is, elsewhere and under another name; of it nothing is known yet but that.
Provider like_provider(const Provider& other, std::string id, std::string name, Endpoint base);

}  // namespace keyhold
