#include "server/token/jwk.h"

#include "token/tokens.h"

using namespace keyhold;
using namespace keyhold::server;
using namespace keyhold::server::test;

namespace {

// "ok" or the problem's name.
std::string of(std::string_view jwk) {
  const auto key = VerifyKey::parse(jwk);
  return key ? "ok" : std::string(name(key.problem()));
}

std::string oct(std::size_t size, std::string_view more = "") {
  return R"({"kty":"oct","k":")" + encode_base64url(Bytes(size, 7)) + '"' + std::string(more) + "}";
}

// An RSA key of so many bits. That the number is nobody's key does not show.
std::string rsa(std::size_t bits, std::string_view e = "AQAB") {
  Bytes n((bits + 7) / 8, 0xff);
  n[0] = static_cast<std::uint8_t>(0xff >> (n.size() * 8 - bits));
  return R"({"kty":"RSA","n":")" + encode_base64url(n) + R"(","e":")" + std::string(e) + R"("})";
}

}  // namespace

TEST_CASE("jwk: RSA, P-256, Ed25519 and oct are read, each for its one algorithm") {
  CHECK(key_of(KeyPair::rsa().jwk()).algorithm() == Algorithm::rs256);
  CHECK(key_of(KeyPair::p256().jwk()).algorithm() == Algorithm::es256);
  CHECK(key_of(KeyPair::ed25519().jwk()).algorithm() == Algorithm::eddsa);
  CHECK(key_of(oct(32)).algorithm() == Algorithm::hs256);
  CHECK(key_of(oct(32, R"(,"kid":"a")")).key_id() == "a");
  CHECK_FALSE(key_of(oct(32)).key_id().has_value());
}

TEST_CASE("jwk: use, key_ops and alg, if there, say that the key is for this") {
  const KeyPair pair = KeyPair::p256();
  for (const char* more : {R"(,"use":"sig")", R"(,"key_ops":["verify"])", R"(,"key_ops":["sign","verify"])",
                           R"(,"alg":"ES256")", R"(,"x5c":["AAAA"],"other":1)"}) {
    CAPTURE(more);
    CHECK(of(pair.jwk(more)) == "ok");
  }
  for (const char* more :
       {R"(,"use":"enc")", R"(,"use":"SIG")", R"(,"use":null)", R"(,"key_ops":[])", R"(,"key_ops":["encrypt"])"}) {
    CAPTURE(more);
    CHECK(of(pair.jwk(more)) == "not_for_verifying");
  }
  for (const char* more : {R"(,"alg":"ES384")", R"(,"alg":"RS256")", R"(,"alg":"HS256")", R"(,"alg":"none")",
                           R"(,"alg":null)", R"(,"alg":1)"}) {
    CAPTURE(more);
    CHECK(of(pair.jwk(more)) == "other_algorithm");
  }
  CHECK(of(KeyPair::ed25519().jwk(R"(,"alg":"EdDSA")")) == "ok");
  CHECK(of(KeyPair::ed25519().jwk(R"(,"alg":"Ed25519")")) == "ok");
  CHECK(of(oct(32, R"(,"alg":"HS256")")) == "ok");
  CHECK(of(oct(64, R"(,"alg":"HS512")")) == "other_algorithm");
  CHECK(of(pair.jwk(R"(,"key_ops":"verify")")) == "malformed");
}

TEST_CASE("jwk: a private key is refused as one, whatever else is right or wrong with it") {
  const KeyPair pair = KeyPair::p256();
  for (const char* member : {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}) {
    CAPTURE(member);
    CHECK(of(pair.jwk(R"(,")" + std::string(member) + R"(":"AAAA")")) == "private_key");
    CHECK(of(KeyPair::ed25519().jwk(R"(,"use":"enc",")" + std::string(member) + R"(":null)")) == "private_key");
  }
  CHECK(of(R"({"kty":"EC","crv":"P-521","d":"AAAA"})") == "private_key");
  CHECK(of(oct(32, R"(,"d":"AAAA")")) == "private_key");
}

TEST_CASE("jwk: other kinds are unsupported, and half a key is malformed") {
  for (const char* jwk :
       {R"({"kty":"EC","crv":"P-384","x":"AA","y":"AA"})", R"({"kty":"EC","crv":"secp256k1"})", R"({"kty":"EC"})",
        R"({"kty":"OKP","crv":"X25519","x":"AA"})", R"({"kty":"OKP","crv":"Ed448"})", R"({"kty":"AKP"})",
        R"({"kty":"rsa","n":"AA","e":"AQAB"})", R"({"kty":""})"}) {
    CAPTURE(jwk);
    CHECK(of(jwk) == "unsupported");
  }
  for (const char* jwk : {"[]", "null", "{}", R"({"kty":1})", R"({"kty":"RSA"})", R"({"kty":"RSA","n":1,"e":"AQAB"})",
                          R"({"kty":"EC","crv":"P-256"})", R"({"kty":"OKP","crv":"Ed25519"})", R"({"kty":"oct"})",
                          R"({"kty":"oct","k":""})", R"({"kty":"oct","k":1})",
                          R"({"kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="})"}) {
    CAPTURE(jwk);
    CHECK(of(jwk) == "malformed");
  }
  for (const char* text : {"", "{", "{}{}", R"({"kty":"oct","kty":"oct"})"}) CHECK(of(text) == "not_json");
}

