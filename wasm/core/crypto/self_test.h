// self_test: does the cryptography in this very build, on this very machine, give the published answers?
#pragma once

#include "base/result.h"

namespace keyhold {

/// Argon2id (RFC 9106 where the build can reach it, and a one-lane vector), XChaCha20-Poly1305 (the draft's A.3.1),
/// BLAKE2b (RFC 7693). Takes a few milliseconds. ERR_SELF_TEST: do not use this build.
Result<void> self_test();

}  // namespace keyhold
