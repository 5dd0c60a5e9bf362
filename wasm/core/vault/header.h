// header: the JSON at the front of an envelope. Strict: unknown, repeated or missing fields are refused.
#pragma once

#include <string>

#include "vault/envelope.h"

namespace keyhold {

std::string encode_header(const Header& header);
/// ERR_BAD_FORMAT, or ERR_KDF_BOUNDS for a slot whose strength is below the floor or above the ceiling.
Result<Header> parse_header(ByteView text);

}  // namespace keyhold
