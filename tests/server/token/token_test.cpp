#include "server/token/token.h"

#include "token/tokens.h"

using namespace keyhold;
using namespace keyhold::server;
using namespace keyhold::server::test;

namespace {

std::string with_header(std::string_view header) {
  static const TokenVerifier tokens = verifier(set_of(secret_key()));
  return verdict(tokens, signed_token(header, kGoodClaims));
}

}  // namespace

TEST_CASE("token: each algorithm's good token says whose it is and until when") {
  for (const auto& [alg, pair] : {std::pair<std::string, KeyPair>{"RS256", KeyPair::rsa()},
                                  {"ES256", KeyPair::p256()},
                                  {"EdDSA", KeyPair::ed25519()},
                                  {"Ed25519", KeyPair::ed25519()}}) {
    CAPTURE(alg);
    const TokenVerifier tokens = verifier(set_of(key_of(pair.jwk())));
    const auto user = tokens.verify(pair.signed_token(R"({"alg":")" + alg + R"("})", kGoodClaims), kNow);
    REQUIRE(user.ok());
    CHECK(user->subject == "user-1");
    CHECK(user->expires_at == 1'795'000'600'000);
  }
  CHECK(verdict(verifier(set_of(secret_key())), signed_token(kHs256, kGoodClaims)) == "ok");
}

TEST_CASE("token: what is not three parts of base64url with two objects is malformed") {
  const TokenVerifier tokens = verifier(set_of(secret_key()));
  const std::string good = signed_token(kHs256, kGoodClaims);
  REQUIRE(verdict(tokens, good) == "ok");
  for (const std::string& text :
       {std::string(), std::string("."), std::string(".."), std::string("a.b.c"), good.substr(0, good.rfind('.')),
        "." + good, good + ".", good + "=", " " + good, good + "\n", "Bearer " + good, std::string(good).insert(3, "+"),
        good + std::string(1, '\0'), good.substr(good.find('.'))}) {
    CAPTURE(text);
    CHECK(verdict(tokens, text) == "malformed");
  }
  for (const char* header :
       {"", "null", "[]", "\"HS256\"", "{}", R"({"alg":null})", R"({"alg":["HS256"]})", R"({"alg":"HS256"} x)",
        R"({"alg":"HS256","alg":"HS256"})", R"({"alg":"none","\u0061lg":"HS256"})", R"({"alg":"HS256","kid":1})",
        R"({"alg":"HS256","kid":null})", "\xef\xbb\xbf{\"alg\":\"HS256\"}"}) {
    CAPTURE(header);
    CHECK(with_header(header) == "malformed");
  }
  for (const char* claims : {"", "null", "[]", "7", R"({"sub":"a","sub":"b"})"}) {
    CAPTURE(claims);
    CHECK(verdict(tokens, signed_token(kHs256, claims)) == "malformed");
  }
}

TEST_CASE("token: a part between that is none is never taken, with whatever signature") {
  const TokenVerifier tokens = verifier(set_of(secret_key()));
  const std::string input = signing_input(kHs256, kGoodClaims) + "." + base64(kGoodClaims);
  CHECK(verdict(tokens, input + "." + base64(hmac(kSecret, input))) == "malformed");
}

TEST_CASE("token: at most 8 KiB, exactly") {
  const TokenVerifier tokens = verifier(set_of(secret_key()));
  // Base64 has gaps in its lengths; the header's own length moves them.
  const auto token_of = [](std::size_t size) {
    for (std::size_t extra = 0; extra < 3; ++extra) {
      const std::string header = R"({"alg":"HS256","typ":")" + std::string(extra, 'x') + R"("})";
      for (std::size_t pad = size / 2; pad < size; ++pad) {
        const std::string claims =
            R"({"sub":"user-1","aud":"keyhold","exp":1795000600,"pad":")" + std::string(pad, 'x') + R"("})";
        const std::size_t made = signing_input(header, claims).size() + 44;
        if (made == size) return signed_token(header, claims);
        if (made > size) break;
      }
    }
    return std::string();
  };
  for (const std::size_t size : {kMaxTokenBytes - 1, kMaxTokenBytes, kMaxTokenBytes + 1}) {
    const std::string token = token_of(size);
    REQUIRE(token.size() == size);
    CHECK(verdict(tokens, token) == (size > kMaxTokenBytes ? "too_large" : "ok"));
  }
}

