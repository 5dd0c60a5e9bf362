#include "server/receipts/receipt_key.h"

#include <openssl/evp.h>

#include <array>

#include "base/base64.h"
#include "base/json.h"

namespace keyhold::server {

namespace {

constexpr std::size_t kSignatureBytes = 64;

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};

/// The members that a key of this kind has to have, in the order of their names, without spaces (RFC 7638, section 3).
std::string thumbprint(const std::string& x) {
  const std::string text = R"({"crv":"Ed25519","kty":"OKP","x":")" + x + "\"}";
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
  return encode_base64url(ByteView(digest.data(), size));
}

JsonOut jwk_of(const ReceiptPublicKey& key) {
  JsonOut one = JsonOut::object();
  one.set("kty", "OKP").set("crv", "Ed25519").set("alg", "EdDSA").set("use", "sig");
  return std::move(one.set("kid", key.key_id).set("x", key.x));
}

}  // namespace

std::optional<ReceiptPublicKey> ReceiptPublicKey::parse(std::string_view x) {
  const auto point = parse_base64url(x);
  if (!point || point->size() != kReceiptKeyBytes) return std::nullopt;
  return ReceiptPublicKey{std::string(x), thumbprint(std::string(x))};
}

void ReceiptKey::Free::operator()(evp_pkey_st* key) const noexcept { EVP_PKEY_free(key); }

std::optional<ReceiptKey> ReceiptKey::parse(std::string_view text) {
  auto seed = parse_base64url(text);
  if (!seed || seed->size() != kReceiptKeyBytes) return std::nullopt;
  Pointer key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed->data(), seed->size()));
  wipe(*seed);
  std::array<std::uint8_t, kReceiptKeyBytes> point{};
  std::size_t size = point.size();
  if (!key || EVP_PKEY_get_raw_public_key(key.get(), point.data(), &size) != 1) return std::nullopt;
  auto public_key = ReceiptPublicKey::parse(encode_base64url(point));
  if (!public_key) return std::nullopt;
  return ReceiptKey(std::move(key), *std::move(public_key));
}

Bytes ReceiptKey::sign(std::string_view text) const {
  const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  Bytes signature(kSignatureBytes);
  std::size_t size = signature.size();
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  const bool done = context && EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
                    EVP_DigestSign(context.get(), signature.data(), &size, bytes, text.size()) == 1;
  if (!done) signature.clear();
  return signature;
}

std::string key_set_json(const ReceiptPublicKey& today, const std::vector<ReceiptPublicKey>& old) {
  JsonOut out = JsonOut::object();
  out.set_array("keys", [&](JsonOut& keys) {
    keys.push(jwk_of(today));
    for (const ReceiptPublicKey& one : old) keys.push(jwk_of(one));
  });
  return out.dump();
}

}  // namespace keyhold::server
