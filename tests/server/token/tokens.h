// tokens: makes tokens and keys for the tests of server/token, also such as nobody should make.
#pragma once

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

#include <array>
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/base64.h"
#include "server/token/token.h"

namespace Catch {
template <>
struct StringMaker<keyhold::server::TokenProblem> {
  static std::string convert(keyhold::server::TokenProblem problem) {
    return std::string(keyhold::server::name(problem));
  }
};
template <>
struct StringMaker<keyhold::server::KeyProblem> {
  static std::string convert(keyhold::server::KeyProblem problem) {
    return std::string(keyhold::server::name(problem));
  }
};
}  // namespace Catch

namespace keyhold::server::test {

inline constexpr UnixMs kNow = 1'795'000'000'000;
inline constexpr std::string_view kSecret = "a secret of forty bytes, for tests only!";
inline constexpr std::string_view kHs256 = R"({"alg":"HS256"})";
inline constexpr std::string_view kGoodClaims = R"({"sub":"user-1","aud":"keyhold","exp":1795000600})";

inline std::string base64(std::string_view text) { return encode_base64url(as_bytes(text)); }

/// Header and claims as they are signed.
inline std::string signing_input(std::string_view header, std::string_view claims) {
  return base64(header) + "." + base64(claims);
}

inline std::string hmac(std::string_view key, std::string_view input) {
  std::array<std::uint8_t, 32> out{};
  unsigned size = 0;
  const ByteView bytes = as_bytes(input);
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes.data(), bytes.size(), out.data(), &size);
  return std::string(as_text(out));
}

/// A token signed with an HS256 secret, whatever its header says.
inline std::string signed_token(std::string_view header, std::string_view claims, std::string_view key = kSecret) {
  const std::string input = signing_input(header, claims);
  return input + "." + base64(hmac(key, input));
}

/// A key pair of OpenSSL's own making, with its public half as a JWK.
class KeyPair {
 public:
  static KeyPair rsa(unsigned bits = 2048) { return KeyPair(EVP_RSA_gen(bits)); }
  static KeyPair p256() { return KeyPair(EVP_EC_gen("P-256")); }
  static KeyPair ed25519() { return KeyPair(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")); }

  /// With more members behind, e.g. `,"kid":"a"`.
  std::string jwk(std::string_view more = "") const {
    if (EVP_PKEY_is_a(key_.get(), "RSA") == 1) {
      return R"({"kty":"RSA","n":")" + number(OSSL_PKEY_PARAM_RSA_N) + R"(","e":")" + number(OSSL_PKEY_PARAM_RSA_E) +
             '"' + std::string(more) + "}";
    }
    if (EVP_PKEY_is_a(key_.get(), "EC") == 1) {
      return R"({"kty":"EC","crv":"P-256","x":")" + number(OSSL_PKEY_PARAM_EC_PUB_X, 32) + R"(","y":")" +
             number(OSSL_PKEY_PARAM_EC_PUB_Y, 32) + '"' + std::string(more) + "}";
    }
    std::array<std::uint8_t, 32> point{};
    std::size_t size = point.size();
    EVP_PKEY_get_raw_public_key(key_.get(), point.data(), &size);
    return R"({"kty":"OKP","crv":"Ed25519","x":")" + encode_base64url(point) + '"' + std::string(more) + "}";
  }

  /// A token with a signature of this key, in the form that tokens have.
  std::string signed_token(std::string_view header, std::string_view claims) const {
    const std::string input = signing_input(header, claims);
    return input + "." + encode_base64url(signature(input));
  }

  Bytes signature(std::string_view input) const {
    const bool hashes_itself = EVP_PKEY_is_a(key_.get(), "ED25519") == 1;
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    EVP_DigestSignInit(context, nullptr, hashes_itself ? nullptr : EVP_sha256(), nullptr, key_.get());
    Bytes made(1024);
    std::size_t size = made.size();
    const ByteView bytes = as_bytes(input);
    REQUIRE(EVP_DigestSign(context, made.data(), &size, bytes.data(), bytes.size()) == 1);
    EVP_MD_CTX_free(context);
    made.resize(size);
    return EVP_PKEY_is_a(key_.get(), "EC") == 1 ? raw_of(made) : made;
  }

 private:
  explicit KeyPair(EVP_PKEY* key) : key_(key, EVP_PKEY_free) { REQUIRE(key_); }

  std::string number(const char* name, int size = 0) const {
    BIGNUM* value = nullptr;
    REQUIRE(EVP_PKEY_get_bn_param(key_.get(), name, &value) == 1);
    Bytes bytes(static_cast<std::size_t>(size == 0 ? BN_num_bytes(value) : size));
    BN_bn2binpad(value, bytes.data(), static_cast<int>(bytes.size()));
    BN_free(value);
    return encode_base64url(bytes);
  }

  static Bytes raw_of(const Bytes& der) {
    const std::uint8_t* at = der.data();
    ECDSA_SIG* numbers = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
    Bytes raw(64);
    BN_bn2binpad(ECDSA_SIG_get0_r(numbers), raw.data(), 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(numbers), raw.data() + 32, 32);
    ECDSA_SIG_free(numbers);
    return raw;
  }

  std::shared_ptr<EVP_PKEY> key_;
};

inline VerifyKey secret_key(std::string_view secret = kSecret, std::optional<std::string> key_id = std::nullopt) {
  auto key = VerifyKey::of_secret(SecretBytes::copy_of(as_bytes(secret)), std::move(key_id));
  REQUIRE(key.ok());
  return std::move(key).take();
}

inline VerifyKey key_of(std::string_view jwk) {
  auto key = VerifyKey::parse(jwk);
  REQUIRE(key.ok());
  return std::move(key).take();
}

template <class... Key>
KeySet set_of(Key... key) {
  std::vector<VerifyKey> keys;
  (keys.push_back(std::move(key)), ...);
  auto set = KeySet::of(std::move(keys));
  REQUIRE(set.ok());
  return std::move(set).take();
}

inline TokenVerifier verifier(KeySet keys, std::optional<std::string> issuer = std::nullopt) {
  return *TokenVerifier::make({.issuer = std::move(issuer), .audience = "keyhold"},
                              std::make_shared<const KeySet>(std::move(keys)));
}

/// "ok" or the problem's name.
inline std::string verdict(const TokenVerifier& tokens, std::string_view compact, UnixMs now = kNow) {
  const auto user = tokens.verify(compact, now);
  return user ? "ok" : std::string(name(user.problem()));
}

}  // namespace keyhold::server::test
