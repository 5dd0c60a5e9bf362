#include "providers/login.h"

#include "base/json.h"
#include "feeding.h"
#include "providers/provider_json.h"

using namespace keyhold;
using namespace keyhold::test;

namespace {

using Style = Login::Style;

constexpr std::string_view kCallback = "https://vault.example/app/callback.html";
constexpr std::string_view kVerifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

LoginTerms openrouter() {
  static const Login its = parse_login(provider("openrouter")->login).value();
  return {its, "", kCallback};
}

LoginTerms oauth(bool scoped = true) {
  static const Login with{Style::oauth, "https://login.example/oauth/authorize", "https://login.example/oauth/token",
                          "inference-api openid"};
  static const Login without{Style::oauth, with.authorize, with.exchange, ""};
  return {scoped ? with : without, "client id/1", kCallback};
}

LoginAnswer answered(std::string_view text, std::size_t cut = 1 << 20) {
  LoginAnswer answer;
  for (std::size_t at = 0; at < text.size(); at += cut) REQUIRE(answer.feed(as_bytes(text.substr(at, cut))).ok());
  return answer;
}

/// The key and, behind a blank, its lifetime; or the error's name.
std::string granted(Style style, std::string_view text, std::size_t cut = 1 << 20) {
  const auto grant = read_grant(style, answered(text, cut));
  if (!grant) return std::string(name(grant.error()));
  return text_of(grant->key) + (grant->lifetime_s ? " " + std::to_string(*grant->lifetime_s) : "");
}

Errc refusal(int status, std::string_view body) {
  return diagnose_login(*provider("openrouter"), {status, "application/json", as_bytes(body), ""});
}

}  // namespace

TEST_CASE("login: OpenRouter is asked with its own parameters, and the state inside the address to come back to") {
  CHECK(authorize_url(openrouter(), "STATE_-1", "CHALLENGE") ==
        "https://openrouter.ai/auth?callback_url=https%3A%2F%2Fvault.example%2Fapp%2Fcallback.html%3Fstate%3DSTATE_-1"
        "&code_challenge=CHALLENGE&code_challenge_method=S256");
  const Outgoing request = exchange_request(openrouter(), "auth_code-1", secret(kVerifier));
  CHECK(request.method == Method::post);
  CHECK(request.url == "https://openrouter.ai/api/v1/auth/keys");
  CHECK(request.headers == Headers{{"accept", "application/json"}, {"content-type", "application/json"}});
  CHECK(request.body ==
        R"({"code":"auth_code-1","code_verifier":")" + std::string(kVerifier) + R"(","code_challenge_method":"S256"})");
}

TEST_CASE("login: others are asked as RFC 6749 and RFC 7636 say, each value encoded") {
  CHECK(authorize_url(oauth(), "S", "C") ==
        "https://login.example/oauth/authorize?response_type=code&client_id=client%20id%2F1"
        "&redirect_uri=https%3A%2F%2Fvault.example%2Fapp%2Fcallback.html&scope=inference-api%20openid&state=S"
        "&code_challenge=C&code_challenge_method=S256");
  CHECK(authorize_url(oauth(false), "S", "C").find("scope") == std::string::npos);
  const Outgoing request = exchange_request(oauth(), "a&b=c+d%", secret(kVerifier));
  CHECK(request.headers.back().second == "application/x-www-form-urlencoded");
  CHECK(request.body ==
        "grant_type=authorization_code&code=a%26b%3Dc%2Bd%25"
        "&redirect_uri=https%3A%2F%2Fvault.example%2Fapp%2Fcallback.html&client_id=client%20id%2F1&code_verifier=" +
            std::string(kVerifier));
}

TEST_CASE("login: no code can write anything else into the body") {
  const std::string hostile = R"(","code_verifier":"mine","x":"\)";
  REQUIRE(is_login_code(hostile));
  const auto body = Json::parse(as_bytes(*exchange_request(openrouter(), hostile, secret(kVerifier)).body));
  REQUIRE(body.ok());
  CHECK(*body->root().field("code")->text() == hostile);
  CHECK(*body->root().field("code_verifier")->text() == kVerifier);
  CHECK(body->root().size() == 3);
}

TEST_CASE("login: a code is visible ASCII, of bounded length") {
  CHECK(is_login_code("x"));
  CHECK(is_login_code("!~"));
  CHECK_FALSE(is_login_code(""));
  for (const auto* wrong : {"a b", "a\n", "\x7f", "k\xc3\xa9y"}) CHECK_FALSE(is_login_code(wrong));
  CHECK(is_login_code(std::string(kMaxLoginCodeBytes - 1, 'c')));
  CHECK(is_login_code(std::string(kMaxLoginCodeBytes, 'c')));
  CHECK_FALSE(is_login_code(std::string(kMaxLoginCodeBytes + 1, 'c')));
}

