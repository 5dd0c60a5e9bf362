// signature: does this webhook come from Stripe, and is it of now? Decided over the raw bytes, before anything of them is read.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/secret.h"
#include "base/time.h"

namespace keyhold::server {

enum class SignatureFault {
  missing,    // no header, or one that is not "t=…,v1=…" within its bounds
  wrong,      // no v1 is that of these bytes under any of the secrets
  too_old,    // signed, but more than kSignatureToleranceMs ago: a replay
  too_early,  // signed, but that far ahead of our clock
};
/// "missing_signature", "wrong_signature", "too_old", "too_early".
std::string_view name(SignatureFault fault) noexcept;

inline constexpr std::int64_t kSignatureToleranceMs = 300'000;
inline constexpr std::size_t kMaxSignatureHeader = 2048;
inline constexpr std::size_t kMaxSignatureParts = 16;

/// @param header  the value of Stripe-Signature: "t=SECONDS,v1=HEX[,v1=HEX…]"; other schemes in it are passed over
/// @param body    as it came, byte for byte
/// @param secrets  all that may have signed, of which there are two while they are being changed
/// @return nothing: it is good. Which byte is wrong cannot be told from the time it takes.
std::optional<SignatureFault> check_signature(std::string_view header, ByteView body,
                                              std::span<const SecretBytes> secrets, UnixMs now);

}  // namespace keyhold::server
