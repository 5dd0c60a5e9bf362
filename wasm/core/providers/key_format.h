// key_format: what of a pasted text is the key.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"

namespace keyhold {

/// Shorter ones cannot be watched for in answers: they would be found by chance.
inline constexpr std::size_t kMinKeyBytes = 8;
/// Tokens from a login may be signed documents, longer than any key that is pasted.
inline constexpr std::size_t kMaxKeyBytes = 2048;
inline constexpr std::size_t kMaxPastedBytes = 4096;

/// What of a pasted text is the key, and the name it had there, if any: views into it.
struct KeyText {
  std::string_view name;
  std::string_view key;
};
/// Takes off what comes along when a key is copied: white space around it, quotes, `NAME=`, `export NAME=`, `"name": `,
/// `Authorization: Bearer `. What is left need not be a key.
KeyText find_key(ByteView pasted);
/// Neither too short nor too long, and nothing but visible ASCII.
bool is_key(std::string_view text);

/// ERR_BAD_KEY_TEXT if what find_key() leaves is no key, or far too much was pasted.
Result<SecretBytes> clean_key(const SecretBytes& pasted);

/// The last four characters, for telling keys apart; "" for a key too short (< 16 bytes) to show any.
std::string hint(ByteView key);

}  // namespace keyhold
