// ways_in: slot keys of the ways in that are not a passphrase: a passkey's secret, and a recovery code. Both are random
// already, so one keyed BLAKE2b with a label is enough; the label names the place the key is for.
#pragma once

#include <string_view>

#include "crypto/keys.h"

namespace keyhold {

/// Two results of WebAuthn's PRF extension, one after the other.
inline constexpr std::size_t kPrfBytes = 64;
inline constexpr std::size_t kRecoveryBytes = 16;
/// Groups of four characters and the dashes between them.
inline constexpr std::size_t kRecoveryTextBytes = 39;
/// What a person types back to show that the code was kept: the last two groups.
inline constexpr std::size_t kRecoveryProofSymbols = 8;

/// Deterministic. ERR_PASSKEY_PRF unless there are 64 bytes and neither half is all zeros, as broken authenticators answer.
Result<SlotKey> passkey_slot_key(const SecretBytes& prf, std::string_view vault, std::string_view slot);

/// 128 random bits, and how a person copies them: Crockford's base32 (no I, L, O, U), with 32 check bits at the end.
class RecoveryCode {
 public:
  static RecoveryCode make(Rng& rng);
  /// Case, spaces and dashes do not matter; O is read as 0, I and L as 1. ERR_RECOVERY_CODE for anything that is not a
  /// code, a typing mistake above all.
  static Result<RecoveryCode> parse(const SecretBytes& typed);

  /// "ABCD-EFGH-…", eight groups.
  SecretBytes text() const;
  /// Is this the code's end, as typed?
  bool ends_with(const SecretBytes& typed) const;
  SlotKey slot_key(std::string_view vault, std::string_view slot) const;

 private:
  explicit RecoveryCode(SecretBytes bytes) noexcept : bytes_(std::move(bytes)) {}
  SecretBytes symbols() const;  // 32 characters
  SecretBytes bytes_;
};

}  // namespace keyhold
