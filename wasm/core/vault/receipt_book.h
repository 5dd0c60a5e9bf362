// receipt_book: how receipts of calls by the app's key are kept: in a ring of sealed rows beside the rows of usage, whose
// purpose they have ("usage/receipts-00" to "usage/receipts-10"), so that a version that knows nothing of them seals them
// anew under a new root key all the same. The newest row is the one with the highest rev.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "vault/usage_book.h"

namespace keyhold {

/// The newest of them; older ones are dropped.
inline constexpr std::size_t kMaxReceipts = 500;
inline constexpr std::size_t kReceiptsInRow = 50;
/// One more than the bound needs: the newest row is seldom full.
inline constexpr std::size_t kReceiptRows = kMaxReceipts / kReceiptsInRow + 1;

struct KeptReceipt {
  UnixMs at = 0;     // when it was asked for
  std::string call;  // the server's number of it
  std::string provider;
  std::string model;                    // asked for; "" if none was named
  std::optional<std::int64_t> counted;  // micro-USD, by this vault; nothing: not known
  std::optional<std::int64_t> charged;  // by the receipt; nothing of a refused one
  std::string state;                    // kSigned, kUnchecked, or what a refused one failed at
  std::string jws;                      // and the next: "" of a refused one
  std::string key;                      // the public key it was, or is to be, checked with: base64url
  static constexpr std::string_view kSigned = "signed";
  static constexpr std::string_view kUnchecked = "unchecked";
  bool refused() const noexcept { return state != kSigned && state != kUnchecked; }
};

struct ReceiptHistory {
  std::vector<KeptReceipt> receipts;  // newest first, at most kMaxReceipts
  std::int64_t unreadable = 0;        // rows that do not open
};

/// [at, call, provider, model, counted, charged, state, jws, key], -1 in the place of an amount that there is not.
JsonOut encode_receipt(const KeptReceipt& receipt);
/// Keys of all rows that there can be.
std::vector<std::string> receipt_rows();
/// `stored`: those that there are. A row that does not open is left as it lies, until its turn to be written over.
UsageChange put_receipt(const KeptReceipt& receipt, const Rows& stored, const Sealing& sealing);
ReceiptHistory read_receipts(const Rows& rows, const Sealing& sealing);

}  // namespace keyhold
