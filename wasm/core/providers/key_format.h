// key_format: what of a pasted text is the key.
#pragma once

#include <cstddef>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"

namespace keyhold {

/// Shorter ones cannot be watched for in answers: they would be found by chance.
inline constexpr std::size_t kMinKeyBytes = 8;
/// Tokens from a login are signed documents: Hugging Face's begin at 575 bytes.
inline constexpr std::size_t kMaxKeyBytes = 2048;
inline constexpr std::size_t kMaxPastedBytes = 4096;

/// Takes off what comes along when a key is copied: white space around it, quotes, `NAME=`, `export NAME=`, `Bearer `.
/// ERR_BAD_KEY_TEXT if what is left is no key: too short, too long, or has anything but visible ASCII inside.
Result<SecretBytes> clean_key(const SecretBytes& pasted);

/// The last four characters, for telling keys apart; "" for a key too short (< 16 bytes) to show any.
std::string hint(ByteView key);

}  // namespace keyhold
