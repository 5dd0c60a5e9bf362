#include "server/token/claims.h"

#include "token/tokens.h"

using namespace keyhold;
using namespace keyhold::server;
using namespace keyhold::server::test;

namespace {

constexpr std::string_view kSub = R"("sub":"user-1")";
constexpr std::string_view kAud = R"("aud":"keyhold")";
constexpr std::string_view kExp = R"("exp":1795000600)";

// What is made of claims with these members: "ok" or the problem's name.
std::string of(std::initializer_list<std::string_view> members, UnixMs now = kNow, const char* issuer = nullptr) {
  std::string text = "{";
  for (const std::string_view member : members) {
    if (text.size() > 1) text += ',';
    text += member;
  }
  text += '}';
  const auto json = Json::parse(as_bytes(text));
  REQUIRE(json.ok());
  TokenRules rules{.issuer = std::nullopt, .audience = "keyhold"};
  if (issuer != nullptr) rules.issuer = issuer;
  const auto user = read_claims(json->root(), rules, now);
  return user ? "ok" : std::string(name(user.problem()));
}

std::string claim(std::string_view name, std::string_view value) {
  return '"' + std::string(name) + "\":" + std::string(value);
}

}  // namespace

TEST_CASE("claims: exp is required, and over once the leeway after it has passed") {
  CHECK(of({kSub, kAud}) == "no_expiry");
  const UnixMs end = 1'795'000'600'000;
  CHECK(of({kSub, kAud, kExp}, end) == "ok");
  CHECK(of({kSub, kAud, kExp}, end + kClockLeewayMs - 1) == "ok");
  CHECK(of({kSub, kAud, kExp}, end + kClockLeewayMs) == "expired");
  CHECK(of({kSub, kAud, kExp}, end + kClockLeewayMs + 1) == "expired");
  CHECK(of({kSub, kAud, R"("exp":0)"}) == "expired");
}

TEST_CASE("claims: a time is a whole number of seconds in range, however it is written") {
  for (const char* exp : {"1795000600", "1795000600.0", "1.7950006e9", "253402300799"}) {
    CAPTURE(exp);
    CHECK(of({kSub, kAud, claim("exp", exp)}) == "ok");
  }
  for (const char* exp : {"null", "true", "\"1795000600\"", "[1795000600]", "{}", "1795000600.5", "-1", "-1795000600",
                          "253402300800", "9223372036854775807", "18446744073709551615", "18446744073709551616", "1e13",
                          "1e300", "-0.5", "-1e300", "1795000600000"}) {
    CAPTURE(exp);
    CHECK(of({kSub, kAud, claim("exp", exp)}) == "bad_claim");
    CHECK(of({kSub, kAud, kExp, claim("nbf", exp)}) == "bad_claim");
    CHECK(of({kSub, kAud, kExp, claim("iat", exp)}) == "bad_claim");
  }
  // What no double holds is no JSON to our reader at all.
  CHECK_FALSE(Json::parse(as_bytes(R"({"exp":1e999})")).ok());
  CHECK_FALSE(Json::parse(as_bytes(R"({"exp":NaN})")).ok());
}

TEST_CASE("claims: nbf and iat, if there, have begun, give or take the leeway") {
  for (const char* name : {"nbf", "iat"}) {
    CAPTURE(name);
    const auto at = [&](UnixMs now) { return of({kSub, kAud, kExp, claim(name, "1795000100")}, now); };
    const UnixMs begin = 1'795'000'100'000;
    CHECK(at(begin) == "ok");
    CHECK(at(begin - kClockLeewayMs) == "ok");
    CHECK(at(begin - kClockLeewayMs - 1) == "not_yet_valid");
  }
  CHECK(of({kSub, kAud, kExp, R"("nbf":1795000100)", R"("iat":1)"}, kNow) == "not_yet_valid");
  CHECK(of({kSub, kAud, kExp, R"("nbf":1)", R"("iat":1795000100)"}, kNow) == "not_yet_valid");
}

TEST_CASE("claims: aud is our name, or a list of up to 16 that has it") {
  CHECK(of({kSub, kExp}) == "wrong_audience");
  for (const char* aud : {R"("keyhold")", R"(["keyhold"])", R"(["other","keyhold"])"}) {
    CHECK(of({kSub, kExp, claim("aud", aud)}) == "ok");
  }
  for (const char* aud : {R"("")", R"("Keyhold")", R"("keyhold ")", R"("keyhol")", R"("keyhold\u0000")", "[]",
                          R"(["other"])", R"(["key","hold"])"}) {
    CAPTURE(aud);
    CHECK(of({kSub, kExp, claim("aud", aud)}) == "wrong_audience");
  }
  for (const char* aud :
       {"null", "1", R"({"keyhold":1})", R"(["keyhold",1])", R"([["keyhold"]])", R"(["keyhold",null])"}) {
    CAPTURE(aud);
    CHECK(of({kSub, kExp, claim("aud", aud)}) == "bad_claim");
  }
  for (const std::size_t count : {kMaxAudiences - 1, kMaxAudiences, kMaxAudiences + 1}) {
    std::string list = R"(["keyhold")";
    for (std::size_t i = 1; i < count; ++i) list += R"(,"other")";
    CHECK(of({kSub, kExp, claim("aud", list + "]")}) == (count > kMaxAudiences ? "bad_claim" : "ok"));
  }
}

