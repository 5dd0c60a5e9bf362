#include "server/token/public_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <bit>

#include "server/token/openssl_errors.h"

namespace keyhold::server {

namespace {

constexpr std::size_t kMaxExponentBytes = 8;
constexpr std::uint64_t kMinExponent = 65'537;

template <auto kFree>
struct Free {
  template <class T>
  void operator()(T* held) const noexcept {
    kFree(held);
  }
};
using Number = std::unique_ptr<BIGNUM, Free<BN_free>>;
using ParamBuild = std::unique_ptr<OSSL_PARAM_BLD, Free<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Free<OSSL_PARAM_free>>;
using Context = std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX_free>>;

Number number(ByteView bytes) { return Number(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr)); }

// OpenSSL is the one judge of whether the numbers are a key.
PublicKey made(const char* kind, const ParamBuild& build) {
  const Params params(OSSL_PARAM_BLD_to_param(build.get()));
  const Context context(EVP_PKEY_CTX_new_from_name(nullptr, kind, nullptr));
  EVP_PKEY* key = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    return nullptr;
  }
  return PublicKey(key);
}

bool is_exponent(ByteView bytes) {
  if (bytes.empty() || bytes.size() > kMaxExponentBytes || bytes[0] == 0) return false;
  std::uint64_t value = 0;
  for (const std::uint8_t byte : bytes) value = value << 8 | byte;
  return value >= kMinExponent && value % 2 == 1;
}

}  // namespace

void PublicKeyFree::operator()(evp_pkey_st* key) const noexcept { EVP_PKEY_free(key); }

bool is_rsa_size(ByteView modulus) noexcept {
  if (modulus.empty() || modulus.size() > kMaxRsaBits / 8) return false;
  const std::size_t bits = (modulus.size() - 1) * 8 + static_cast<std::size_t>(std::bit_width(modulus[0]));
  return bits >= kMinRsaBits && bits <= kMaxRsaBits;
}

PublicKey rsa_key(ByteView modulus, ByteView exponent) {
  const KeepErrorQueue quiet;
  if (!is_rsa_size(modulus) || modulus.front() == 0 || modulus.back() % 2 == 0 || !is_exponent(exponent)) {
    return nullptr;
  }
  const Number n = number(modulus);
  const Number e = number(exponent);
  const ParamBuild build(OSSL_PARAM_BLD_new());
  if (!n || !e || !build || OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
    return nullptr;
  }
  return made("RSA", build);
}

PublicKey p256_key(ByteView x, ByteView y) {
  const KeepErrorQueue quiet;
  if (x.size() != kPointBytes || y.size() != kPointBytes) return nullptr;
  Bytes point{POINT_CONVERSION_UNCOMPRESSED};
  append(point, x);
  append(point, y);
  const ParamBuild build(OSSL_PARAM_BLD_new());
  if (!build || OSSL_PARAM_BLD_push_utf8_string(build.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(build.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) != 1) {
    return nullptr;
  }
  return made("EC", build);
}

PublicKey ed25519_key(ByteView point) {
  const KeepErrorQueue quiet;
  if (point.size() != kPointBytes) return nullptr;
  const ParamBuild build(OSSL_PARAM_BLD_new());
  if (!build ||
      OSSL_PARAM_BLD_push_octet_string(build.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) != 1) {
    return nullptr;
  }
  return made("ED25519", build);
}

}  // namespace keyhold::server