TEST_CASE("login: the key is taken out of the answer, in whatever pieces that came") {
  const std::string answer = R"({"key":"sk-or-v1-0123456789","user_id":"user_1"})";
  for (std::size_t cut = 1; cut <= answer.size(); ++cut) {
    CHECK(granted(Style::openrouter, answer, cut) == "sk-or-v1-0123456789");
  }
  CHECK(granted(Style::oauth, R"({"access_token":"hf_oauth_a.b-c","token_type":"bearer","expires_in":28800})") ==
        "hf_oauth_a.b-c 28800");
  CHECK(granted(Style::oauth,
                " {\n \"user\" : {\"access_token\" : \"inner\"}, \"list\":[\"access_token\", \"x\"],\n"
                "\"access_token\" \t:\r\n \"outer\", \"refresh_token\" : \"a \\\"quoted\\\" one\\\\\"}\n") == "outer");
  // Each style has its own name for it.
  CHECK(granted(Style::openrouter, R"({"access_token":"hf_oauth_a"})") == "ERR_BAD_ANSWER");
  CHECK(granted(Style::oauth, R"({"key":"sk-or-v1-0"})") == "ERR_BAD_ANSWER");
}

TEST_CASE("login: an answer without one key is refused") {
  for (const auto* wrong : {"",
                            "{}",
                            "[]",
                            "null",
                            R"({"key":null})",
                            R"({"key":1})",
                            R"({"key":["a"]})",
                            R"({"key":"a","key":"b"})",
                            R"({"key":"a","k\u0065y":"b"})",
                            R"({"key":"a"}x)",
                            R"({"key":"a")",
                            R"({"data":{"key":"a"}})",
                            R"({"key":"\u00e9"})",
                            "<html>sign in</html>",
                            R"({"key":"a","error":1,"error":2})",
                            R"({"key":"a","expires_in":1,"expires_in":2})",
                            R"({"k\u0065y":"a"})",
                            R"({"key":"a\/b"})",
                            R"({"key":{"key":"a"}})",
                            R"({"key":"a)",
                            "\"key\":\"a\"",
                            R"({"key":"a\)"}) {
    CAPTURE(wrong);
    CHECK(granted(Style::openrouter, wrong) == "ERR_BAD_ANSWER");
  }
  // Some say so with status 200.
  CHECK(granted(Style::oauth, R"({"error":"bad_verification_code"})") == "ERR_LOGIN_REFUSED");
  CHECK(granted(Style::oauth, R"({"error":{"code":400}})") == "ERR_LOGIN_REFUSED");
}

TEST_CASE("login: how long a key lives is a whole number of seconds, or not known") {
  const auto life = [](std::string_view written) {
    return granted(Style::oauth, R"({"access_token":"t","expires_in":)" + std::string(written) + "}");
  };
  CHECK(life("1") == "t 1");
  CHECK(life(std::to_string(kMaxKeyLifeS)) == "t " + std::to_string(kMaxKeyLifeS));
  CHECK(life(std::to_string(kMaxKeyLifeS - 1)) == "t " + std::to_string(kMaxKeyLifeS - 1));
  CHECK(life(std::to_string(kMaxKeyLifeS + 1)) == "t");
  for (const auto* unknown : {"0", "-5", "null", "\"3600\"", "3600.5", "1e3", "99999999999999999999", "[]"}) {
    CAPTURE(unknown);
    CHECK(life(unknown) == "t");
  }
}

TEST_CASE("login: an answer may have so many values, and no more") {
  const auto with = [](std::size_t more) {
    std::string text = R"({"key":"a","list":[)";
    for (std::size_t i = 0; i < more; ++i) text += i == 0 ? "1" : ",1";
    return granted(Style::openrouter, text + "]}");
  };
  // The object, two names, a text and the list count too.
  const std::size_t room = kMaxGrantValues - 5;
  CHECK(with(room - 1) == "a");
  CHECK(with(room) == "a");
  CHECK(with(room + 1) == "ERR_BAD_ANSWER");
}

TEST_CASE("login: an answer is taken up to its bound") {
  const auto fed = [](std::size_t size) {
    LoginAnswer answer;
    const std::string text(size, ' ');
    for (std::size_t at = 0; at < size; at += 1000) {
      const std::string_view piece = std::string_view(text).substr(at, 1000);
      if (auto result = answer.feed(as_bytes(piece)); !result) return result.error() == Errc::ERR_TOO_LARGE ? -1 : -2;
    }
    return static_cast<int>(answer.reveal().size());
  };
  CHECK(fed(kMaxLoginAnswerBytes - 1) == static_cast<int>(kMaxLoginAnswerBytes) - 1);
  CHECK(fed(kMaxLoginAnswerBytes) == static_cast<int>(kMaxLoginAnswerBytes));
  CHECK(fed(kMaxLoginAnswerBytes + 1) == -1);
}