TEST_CASE("token: a header that brings a key or changes what is signed is refused, though its signature is good") {
  for (const char* more : {R"("crit":["exp"])", R"("crit":[])", R"("crit":null)", R"("b64":false)", R"("b64":true)",
                           R"("zip":"DEF")", R"("jwk":{"kty":"oct","k":"AAAA"})", R"("jku":"https://example.com/keys")",
                           R"("x5u":"https://example.com/c")", R"("x5c":["AAAA"])", R"("jwk":null)"}) {
    CAPTURE(more);
    CHECK(with_header(R"({"alg":"HS256",)" + std::string(more) + "}") == "header_refused");
  }
  for (const char* more :
       {R"("typ":"JWT")", R"("typ":"at+jwt")", R"("cty":"x")", R"("x5t":"AAAA")", R"("other":{"a":[]})"}) {
    CAPTURE(more);
    CHECK(with_header(R"({"alg":"HS256",)" + std::string(more) + "}") == "ok");
  }
}

TEST_CASE("token: none is no algorithm in any spelling, with or without a signature") {
  const TokenVerifier tokens = verifier(set_of(secret_key()));
  for (const char* alg : {"none", "None", "NONE", "nOnE", "", " none", "HS384", "HS512", "hs256", "HS256 ", "RS512",
                          "PS256", "ES384", "ES256K", "EDDSA", "Ed448", "dir"}) {
    CAPTURE(alg);
    const std::string header = R"({"alg":")" + std::string(alg) + R"("})";
    CHECK(verdict(tokens, signing_input(header, kGoodClaims) + ".") == "algorithm");
    CHECK(verdict(tokens, signed_token(header, kGoodClaims)) == "algorithm");
  }
  CHECK(with_header(R"({"alg":"HS256\u0000"})") == "algorithm");
  CHECK(verdict(tokens, signing_input(kHs256, kGoodClaims) + ".") == "bad_signature");
}

TEST_CASE("token: a public key is never taken for a secret, nor a secret for a public key") {
  const KeyPair pair = KeyPair::rsa();
  const TokenVerifier tokens = verifier(set_of(key_of(pair.jwk())));
  for (const std::string& as_secret : {pair.jwk(), std::string(kSecret)}) {
    CHECK(verdict(tokens, signed_token(kHs256, kGoodClaims, as_secret)) == "algorithm");
    CHECK(verdict(tokens, signed_token(R"({"alg":"RS256"})", kGoodClaims, as_secret)) == "bad_signature");
  }
  // The same with both kinds of key under one name: each token is judged by its own kind's key alone.
  const TokenVerifier both = verifier(set_of(key_of(pair.jwk(R"(,"kid":"a")")), secret_key(kSecret, "a")));
  CHECK(verdict(both, signed_token(R"({"alg":"HS256","kid":"a"})", kGoodClaims, pair.jwk())) == "bad_signature");
  CHECK(verdict(both, signed_token(R"({"alg":"RS256","kid":"a"})", kGoodClaims)) == "bad_signature");
  CHECK(verdict(both, pair.signed_token(R"({"alg":"HS256","kid":"a"})", kGoodClaims)) == "bad_signature");
  CHECK(verdict(both, signed_token(R"({"alg":"HS256","kid":"a"})", kGoodClaims)) == "ok");
  CHECK(verdict(both, pair.signed_token(R"({"alg":"RS256","kid":"a"})", kGoodClaims)) == "ok");
  CHECK(verdict(both, signed_token(R"({"alg":"ES256","kid":"a"})", kGoodClaims)) == "algorithm");
}

TEST_CASE("token: the key is the one its kid names, and without one the only one of its algorithm") {
  constexpr std::string_view other = "another secret, as long as the first one";
  const auto token = [](std::string_view more, std::string_view secret) {
    return signed_token(R"({"alg":"HS256")" + std::string(more) + "}", kGoodClaims, secret);
  };
  const TokenVerifier two = verifier(set_of(secret_key(kSecret, "a"), secret_key(other, "b")));
  CHECK(verdict(two, token(R"(,"kid":"a")", kSecret)) == "ok");
  CHECK(verdict(two, token(R"(,"kid":"b")", other)) == "ok");
  CHECK(verdict(two, token(R"(,"kid":"a")", other)) == "bad_signature");
  for (const char* kid : {R"(,"kid":"c")", R"(,"kid":"")", R"(,"kid":"A")", R"(,"kid":"a ")", ""}) {
    CAPTURE(kid);
    CHECK(verdict(two, token(kid, kSecret)) == "unknown_key");
  }
  const TokenVerifier named = verifier(set_of(secret_key(kSecret, "a"), key_of(KeyPair::p256().jwk())));
  CHECK(verdict(named, token("", kSecret)) == "ok");
  const TokenVerifier nameless = verifier(set_of(secret_key()));
  CHECK(verdict(nameless, token(R"(,"kid":"a")", kSecret)) == "unknown_key");
}

TEST_CASE("token: a kid has at most 256 bytes, exactly") {
  for (const std::size_t size : {kMaxKeyIdBytes - 1, kMaxKeyIdBytes, kMaxKeyIdBytes + 1}) {
    const std::string kid(size, 'k');
    const std::string token = signed_token(R"({"alg":"HS256","kid":")" + kid + R"("})", kGoodClaims);
    if (size > kMaxKeyIdBytes) {
      CHECK(verdict(verifier(set_of(secret_key())), token) == "malformed");
    } else {
      CHECK(verdict(verifier(set_of(secret_key(kSecret, kid))), token) == "ok");
    }
  }
}

TEST_CASE("token: nothing is said of its claims while its signature is not known to be good") {
  const TokenVerifier tokens = verifier(set_of(secret_key()));
  for (const char* claims : {R"({"sub":"user-1","aud":"keyhold","exp":1})", "{}", "[]", "not JSON"}) {
    CHECK(verdict(tokens, signed_token(kHs256, claims, "the secret of somebody else, of a good length")) ==
          "bad_signature");
    CHECK(verdict(tokens, signed_token(kHs256, claims)) != "bad_signature");
  }
}

TEST_CASE("token: with any one bit of it flipped it is never taken") {
  const KeyPair rsa = KeyPair::rsa();
  const KeyPair p256 = KeyPair::p256();
  const KeyPair ed25519 = KeyPair::ed25519();
  const TokenVerifier tokens =
      verifier(set_of(secret_key(), key_of(rsa.jwk()), key_of(p256.jwk()), key_of(ed25519.jwk())));
  for (const std::string& good :
       {signed_token(kHs256, kGoodClaims), rsa.signed_token(R"({"alg":"RS256"})", kGoodClaims),
        p256.signed_token(R"({"alg":"ES256"})", kGoodClaims),
        ed25519.signed_token(R"({"alg":"EdDSA"})", kGoodClaims)}) {
    REQUIRE(verdict(tokens, good) == "ok");
    std::size_t accepted = 0;
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
      std::string flipped = good;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
      accepted += tokens.verify(flipped, kNow).ok() ? 1 : 0;
    }
    CHECK(accepted == 0);
  }
}

