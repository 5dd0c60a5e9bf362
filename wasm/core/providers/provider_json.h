// provider_json: one entry of the catalogue or of keyhold.config.json, from JSON. Unknown fields are errors.
#pragma once

#include <cstddef>

#include "base/json.h"
#include "base/result.h"
#include "providers/provider.h"

namespace keyhold {

inline constexpr std::size_t kMaxProviderId = 32;
inline constexpr std::size_t kMaxProviderName = 64;
inline constexpr std::size_t kMaxCalls = 64;      // of one provider
inline constexpr std::size_t kMaxListItems = 32;  // rules, headers, query names of one provider
inline constexpr std::size_t kMaxSteps = 8;       // and key prefixes
inline constexpr std::size_t kMaxStepText = 240;
inline constexpr std::size_t kMaxFieldText = 200;  // of everything else

/// Only `id`, `name` and `base` must be there; the rest is as it is in the entry that this one is `like`, else as usual
/// for the wire (default "openai-chat"). ERR_BAD_JSON for anything that wasm/catalogue/schema.json does not allow.
Result<Provider> parse_provider(JsonRef entry, ProviderKind kind, const Provider* like = nullptr);

}  // namespace keyhold
