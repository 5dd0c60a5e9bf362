// token_check: what the server makes of tokens, one JSON line in, one line out, for tests in other languages.
//
//   in   {"jwks": {...} | "secret": "...", "url"?: true, "audience": "...", "issuer"?: "...", "now": ms, "token": "..."}
//   out  ok <subject>  |  the problem's name  |  keys <the problem's name>  |  bad line
#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include "base/json.h"
#include "server/token/token.h"

namespace {

using namespace keyhold;
using namespace keyhold::server;

constexpr std::size_t kMaxLine = std::size_t{256} << 10;

Outcome<KeySet, KeyProblem> keys_of(JsonRef line) {
  if (const auto jwks = line.find("jwks")) {
    return KeySet::parse(jwks->dump(), line.find("url") ? KeySource::url : KeySource::file);
  }
  const auto secret = line.find("secret");
  const auto text = secret ? secret->text() : Result<std::string_view>(Errc::ERR_BAD_JSON);
  if (!text) return KeyProblem::no_usable_key;
  auto key = VerifyKey::of_secret(SecretBytes::copy_of(as_bytes(*text)));
  if (!key) return key.problem();
  return KeySet::of(std::move(key).take());
}

Result<std::string> answer(std::string_view text) {
  KEYHOLD_TRY(const Json json, Json::parse(as_bytes(text), {.max_bytes = kMaxLine}));
  const JsonRef line = json.root();
  KEYHOLD_TRY(const JsonRef audience, line.field("audience"));
  KEYHOLD_TRY(const JsonRef now_field, line.field("now"));
  KEYHOLD_TRY(const JsonRef token_field, line.field("token"));
  KEYHOLD_TRY(const std::string_view audience_text, audience.text());
  KEYHOLD_TRY(const UnixMs now, now_field.integer(0, kMaxTime));
  KEYHOLD_TRY(const std::string_view token, token_field.text(kMaxLine));
  TokenRules rules{.issuer = std::nullopt, .audience = std::string(audience_text)};
  if (const auto issuer = line.find("issuer")) {
    KEYHOLD_TRY(const std::string_view issuer_text, issuer->text());
    rules.issuer = std::string(issuer_text);
  }

  auto keys = keys_of(line);
  if (!keys) return "keys " + std::string(name(keys.problem()));
  KEYHOLD_TRY(const auto verifier,
              TokenVerifier::make(std::move(rules), std::make_shared<const KeySet>(std::move(keys).take())));
  const auto user = verifier.verify(token, now);
  return user ? "ok " + user->subject : std::string(name(user.problem()));
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    const auto said = answer(line);
    std::cout << (said ? *said : std::string("bad line")) << std::endl;  // flushed: whoever asks waits for it
  }
  return 0;
}
