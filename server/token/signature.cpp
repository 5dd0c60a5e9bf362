#include "server/token/signature.h"

#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>

#include <array>
#include <memory>

#include "server/token/openssl_errors.h"

namespace keyhold::server {

namespace {

constexpr std::size_t kCoordinateBytes = 32;

struct ContextFree {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};
struct EcdsaFree {
  void operator()(ECDSA_SIG* signature) const noexcept { ECDSA_SIG_free(signature); }
};

bool verify_hmac(const SecretBytes& secret, ByteView input, ByteView signature) {
  std::array<std::uint8_t, SHA256_DIGEST_LENGTH> expected{};
  if (signature.size() != expected.size()) return false;
  std::size_t written = 0;
  // REVEAL: to OpenSSL, which makes what the signature should be.
  const ByteView key = secret.reveal();
  if (EVP_Q_mac(nullptr, "HMAC", nullptr, "SHA256", nullptr, key.data(), key.size(), input.data(), input.size(),
                expected.data(), expected.size(), &written) == nullptr ||
      written != expected.size()) {
    return false;
  }
  const bool same = CRYPTO_memcmp(expected.data(), signature.data(), expected.size()) == 0;
  // It would be the signature that somebody guesses at.
  wipe(expected);
  return same;
}

bool verify_with(evp_pkey_st* key, const EVP_MD* digest, ByteView input, ByteView signature) {
  const std::unique_ptr<EVP_MD_CTX, ContextFree> context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* settings = nullptr;  // belongs to the context
  if (!context || EVP_DigestVerifyInit(context.get(), &settings, digest, nullptr, key) != 1) return false;
  if (EVP_PKEY_is_a(key, "RSA") == 1 && EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PADDING) != 1) return false;
  return EVP_DigestVerify(context.get(), signature.data(), signature.size(), input.data(), input.size()) == 1;
}

// OpenSSL takes the two numbers of an ECDSA signature as DER only. Empty if they are not of 32 bytes each.
Bytes der_of(ByteView signature) {
  if (signature.size() != 2 * kCoordinateBytes) return {};
  const std::unique_ptr<ECDSA_SIG, EcdsaFree> numbers(ECDSA_SIG_new());
  BIGNUM* r = BN_bin2bn(signature.data(), kCoordinateBytes, nullptr);
  BIGNUM* s = BN_bin2bn(signature.data() + kCoordinateBytes, kCoordinateBytes, nullptr);
  // Takes the numbers over, but only where it succeeds.
  if (!numbers || r == nullptr || s == nullptr || ECDSA_SIG_set0(numbers.get(), r, s) != 1) {
    BN_free(r);
    BN_free(s);
    return {};
  }
  const int size = i2d_ECDSA_SIG(numbers.get(), nullptr);
  if (size <= 0) return {};
  Bytes der(static_cast<std::size_t>(size));
  std::uint8_t* end = der.data();
  if (i2d_ECDSA_SIG(numbers.get(), &end) != size) return {};
  return der;
}

}  // namespace

bool verify_signature(const VerifyKey& key, Algorithm asked, std::string_view signing_input, ByteView signature) {
  if (asked != key.algorithm()) return false;
  const KeepErrorQueue quiet;
  const ByteView input = as_bytes(signing_input);
  switch (key.algorithm()) {
    case Algorithm::hs256: return verify_hmac(key.secret(), input, signature);
    case Algorithm::rs256: return verify_with(key.public_key(), EVP_sha256(), input, signature);
    case Algorithm::es256: {
      const Bytes der = der_of(signature);
      return !der.empty() && verify_with(key.public_key(), EVP_sha256(), input, der);
    }
    // Ed25519 hashes by itself.
    case Algorithm::eddsa: return verify_with(key.public_key(), nullptr, input, signature);
  }
  return false;
}

}  // namespace keyhold::server
