#include "server/token/jwk.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/base64.h"

namespace keyhold::server {

namespace {

using KeyOutcome = Outcome<VerifyKey, KeyProblem>;

// Numbers are as long as the largest modulus at most; base64url makes four characters of three bytes.
constexpr std::size_t kMaxNumberText = kMaxRsaBits / 8 * 4 / 3 + 4;
constexpr std::size_t kMaxWord = 64;

struct Kind {
  std::string_view kty;
  std::string_view crv;  // empty: it has none
  Algorithm algorithm;
};
constexpr std::array kKinds{
    Kind{"RSA", "", Algorithm::rs256},
    Kind{"EC", "P-256", Algorithm::es256},
    Kind{"OKP", "Ed25519", Algorithm::eddsa},
    Kind{"oct", "", Algorithm::hs256},
};

// RFC 7518, section 6; `d` is that of EC and OKP, too. `k` is what an oct key consists of, and private in any other.
constexpr std::array<std::string_view, 8> kPrivateMembers{"d", "p", "q", "dp", "dq", "qi", "oth", "k"};

bool has_private_member(JsonRef jwk, std::string_view kty) {
  return std::any_of(kPrivateMembers.begin(), kPrivateMembers.end(), [&](std::string_view member) {
    return jwk.find(member).has_value() && !(member == "k" && kty == "oct");
  });
}

// The text of a member; nothing if it is absent or something else.
std::optional<std::string_view> text_of(JsonRef jwk, std::string_view member, std::size_t max) {
  const auto found = jwk.find(member);
  if (!found) return std::nullopt;
  const auto text = found->text(max);
  if (!text) return std::nullopt;
  return *text;
}

bool is_text_over(JsonRef jwk, std::string_view member, std::size_t max) {
  const auto found = jwk.find(member);
  return found && found->is_string() && !found->text(max);
}

// Bytes of a member in base64url; empty if it is absent, too long or not in that form. No number here is empty.
Bytes bytes_of(JsonRef jwk, std::string_view member) {
  const auto text = text_of(jwk, member, kMaxNumberText);
  if (!text) return {};
  auto bytes = parse_base64url(*text);
  return bytes ? std::move(bytes).value() : Bytes{};
}

const Kind* kind_of(JsonRef jwk, std::string_view kty) {
  const auto crv = text_of(jwk, "crv", kMaxWord);
  const auto* found = std::find_if(kKinds.begin(), kKinds.end(), [&](const Kind& kind) {
    return kind.kty == kty && (kind.crv.empty() || crv == kind.crv);
  });
  return found == kKinds.end() ? nullptr : found;
}

// What the key says it is for. Anything else than verifying with our algorithm makes it somebody else's.
std::optional<KeyProblem> unfit_for(JsonRef jwk, Algorithm algorithm) {
  if (jwk.find("use") && text_of(jwk, "use", kMaxWord) != "sig") return KeyProblem::not_for_verifying;
  if (const auto operations = jwk.find("key_ops")) {
    bool verifies = false;
    const auto read = operations->each([&](JsonRef operation) -> Result<void> {
      KEYHOLD_TRY(const std::string_view text, operation.text(kMaxWord));
      verifies = verifies || text == "verify";
      return {};
    });
    if (!read) return KeyProblem::malformed;
    if (!verifies) return KeyProblem::not_for_verifying;
  }
  if (jwk.find("alg")) {
    const auto alg = text_of(jwk, "alg", kMaxWord);
    if (!alg || algorithm_named(*alg) != algorithm) return KeyProblem::other_algorithm;
  }
  return std::nullopt;
}

PublicKey public_key_of(JsonRef jwk, Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::rs256: return rsa_key(bytes_of(jwk, "n"), bytes_of(jwk, "e"));
    case Algorithm::es256: return p256_key(bytes_of(jwk, "x"), bytes_of(jwk, "y"));
    case Algorithm::eddsa: return ed25519_key(bytes_of(jwk, "x"));
    case Algorithm::hs256: break;
  }
  return nullptr;
}

Outcome<SecretBytes, KeyProblem> secret_of(JsonRef jwk) {
  if (is_text_over(jwk, "k", kMaxNumberText)) return KeyProblem::wrong_size;
  Bytes bytes = bytes_of(jwk, "k");
  if (bytes.empty()) return KeyProblem::malformed;
  SecretBytes secret = SecretBytes::copy_of(bytes);
  wipe(bytes);
  return secret;
}

// How long a modulus is can be said before it is a number; one that is not base64url is malformed, of no size.
bool is_of_wrong_size(JsonRef jwk) {
  if (is_text_over(jwk, "n", kMaxNumberText)) return true;
  const Bytes modulus = bytes_of(jwk, "n");
  return !modulus.empty() && modulus[0] != 0 && !is_rsa_size(modulus);
}

}  // namespace

VerifyKey::VerifyKey(Algorithm algorithm, std::optional<std::string> key_id, PublicKey public_key, SecretBytes secret)
    : algorithm_(algorithm),
      key_id_(std::move(key_id)),
      public_key_(std::move(public_key)),
      secret_(std::move(secret)) {}

KeyOutcome VerifyKey::parse(JsonRef jwk) {
  const auto kty = text_of(jwk, "kty", kMaxWord);
  if (!kty) return KeyProblem::malformed;
  // Before anything else: a private key that lies where a public one should is a leak, whatever its kind.
  if (has_private_member(jwk, *kty)) return KeyProblem::private_key;
  const Kind* kind = kind_of(jwk, *kty);
  if (kind == nullptr) return KeyProblem::unsupported;
  if (const auto problem = unfit_for(jwk, kind->algorithm)) return *problem;

  std::optional<std::string> key_id;
  if (jwk.find("kid")) {
    const auto text = text_of(jwk, "kid", kMaxKeyIdBytes);
    if (!text) return KeyProblem::malformed;
    key_id = *text;
  }
  if (kind->algorithm == Algorithm::hs256) {
    auto secret = secret_of(jwk);
    if (!secret) return secret.problem();
    return of_secret(std::move(secret).take(), std::move(key_id));
  }
  if (kind->algorithm == Algorithm::rs256 && is_of_wrong_size(jwk)) return KeyProblem::wrong_size;
  PublicKey key = public_key_of(jwk, kind->algorithm);
  if (!key) return KeyProblem::malformed;
  return VerifyKey(kind->algorithm, std::move(key_id), std::move(key), {});
}

KeyOutcome VerifyKey::parse(std::string_view jwk) {
  const auto json = Json::parse(as_bytes(jwk), {.max_bytes = kMaxKeyDocumentBytes});
  if (!json) return KeyProblem::not_json;
  return parse(json->root());
}

KeyOutcome VerifyKey::of_secret(SecretBytes secret, std::optional<std::string> key_id) {
  if (secret.size() < kMinSecretBytes || secret.size() > kMaxSecretBytes) return KeyProblem::wrong_size;
  if (key_id && key_id->size() > kMaxKeyIdBytes) return KeyProblem::malformed;
  return VerifyKey(Algorithm::hs256, std::move(key_id), nullptr, std::move(secret));
}

}  // namespace keyhold::server