TEST_CASE("claims: iss is compared if one is asked for") {
  const auto issued_by = [](std::string_view iss, const char* asked) {
    return of({kSub, kAud, kExp, iss}, kNow, asked);
  };
  CHECK(issued_by(R"("iss":"https://app.example")", "https://app.example") == "ok");
  CHECK(issued_by(R"("iss":"https://other.example")", nullptr) == "ok");
  for (const char* iss : {R"("iss":"https://app.example/")", R"("iss":"https://APP.example")", R"("iss":"")",
                          R"("iss":null)", R"("iss":["https://app.example"])", R"("other":1)"}) {
    CAPTURE(iss);
    CHECK(issued_by(iss, "https://app.example") == "wrong_issuer");
  }
}

TEST_CASE("claims: sub is 1 to 200 bytes of printable UTF-8") {
  const auto subject = [](std::string_view text) {
    return of({kAud, kExp, claim("sub", '"' + std::string(text) + '"')});
  };
  CHECK(of({kAud, kExp}) == "no_subject");
  for (const char* good : {"u", "auth0|62a", "user@example.com", "Zoë", "用户", "🙂", "a b", "\\u00e9"}) {
    CAPTURE(good);
    CHECK(subject(good) == "ok");
  }
  for (const char* bad : {"", "\\u0000", "a\\u0000b", "\\n", "a\\r", "\\u001b[31m", "\x7f", "\\u0085", "a\\u009f",
                          "\\u2028", "a\\u202eb", "\\u2066", "\\ufeff", "\\u200f"}) {
    CAPTURE(bad);
    CHECK(subject(bad) == "bad_subject");
  }
  for (const char* wrong : {"null", "7", "[\"a\"]", "{}", "true"})
    CHECK(of({kAud, kExp, claim("sub", wrong)}) == "bad_subject");
  for (const std::size_t size : {kMaxSubjectBytes - 1, kMaxSubjectBytes, kMaxSubjectBytes + 1}) {
    CHECK(subject(std::string(size, 'u')) == (size > kMaxSubjectBytes ? "bad_subject" : "ok"));
  }
}

TEST_CASE("claims: others are nobody's business here") {
  CHECK(of({kSub, kAud, kExp, R"("sub2":{"a":[1,2]})", R"("jti":7)", R"("iss":7)"}) == "ok");
}

TEST_CASE(
    "claims: an organisation is what the claim of that name says, where one is named; what is none of it is refused") {
  const auto of_claim = [](std::string_view members, const std::string& claim) -> std::string {
    const std::string text = R"({"sub":"user-1","aud":"keyhold","exp":1795000600)" + std::string(members) + "}";
    const auto json = Json::parse(as_bytes(text));
    REQUIRE(json.ok());
    const auto user =
        read_claims(json->root(), {.issuer = std::nullopt, .audience = "keyhold", .organisation_claim = claim}, kNow);
    return user ? user->organisation : std::string(name(user.problem()));
  };
  CHECK(of_claim(R"(,"org":"acme")", "org") == "acme");
  CHECK(of_claim(R"(,"org":"acme","team":"blue")", "team") == "blue");
  CHECK(of_claim("", "org").empty());
  CHECK(of_claim(R"(,"org":"acme")", "").empty());
  CHECK(of_claim(R"(,"org":7)", "").empty());
  CHECK(of_claim(R"(,"org":")" + std::string(kMaxOrganisationClaimBytes, 'a') + "\"", "org").size() ==
        kMaxOrganisationClaimBytes);
  for (const std::string bad :
       {R"("")", "7", "null", R"(["acme"])", R"({"id":"acme"})", R"("ac\u0000me")", R"("ac\nme")"}) {
    CAPTURE(bad);
    CHECK(of_claim(R"(,"org":)" + bad, "org") == "bad_claim");
  }
  CHECK(of_claim(R"(,"org":")" + std::string(kMaxOrganisationClaimBytes + 1, 'a') + "\"", "org") == "bad_claim");
}
