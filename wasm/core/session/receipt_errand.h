// receipt_errand: one receipt on its way, from the end of its call to the row that keeps it. The shell carries it from step to
// step as JSON: nothing of it is secret, and nothing is decided by it that the engine does not look at again.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "vault/receipt.h"

namespace keyhold {

/// How often a call that the server holds for under way is asked after again.
inline constexpr std::int64_t kReceiptRetries = 3;

struct ReceiptErrand {
  enum class Step : std::uint8_t {
    receipt,  // to be asked for
    keys,     // the server's public keys are
    keep,     // it can be checked, as far as it was not refused, and kept
    over,     // there is none
  };
  Step step = Step::receipt;
  UnixMs at = 0;
  CallByApp call;
  std::int64_t tries = 0;    // that were told to come again
  std::int64_t wait_ms = 0;  // before what comes next
  std::string jws;           // "" before it came, and of one that is none
  std::string key;           // to check it with, base64url
  std::string keys;          // JWKS of the server, as it came, also from an earlier errand; "" before
  std::string refused;       // "form", what mismatch() says, or "key"; "": nothing against it so far
};

/// An array that begins with step (its number), wait_ms and keys.
JsonOut encode_errand(const ReceiptErrand& errand);
/// ERR_BAD_JSON, ERR_BAD_INPUT.
Result<ReceiptErrand> parse_errand(JsonRef array);

}  // namespace keyhold
