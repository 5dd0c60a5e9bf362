#include "server/token/token.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/base64.h"
#include "base/json.h"
#include "server/token/signature.h"

namespace keyhold::server {

namespace {

constexpr JsonLimits kPartLimits{.max_bytes = kMaxTokenBytes};
constexpr std::size_t kMaxAlgBytes = 64;

// They would change what the signature covers, or bring the key that the token is to be judged by. `typ` and `cty` only
// name things, and `x5t` and `x5t#S256` name a certificate: they are not looked at.
constexpr std::array<std::string_view, 7> kRefusedHeaders{"crit", "b64", "zip", "jwk", "jku", "x5u", "x5c"};

/// The text's parts, and what is signed.
struct Parts {
  std::string_view header;
  std::string_view claims;
  std::string_view signature;
  std::string_view signing_input;
};

std::optional<Parts> split(std::string_view compact) {
  const std::size_t first = compact.find('.');
  const std::size_t last = compact.rfind('.');
  if (first == last || compact.find('.', first + 1) != last) return std::nullopt;
  return Parts{compact.substr(0, first), compact.substr(first + 1, last - first - 1), compact.substr(last + 1),
               compact.substr(0, last)};
}

// A part that is an object; nothing if it is anything else.
std::optional<Json> object_of(std::string_view part) {
  const auto bytes = parse_base64url(part);
  if (!bytes) return std::nullopt;
  auto json = Json::parse(*bytes, kPartLimits);
  if (!json || !json->root().is_object()) return std::nullopt;
  return std::move(json).value();
}

struct Chosen {
  const VerifyKey* key;
  Algorithm algorithm;
};

Outcome<Chosen, TokenProblem> choose(JsonRef header, const KeySet& keys) {
  const bool refused = std::any_of(kRefusedHeaders.begin(), kRefusedHeaders.end(),
                                   [&](std::string_view member) { return header.find(member).has_value(); });
  if (refused) return TokenProblem::header_refused;

  const auto alg = header.find("alg");
  const auto alg_text = alg ? alg->text(kMaxAlgBytes) : Result<std::string_view>(Errc::ERR_BAD_JSON);
  if (!alg_text) return TokenProblem::malformed;
  std::optional<std::string_view> key_id;
  if (const auto kid = header.find("kid")) {
    const auto text = kid->text(kMaxKeyIdBytes);
    if (!text) return TokenProblem::malformed;
    key_id = *text;
  }

  const auto algorithm = algorithm_named(*alg_text);
  if (!algorithm) return TokenProblem::algorithm;
  if (const VerifyKey* key = keys.find(*algorithm, key_id)) return Chosen{key, *algorithm};
  // Which of the two it was that found nothing.
  const bool other_algorithm = key_id ? keys.has_key_id(*key_id) : !keys.has_algorithm(*algorithm);
  return other_algorithm ? TokenProblem::algorithm : TokenProblem::unknown_key;
}

bool is_rule(std::string_view text) { return !text.empty() && text.size() <= kMaxRuleBytes; }

}  // namespace

Result<TokenVerifier> TokenVerifier::make(TokenRules rules, std::shared_ptr<const KeySet> keys) {
  if (!keys || !is_rule(rules.audience) || (rules.issuer && !is_rule(*rules.issuer))) return Errc::ERR_BAD_INPUT;
  return TokenVerifier(std::move(rules), std::move(keys));
}

Outcome<TokenUser, TokenProblem> TokenVerifier::verify(std::string_view compact, UnixMs now) const {
  if (compact.size() > kMaxTokenBytes) return TokenProblem::too_large;
  const auto parts = split(compact);
  if (!parts) return TokenProblem::malformed;
  const auto header = object_of(parts->header);
  if (!header) return TokenProblem::malformed;
  const auto chosen = choose(header->root(), *keys_);
  if (!chosen) return chosen.problem();

  const auto signature = parse_base64url(parts->signature);
  if (!signature) return TokenProblem::malformed;
  if (!verify_signature(*chosen->key, chosen->algorithm, parts->signing_input, *signature)) {
    return TokenProblem::bad_signature;
  }
  const auto claims = object_of(parts->claims);
  if (!claims) return TokenProblem::malformed;
  return read_claims(claims->root(), rules_, now);
}

}  // namespace keyhold::server
