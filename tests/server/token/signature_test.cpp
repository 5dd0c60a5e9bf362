#include "server/token/signature.h"

#include <openssl/err.h>

#include "token/tokens.h"

using namespace keyhold;
using namespace keyhold::server;
using namespace keyhold::server::test;

namespace {

struct Vector {
  const char* source;
  Algorithm algorithm;
  const char* jwk;  // the public half
  const char* signing_input;
  const char* signature;
};

// Signatures that others made, as their documents print them.
constexpr Vector kVectors[] = {
    {"RFC 7515, appendix A.1", Algorithm::hs256,
     R"({"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"})",
     "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
     ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
     "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"},
    {"RFC 7515, appendix A.2", Algorithm::rs256,
     R"({"kty":"RSA","e":"AQAB","n":")"
     "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yR"
     "T-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXB"
     "dQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9ia"
     "GNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
     "\"}",
     "eyJhbGciOiJSUzI1NiJ9"
     ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
     "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9"
     "uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB"
     "_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rq"
     "Vt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"},
    {"RFC 7515, appendix A.3", Algorithm::es256,
     R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
     R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})",
     "eyJhbGciOiJFUzI1NiJ9"
     ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
     "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"},
    {"RFC 8037, appendices A.2 and A.4", Algorithm::eddsa,
     R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})",
     "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
     "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"},
};

}  // namespace

TEST_CASE("signature: the RFCs' own examples are good, under their own algorithm only") {
  for (const Vector& vector : kVectors) {
    CAPTURE(vector.source);
    const VerifyKey key = key_of(vector.jwk);
    CHECK(key.algorithm() == vector.algorithm);
    const Bytes signature = *parse_base64url(vector.signature);
    for (const Algorithm asked : {Algorithm::hs256, Algorithm::rs256, Algorithm::es256, Algorithm::eddsa}) {
      CHECK(verify_signature(key, asked, vector.signing_input, signature) == (asked == vector.algorithm));
    }
  }
}

TEST_CASE("signature: with any one bit flipped, or a byte more or less, it is not good") {
  for (const Vector& vector : kVectors) {
    CAPTURE(vector.source);
    const VerifyKey key = key_of(vector.jwk);
    const Bytes good = *parse_base64url(vector.signature);
    std::size_t accepted = 0;
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
      Bytes flipped = good;
      flipped[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
      accepted += verify_signature(key, vector.algorithm, vector.signing_input, flipped) ? 1 : 0;
    }
    CHECK(accepted == 0);
    const auto verifies = [&](ByteView signature) {
      return verify_signature(key, vector.algorithm, vector.signing_input, signature);
    };
    CHECK_FALSE(verifies({}));
    CHECK_FALSE(verifies(ByteView(good).first(good.size() - 1)));
    Bytes longer = good;
    longer.push_back(0);
    CHECK_FALSE(verifies(longer));
    CHECK_FALSE(verifies(Bytes(good.size(), 0)));
    CHECK_FALSE(verifies(Bytes(good.size(), 0xff)));
    CHECK_FALSE(verify_signature(key, vector.algorithm, std::string(vector.signing_input) + "x", good));
    CHECK(verifies(good));
  }
}

TEST_CASE("signature: ECDSA's DER form, which OpenSSL itself makes, is not what a token has") {
  const VerifyKey key = key_of(kVectors[2].jwk);
  const Bytes raw = *parse_base64url(kVectors[2].signature);
  Bytes der{0x30, 0x45, 0x02, 0x20};
  append(der, ByteView(raw).first(32));
  append(der, Bytes{0x02, 0x21, 0x00});
  append(der, ByteView(raw).last(32));
  CHECK_FALSE(verify_signature(key, Algorithm::es256, kVectors[2].signing_input, der));
  CHECK(verify_signature(key, Algorithm::es256, kVectors[2].signing_input, raw));
}

TEST_CASE("signature: an ECDSA signature whose numbers begin with zeros still has 64 bytes") {
  const KeyPair pair = KeyPair::p256();
  const VerifyKey key = key_of(pair.jwk());
  // One signature in 128 has such a number.
  bool short_number = false;
  for (int round = 0; round < 5000 && !short_number; ++round) {
    const Bytes signature = pair.signature("input");
    CHECK(verify_signature(key, Algorithm::es256, "input", signature));
    short_number = signature[0] == 0 || signature[32] == 0;
  }
  CHECK(short_number);
}

TEST_CASE("signature: what is refused leaves nothing in OpenSSL's queue of errors, and what was there stays") {
  ERR_clear_error();
  ERR_raise(ERR_LIB_USER, 7);
  const unsigned long before = ERR_peek_last_error();
  for (const Vector& vector : kVectors) {
    const VerifyKey key = key_of(vector.jwk);
    CHECK_FALSE(verify_signature(key, vector.algorithm, vector.signing_input, Bytes(64, 0xff)));
    CHECK_FALSE(verify_signature(key, vector.algorithm, vector.signing_input, Bytes(256, 0xff)));
  }
  CHECK_FALSE(VerifyKey::parse(R"({"kty":"EC","crv":"P-256","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",)"
                               R"("y":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"})")
                  .ok());
  CHECK(ERR_peek_last_error() == before);
  ERR_clear_error();
}
