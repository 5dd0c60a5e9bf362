// text_bytes: how much of some JSON is text that a model read or wrote. For estimates where no usage is reported.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace keyhold {

/// Bytes of the texts under the names that requests and answers have for text, as they stand (escapes unresolved). The
/// JSON may be cut off anywhere; what is no JSON has none.
std::size_t text_bytes(std::string_view json) noexcept;

/// Tokens that so much text is, roughly.
constexpr std::int64_t estimated_tokens(std::size_t bytes) noexcept { return static_cast<std::int64_t>(bytes + 3) / 4; }

}  // namespace keyhold
