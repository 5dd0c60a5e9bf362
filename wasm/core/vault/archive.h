// archive: all rows of a vault in one run of bytes, sealed as they are: the copy kept beside the vault, and the export of
// a damaged one. Knows nothing of what is in a row. Format: docs/vault-format.md.
#pragma once

#include "vault/manifest.h"

namespace keyhold {

inline constexpr std::size_t kMaxArchiveBytes = 64 << 20;
inline constexpr std::size_t kMaxArchiveRows = 1 << 15;
inline constexpr std::size_t kMaxRowKeyBytes = 64;

Bytes encode_archive(const Rows& rows);
/// ERR_BAD_FORMAT for anything that encode_archive did not write, whole; ERR_TOO_LARGE.
Result<Rows> parse_archive(ByteView bytes);

}  // namespace keyhold
