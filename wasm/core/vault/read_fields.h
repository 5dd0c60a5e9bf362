// read_fields: a sealed JSON object and its members, read with the bounds that every row of the vault shares.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "crypto/keys.h"
#include "vault/envelope.h"

namespace keyhold {

/// What a JavaScript number can count; times are milliseconds below it, too.
inline constexpr std::int64_t kMaxCount = std::int64_t{1} << 53;

/// What is sealed in a row without a secret. ERR_TAMPERED, ERR_BAD_FORMAT, ERR_BAD_JSON.
Result<Json> open_info(const Envelope& envelope, const SubKey& key, JsonLimits limits = {});
/// ERR_BAD_JSON if it is missing, no text, or longer than `max` bytes.
Result<std::string> read_text(JsonRef object, std::string_view key, std::size_t max);
/// ERR_BAD_JSON unless it is a whole number from `min` up.
Result<std::int64_t> read_count(JsonRef object, std::string_view key, std::int64_t min = 0);

/// The same of an array's elements.
Result<std::string> text_at(JsonRef array, std::size_t place, std::size_t max);
Result<std::int64_t> count_at(JsonRef array, std::size_t place, std::int64_t min = 0);

}  // namespace keyhold
