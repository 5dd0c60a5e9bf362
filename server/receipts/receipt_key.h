// receipt_key: the Ed25519 keys that receipts are signed with, and the set of public ones that they are checked with (RFC 8037).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/secret.h"

struct evp_pkey_st;

namespace keyhold::server {

inline constexpr std::size_t kReceiptKeyBytes = 32;

/// A public key, with the name that receipts have for it.
struct ReceiptPublicKey {
  std::string x;       // the point, in base64url
  std::string key_id;  // its thumbprint (RFC 7638)

  /// Nothing if this is not 32 bytes in base64url.
  static std::optional<ReceiptPublicKey> parse(std::string_view x);
};

/// Move-only. Signing changes nothing, so any number of threads may sign with it at once.
class ReceiptKey {
 public:
  /// A seed of 32 bytes in base64url, as `keyhold-server receipts new-key` prints one. Nothing for any other text.
  static std::optional<ReceiptKey> parse(std::string_view seed);

  const ReceiptPublicKey& public_key() const noexcept { return public_key_; }
  /// 64 bytes: the same each time for the same text.
  Bytes sign(std::string_view text) const;

 private:
  struct Free {
    void operator()(evp_pkey_st* key) const noexcept;
  };
  using Pointer = std::unique_ptr<evp_pkey_st, Free>;
  ReceiptKey(Pointer key, ReceiptPublicKey public_key) : key_(std::move(key)), public_key_(std::move(public_key)) {}

  Pointer key_;
  ReceiptPublicKey public_key_;
};

/// A JWKS: today's key first.
std::string key_set_json(const ReceiptPublicKey& today, const std::vector<ReceiptPublicKey>& old);

}  // namespace keyhold::server
