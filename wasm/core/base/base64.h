// base64: base64url without padding (RFC 4648, section 5), for ids and digests. Public bytes only.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace keyhold {

/// A character that encode_base64url may write.
bool is_base64url_digit(char c) noexcept;
std::string encode_base64url(ByteView bytes);
/// ERR_BAD_FORMAT unless `text` is exactly what encode_base64url writes.
Result<Bytes> parse_base64url(std::string_view text);

}  // namespace keyhold