TEST_CASE("jwk: an RSA modulus has 2048 to 8192 bits, exactly") {
  CHECK(of(rsa(kMinRsaBits - 1)) == "wrong_size");
  CHECK(of(rsa(kMinRsaBits)) == "ok");
  CHECK(of(rsa(kMinRsaBits + 1)) == "ok");
  CHECK(of(rsa(kMaxRsaBits - 1)) == "ok");
  CHECK(of(rsa(kMaxRsaBits)) == "ok");
  CHECK(of(rsa(kMaxRsaBits + 1)) == "wrong_size");
  CHECK(of(rsa(2 * kMaxRsaBits)) == "wrong_size");
  CHECK(of(rsa(1)) == "wrong_size");
}

TEST_CASE("jwk: RSA numbers that make signing easy, or are written otherwise than they should be, are refused") {
  // 1, 3, 65536, 65535, 0 before 65537, and more than 64 bits.
  for (const char* e : {"AQ", "Aw", "AQAA", "__8", "AAEAAQ", "AQAAAAAAAAAB", "", "AQAB="}) {
    CAPTURE(e);
    CHECK(of(rsa(2048, e)) == "malformed");
  }
  CHECK(of(rsa(2048, "__________8")) == "ok");
  const auto with_modulus = [](const Bytes& n) {
    return of(R"({"kty":"RSA","n":")" + encode_base64url(n) + R"(","e":"AQAB"})");
  };
  Bytes n(256, 0xff);
  CHECK(with_modulus(n) == "ok");
  n.back() = 0xfe;
  CHECK(with_modulus(n) == "malformed");
  n.back() = 0xff;
  n.insert(n.begin(), 0);
  CHECK(with_modulus(n) == "malformed");
}

TEST_CASE("jwk: a point of P-256 is on the curve, with coordinates of 32 bytes") {
  const std::string zeros = encode_base64url(Bytes(32, 0));
  const auto point = [](std::string_view x, std::string_view y) {
    return of(R"({"kty":"EC","crv":"P-256","x":")" + std::string(x) + R"(","y":")" + std::string(y) + R"("})");
  };
  const std::string x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
  const std::string y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
  CHECK(point(x, y) == "ok");
  CHECK(point(y, x) == "malformed");
  CHECK(point(zeros, zeros) == "malformed");
  CHECK(point(x, x) == "malformed");
  CHECK(point(encode_base64url(Bytes(32, 0xff)), y) == "malformed");
  CHECK(point(x, encode_base64url(Bytes(31, 1))) == "malformed");
  CHECK(point("AA" + x, y) == "malformed");
}

TEST_CASE("jwk: a point of Ed25519 has 32 bytes") {
  const auto point = [](std::size_t size) {
    return of(R"({"kty":"OKP","crv":"Ed25519","x":")" + encode_base64url(Bytes(size, 9)) + R"("})");
  };
  CHECK(point(kPointBytes - 1) == "malformed");
  CHECK(point(kPointBytes) == "ok");
  CHECK(point(kPointBytes + 1) == "malformed");
}

TEST_CASE("jwk: a secret has 32 to 1024 bytes, exactly, from a key or by itself") {
  for (const auto& [size, fits] : {std::pair<std::size_t, bool>{kMinSecretBytes - 1, false},
                                   {kMinSecretBytes, true},
                                   {kMinSecretBytes + 1, true},
                                   {kMaxSecretBytes - 1, true},
                                   {kMaxSecretBytes, true},
                                   {kMaxSecretBytes + 1, false},
                                   {4 * kMaxSecretBytes, false}}) {
    CAPTURE(size);
    CHECK(of(oct(size)) == (fits ? "ok" : "wrong_size"));
    CHECK(VerifyKey::of_secret(SecretBytes(size)).ok() == fits);
  }
  CHECK(VerifyKey::of_secret({}).problem() == KeyProblem::wrong_size);
}

TEST_CASE("jwk: a kid has at most 256 bytes, exactly, and a document 64 KiB") {
  for (const std::size_t size : {kMaxKeyIdBytes - 1, kMaxKeyIdBytes, kMaxKeyIdBytes + 1}) {
    const std::string kid(size, 'k');
    CHECK(of(oct(32, R"(,"kid":")" + kid + '"')) == (size > kMaxKeyIdBytes ? "malformed" : "ok"));
    CHECK(VerifyKey::of_secret(SecretBytes(32), kid).ok() == (size <= kMaxKeyIdBytes));
  }
  CHECK(of(oct(32, R"(,"kid":7)")) == "malformed");
  for (const std::size_t size : {kMaxKeyDocumentBytes - 1, kMaxKeyDocumentBytes, kMaxKeyDocumentBytes + 1}) {
    std::string document = oct(32);
    document.append(size - document.size(), ' ');
    CHECK(of(document) == (size > kMaxKeyDocumentBytes ? "not_json" : "ok"));
  }
}

TEST_CASE("jwk: every problem has a name of its own and a sentence, without anything of the key") {
  std::vector<std::string_view> names;
  for (int code = 0; code <= static_cast<int>(KeyProblem::no_usable_key); ++code) {
    const auto problem = static_cast<KeyProblem>(code);
    CHECK(std::find(names.begin(), names.end(), name(problem)) == names.end());
    names.push_back(name(problem));
    CHECK_FALSE(name(problem).empty());
    CHECK(sentence(problem).ends_with("."));
  }
}