TEST_CASE("token: a verifier needs keys, an audience and, if one is named, an issuer") {
  const auto keys = std::make_shared<const KeySet>(set_of(secret_key()));
  const auto made = [&](std::optional<std::string> issuer, std::string audience) {
    return TokenVerifier::make({std::move(issuer), std::move(audience)}, keys).ok();
  };
  CHECK(made(std::nullopt, "a"));
  CHECK(made("i", std::string(kMaxRuleBytes, 'a')));
  CHECK_FALSE(made(std::nullopt, ""));
  CHECK_FALSE(made("", "a"));
  CHECK_FALSE(made(std::nullopt, std::string(kMaxRuleBytes + 1, 'a')));
  CHECK_FALSE(made(std::string(kMaxRuleBytes + 1, 'i'), "a"));
  CHECK_FALSE(TokenVerifier::make({std::nullopt, "a"}, nullptr).ok());
}

TEST_CASE("token: every problem has a name of its own and a sentence") {
  std::vector<std::string_view> names;
  for (int code = 0; code <= static_cast<int>(TokenProblem::bad_subject); ++code) {
    const auto problem = static_cast<TokenProblem>(code);
    CHECK(std::find(names.begin(), names.end(), name(problem)) == names.end());
    names.push_back(name(problem));
    CHECK(name(problem).find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string_view::npos);
    CHECK(sentence(problem).ends_with("."));
  }
}
