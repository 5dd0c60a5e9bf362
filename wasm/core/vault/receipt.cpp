#include "vault/receipt.h"

#include <algorithm>

#include "base/base64.h"
#include "base/json.h"
#include "crypto/sha256.h"
#include "vault/read_fields.h"

namespace keyhold {

namespace {

constexpr std::string_view kType = "keyhold-receipt+jwt";
constexpr std::size_t kMaxSubBytes = 256;
constexpr std::size_t kMaxNameBytes = 256;
constexpr std::string_view kFigures[] = {"reported", "estimated", "unknown", "none"};

/// Text of base64url that says exactly as many bytes as `into` has.
Result<void> read_exactly(std::string_view text, std::span<std::uint8_t> into) {
  KEYHOLD_TRY(const Bytes bytes, parse_base64url(text));
  if (bytes.size() != into.size()) return Errc::ERR_BAD_FORMAT;
  std::copy(bytes.begin(), bytes.end(), into.begin());
  return {};
}

Result<void> read_head(std::string_view part, Receipt& receipt) {
  KEYHOLD_TRY(const Bytes text, parse_base64url(part));
  const auto json = Json::parse(text, {.max_bytes = kMaxReceiptBytes, .max_values = 16});
  if (!json) return Errc::ERR_BAD_FORMAT;
  // Nothing else: a member that is not understood may change what the signature means.
  if (!json->root().only({"alg", "kid", "typ"})) return Errc::ERR_BAD_FORMAT;
  const auto alg = read_text(json->root(), "alg", 16);
  const auto type = read_text(json->root(), "typ", 32);
  const auto kid = read_text(json->root(), "kid", 64);
  if (!alg || *alg != "EdDSA" || !type || *type != kType || !kid || kid->empty()) return Errc::ERR_BAD_FORMAT;
  receipt.kid = *kid;
  return {};
}

Result<void> read_payload(std::string_view part, Receipt& receipt) {
  KEYHOLD_TRY(const Bytes text, parse_base64url(part));
  KEYHOLD_TRY(const Json json, Json::parse(text, {.max_bytes = kMaxReceiptBytes, .max_values = 64}));
  const JsonRef root = json.root();
  KEYHOLD_CHECK(read_text(root, "sub", kMaxSubBytes));
  KEYHOLD_TRY(receipt.call, read_text(root, "call", kMaxCallDigits));
  KEYHOLD_TRY(receipt.provider, read_text(root, "provider", kMaxNameBytes));
  KEYHOLD_TRY(receipt.model, read_text(root, "model", kMaxNameBytes));
  KEYHOLD_TRY(receipt.charged_micro_usd, read_count(root, "charged_micro_usd"));
  KEYHOLD_TRY(const std::string figures, read_text(root, "figures", 16));
  if (std::find(std::begin(kFigures), std::end(kFigures), figures) == std::end(kFigures)) return Errc::ERR_BAD_JSON;
  KEYHOLD_CHECK(read_count(root, "http_status"));
  KEYHOLD_TRY(const UnixMs created_at, read_count(root, "created_at"));
  KEYHOLD_CHECK(read_count(root, "ended_at", created_at));
  return {};
}

}  // namespace

Result<Receipt> parse_receipt(std::string_view jws) {
  if (jws.size() > kMaxReceiptBytes) return Errc::ERR_TOO_LARGE;
  const std::size_t first = jws.find('.');
  const std::size_t second = first == jws.npos ? first : jws.find('.', first + 1);
  if (second == jws.npos) return Errc::ERR_BAD_FORMAT;
  Receipt receipt;
  receipt.signed_text = jws.substr(0, second);
  // A third dot is no digit of base64url.
  KEYHOLD_CHECK(read_exactly(jws.substr(second + 1), receipt.signature));
  KEYHOLD_CHECK(read_head(jws.substr(0, first), receipt));
  KEYHOLD_CHECK(read_payload(jws.substr(first + 1, second - first - 1), receipt));
  return receipt;
}

std::string thumbprint_of(const Ed25519Key& key) {
  // The members that RFC 7638 and RFC 8037 require, in their order.
  JsonOut jwk = JsonOut::object();
  jwk.set("crv", "Ed25519").set("kty", "OKP").set("x", encode_base64url(key));
  return encode_base64url(sha256_of(as_bytes(jwk.dump())));
}

Result<Ed25519Key> find_receipt_key(ByteView jwks, std::string_view kid) {
  KEYHOLD_TRY(const Json json, Json::parse(jwks, {.max_bytes = kMaxReceiptKeysBytes, .max_values = 1024}));
  KEYHOLD_TRY(const JsonRef keys, json.root().field("keys"));
  if (!keys.is_array() || keys.size() > kMaxReceiptKeys) return Errc::ERR_BAD_JSON;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    KEYHOLD_TRY(const JsonRef one, keys.at(i));
    const auto type = read_text(one, "kty", 16);
    const auto curve = read_text(one, "crv", 16);
    const auto named = read_text(one, "kid", 64);
    const auto x = read_text(one, "x", 64);
    // Keys of other kinds are for others.
    if (!type || *type != "OKP" || !curve || *curve != "Ed25519" || !named || *named != kid || !x) continue;
    Ed25519Key key{};
    if (read_exactly(*x, key) && thumbprint_of(key) == kid) return key;
  }
  return Errc::ERR_NOT_FOUND;
}

bool is_call_number(std::string_view text) noexcept {
  return !text.empty() && text.size() <= kMaxCallDigits &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string_view mismatch(const Receipt& receipt, const CallByApp& call) noexcept {
  if (receipt.call != call.number) return "call";
  if (receipt.provider != call.provider) return "provider";
  // Who named no model and was told none has nothing to compare.
  const bool known = !call.asked_model.empty() || !call.answered_model.empty();
  if (known && receipt.model != call.asked_model && receipt.model != call.answered_model) return "model";
  return "";
}

}  // namespace keyhold
