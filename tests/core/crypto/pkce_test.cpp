#include "crypto/pkce.h"

#include "support.h"

using namespace keyhold;
using namespace keyhold::test;

TEST_CASE("PKCE: the challenge of RFC 7636, appendix B") {
  CHECK(challenge_of(secret("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")) ==
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

TEST_CASE("PKCE: SHA-256 as NIST has it, around the ends of its blocks") {
  // SHA-256("abc") and of the 448-bit message, FIPS 180-2 appendix B; the others by Node's crypto.
  CHECK(challenge_of(secret("abc")) == "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
  CHECK(challenge_of(secret("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")) ==
        "JI1qYdIGOLjlwCaTDD5gOaM85Flk_yFn9uzt1BnbBsE");
  CHECK(challenge_of(SecretBytes()) == "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU");
  CHECK(challenge_of(secret(std::string(64, 'k'))) == "JRm0m89p_qwnCsPIYxU56MrtTH5qYsbMVREiimF4B0U");
}

TEST_CASE("PKCE: a verifier is 43 characters that RFC 7636 allows, and another one each time") {
  TestRng rng;
  const std::string first = text_of(make_verifier(rng));
  CHECK(first.size() == kPkceBytes);
  CHECK(first.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
        std::string::npos);
  CHECK(text_of(make_verifier(rng)) != first);
}
