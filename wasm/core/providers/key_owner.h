// key_owner: whose key is this? Only ever a guess, for hints and imports: providers change how their keys look.
#pragma once

#include <cstddef>
#include <string_view>

#include "providers/catalogue.h"

namespace keyhold {

/// How much of the key's beginning is one that this provider's keys have; 0 if none.
std::size_t beginning_of(const Provider& provider, std::string_view key);
/// The provider with the longest beginning that fits; null if none does, or two fit equally well.
ProviderRef owner_by_beginning(const Catalogue& catalogue, std::string_view key);
/// The provider whose name is longest among those a variable's name holds, so that OPENROUTER_API_KEY is not OpenAI's.
ProviderRef owner_by_name(const Catalogue& catalogue, std::string_view variable);
/// A key of some provider's that manages accounts and calls no models.
bool is_admin_key(std::string_view key);

}  // namespace keyhold
