// receipt_text: receipts as an app's server writes them, and as it should not. Whether they are signed, the core does not see.
#pragma once

#include <string>
#include <string_view>

#include "base/base64.h"
#include "vault/receipt.h"

namespace keyhold::test {

inline constexpr std::string_view kNoThumbprint = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

inline std::string encoded(std::string_view text) { return encode_base64url(as_bytes(text)); }

inline Ed25519Key public_key(std::uint8_t fill = 3) {
  Ed25519Key key{};
  key.fill(fill);
  return key;
}

inline std::string head_of(std::string_view kid) {
  return std::string(R"({"alg":"EdDSA","kid":")").append(kid) + R"(","typ":"keyhold-receipt+jwt"})";
}

inline std::string payload_of(std::string_view call = "42", std::int64_t charged = 123,
                              std::string_view model = "m-1") {
  return R"({"sub":"ada","call":")" + std::string(call) + R"(","provider":"openai","model":")" + std::string(model) +
         R"(","charged_micro_usd":)" + std::to_string(charged) +
         R"(,"figures":"reported","http_status":200,"created_at":1795000000000,"ended_at":1795000001000})";
}

inline std::string jws_of(std::string_view head, std::string_view payload, std::size_t signature_bytes = 64) {
  return encoded(head) + "." + encoded(payload) + "." + encode_base64url(Bytes(signature_bytes, 9));
}
inline std::string jws_of(std::string_view payload = payload_of()) {
  return jws_of(head_of(thumbprint_of(public_key())), payload);
}

inline std::string jwk_of(const Ed25519Key& key, std::string_view kid) {
  return R"({"kty":"OKP","crv":"Ed25519","alg":"EdDSA","use":"sig","kid":")" + std::string(kid) + R"(","x":")" +
         encode_base64url(key) + R"("})";
}
inline std::string jwks_of(const Ed25519Key& key = public_key()) {
  return R"({"keys":[)" + jwk_of(key, thumbprint_of(key)) + "]}";
}

}  // namespace keyhold::test
