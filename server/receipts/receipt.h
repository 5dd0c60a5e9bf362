// receipt: what a call came to, as a statement that the server signs and anybody can check: a JWS (RFC 7515) whose payload is the
// ledger's row.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "server/quota/types.h"
#include "server/receipts/receipt_key.h"

namespace keyhold::server {

inline constexpr std::string_view kReceiptType = "keyhold-receipt+jwt";

/// The number of a call as it stands in an address: digits, without a zero before them. Nothing for any other text.
std::optional<CallId> parse_call_id(std::string_view text) noexcept;

/// Of a call that is over. The same each time; "" if it could not be signed.
std::string sign_receipt(const ReceiptKey& key, const CallBill& bill);

}  // namespace keyhold::server