TEST_CASE("login: a refusal is one of the login, unless it says something else") {
  for (const auto* error : {"invalid_grant", "invalid_client", "unauthorized_client", "invalid_request"}) {
    CHECK(refusal(400, R"({"error":")" + std::string(error) + R"("})") == Errc::ERR_LOGIN_REFUSED);
  }
  CHECK(refusal(400, R"({"error":{"message":"Invalid code_challenge_method","code":400}})") == Errc::ERR_LOGIN_REFUSED);
  CHECK(refusal(401, R"({"error":"invalid_client"})") == Errc::ERR_LOGIN_REFUSED);
  CHECK(refusal(403, R"({"error":{"message":"Invalid code or code_verifier","code":403}})") == Errc::ERR_LOGIN_REFUSED);
  CHECK(refusal(404, "{}") == Errc::ERR_LOGIN_REFUSED);
  CHECK(refusal(405, "") == Errc::ERR_LOGIN_REFUSED);
  CHECK(refusal(429, "{}") == Errc::ERR_RATE_LIMITED);
  CHECK(refusal(500, "") == Errc::ERR_PROVIDER_DOWN);
  CHECK(refusal(503, "<html>") == Errc::ERR_PROVIDER_DOWN);
  CHECK(refusal(404, "<html>blocked by your company</html>") == Errc::ERR_BAD_ANSWER);
}

TEST_CASE("catalogue: a login is read strictly") {
  constexpr std::string_view kGood =
      R"({"style":"oauth","authorize":"https://x.example/a","exchange":"https://x.example/t","scope":"a b"})";
  const auto good = parse_login(kGood);
  REQUIRE(good.ok());
  CHECK(good->style == Style::oauth);
  CHECK(good->authorize == "https://x.example/a");
  CHECK(good->exchange == "https://x.example/t");
  CHECK(good->scope == "a b");
  CHECK(parse_login(R"({"style":"openrouter","authorize":"http://localhost:8080/a","exchange":"http://127.0.0.1:1/t"})")
            .ok());
  for (const auto* wrong :
       {"{}", "null", "[]", R"({"style":"oauth","authorize":"https://x.example/a"})",
        R"({"style":"oauth","exchange":"https://x.example/t"})",
        R"({"authorize":"https://x.example/a","exchange":"https://x.example/t"})",
        R"({"style":"saml","authorize":"https://x.example/a","exchange":"https://x.example/t"})",
        R"({"style":"oauth","authorize":"http://x.example/a","exchange":"https://x.example/t"})",
        R"({"style":"oauth","authorize":"https://x.example/a","exchange":"http://x.example/t"})",
        R"({"style":"oauth","authorize":"https://x.example/a?b=c","exchange":"https://x.example/t"})",
        R"({"style":"oauth","authorize":"https://x.example/a#b","exchange":"https://x.example/t"})",
        R"({"style":"oauth","authorize":"javascript:void","exchange":"https://x.example/t"})",
        R"({"style":"oauth","authorize":"https://u@x.example/a","exchange":"https://x.example/t"})",
        R"({"style":"oauth","authorize":"https://X.example/a","exchange":"https://x.example/t"})",
        R"({"style":"oauth","authorize":"https://x.example/a","exchange":"https://x.example/t","more":1})",
        R"({"style":"oauth","authorize":"https://x.example/a","exchange":"https://x.example/t","scope":"a\nb"})"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_login(wrong).ok());
  }
}

TEST_CASE("catalogue: of the built-in providers two have a login, at their own addresses alone") {
  std::vector<std::string> with;
  for (const ProviderRef& one : builtin().all()) {
    if (!one->login.empty()) with.push_back(one->id);
  }
  CHECK(with == std::vector<std::string>{"openrouter", "huggingface"});
  CHECK_FALSE(provider("openrouter")->login_wants_client);
  CHECK(openrouter().login.style == Style::openrouter);
  CHECK(openrouter().login.authorize == "https://openrouter.ai/auth");
  CHECK(openrouter().login.exchange == "https://openrouter.ai/api/v1/auth/keys");
  CHECK(provider("huggingface")->login_wants_client);
  const Login hugging_face = parse_login(provider("huggingface")->login).value();
  CHECK(hugging_face.style == Style::oauth);
  CHECK(hugging_face.authorize == "https://huggingface.co/oauth/authorize");
  CHECK(hugging_face.exchange == "https://huggingface.co/oauth/token");
  CHECK(hugging_face.scope == "inference-api");
}
