// receipt: what an app's server says, signed, that a call by its key was charged, read from its JWS (RFC 7515), and its public
// keys from their JWKS (RFC 8037). All of it is somebody else's text. Whether a signature holds is told from outside.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace keyhold {

/// Of the compact JWS.
inline constexpr std::size_t kMaxReceiptBytes = 2048;
inline constexpr std::size_t kMaxReceiptKeysBytes = 16 << 10;
inline constexpr std::size_t kMaxReceiptKeys = 32;
inline constexpr std::size_t kMaxCallDigits = 19;

using Ed25519Key = std::array<std::uint8_t, 32>;

/// What is read of one; what else its payload has is ignored.
struct Receipt {
  std::string kid;
  std::string call;  // the server's number of it, decimal
  std::string provider;
  std::string model;
  std::int64_t charged_micro_usd = 0;
  std::string_view signed_text;  // of the JWS it was read from
  std::array<std::uint8_t, 64> signature{};
};

/// ERR_TOO_LARGE; ERR_BAD_FORMAT for what is no JWS of EdDSA and of this type; ERR_BAD_JSON for one that says something else.
Result<Receipt> parse_receipt(std::string_view jws);

/// The public key of that kid, which must be the key's own thumbprint (RFC 7638): no two keys share one. ERR_NOT_FOUND;
/// ERR_TOO_LARGE, ERR_BAD_JSON.
Result<Ed25519Key> find_receipt_key(ByteView jwks, std::string_view kid);
std::string thumbprint_of(const Ed25519Key& key);

/// A call by the app's key, as this vault knows it.
struct CallByApp {
  std::string number;  // the server's
  std::string provider;
  std::string asked_model;     // "" if the request names none
  std::string answered_model;  // "" if unknown
  std::optional<std::int64_t> counted_micro_usd;
};
/// Decimal, 1 to kMaxCallDigits digits.
bool is_call_number(std::string_view text) noexcept;
/// In which of these a receipt is of another call: "call", "provider" or "model"; "" for the call's own.
std::string_view mismatch(const Receipt& receipt, const CallByApp& call) noexcept;

}  // namespace keyhold
