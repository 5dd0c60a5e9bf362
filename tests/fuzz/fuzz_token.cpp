// fuzz_token: tokens and sets of keys from anybody. Nothing that is not signed is taken; a set that is read has only keys
// that are fit; and of what is signed, whatever its claims, only what says whose it is and is in time.
//
//   k<a set of keys> NUL <a token>     s<a header> NUL <claims>, which are signed here     anything else is a token
#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/base64.h"
#include "server/token/signature.h"
#include "server/token/token.h"

namespace {

using namespace keyhold;
using namespace keyhold::server;

constexpr UnixMs kNow = 1'795'000'000'000;
constexpr std::string_view kSecret = "a secret of forty bytes, for tests only!";

void require(bool holds) {
  if (!holds) __builtin_trap();
}

TokenVerifier verifier(KeySet keys) {
  return *TokenVerifier::make({.issuer = std::nullopt, .audience = "keyhold"},
                              std::make_shared<const KeySet>(std::move(keys)));
}

const TokenVerifier& with_secret() {
  static const TokenVerifier tokens =
      verifier(KeySet::of(VerifyKey::of_secret(SecretBytes::copy_of(as_bytes(kSecret))).take()));
  return tokens;
}

void signed_here(std::string_view header, std::string_view claims) {
  const std::string input = encode_base64url(as_bytes(header)) + "." + encode_base64url(as_bytes(claims));
  std::array<std::uint8_t, 32> mac{};
  std::size_t size = 0;
  const ByteView bytes = as_bytes(input);
  require(EVP_Q_mac(nullptr, "HMAC", nullptr, "SHA256", nullptr, kSecret.data(), kSecret.size(), bytes.data(),
                    bytes.size(), mac.data(), mac.size(), &size) != nullptr);
  const std::string token = input + "." + encode_base64url(mac);
  const auto user = with_secret().verify(token, kNow);
  if (!user) {
    require(user.problem() != TokenProblem::bad_signature && !sentence(user.problem()).empty());
    return;
  }
  require(token.size() <= kMaxTokenBytes);
  require(!user->subject.empty() && user->subject.size() <= kMaxSubjectBytes);
  for (const char c : user->subject) require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  require(user->expires_at + kClockLeewayMs > kNow && user->expires_at <= kMaxClaimSeconds * 1000);
}

void with_keys(std::string_view jwks, std::string_view token) {
  auto set = KeySet::parse(jwks, KeySource::url);
  if (!set) return require(!sentence(set.problem()).empty());
  require(set->size() >= 1 && set->size() <= kMaxKeys);
  // Published: all are public keys.
  require(!set->has_algorithm(Algorithm::hs256));
  // Somebody who has found a key may well have signed with it: what comes out is only run, not judged.
  (void)verifier(std::move(set).take()).verify(token, kNow);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text(ByteView(data, size));
  require(!with_secret().verify(text, kNow).ok());
  const std::size_t cut = text.find('\0');
  if (text.empty() || cut == std::string_view::npos || cut == 0) return 0;
  const std::string_view first = text.substr(1, cut - 1);
  const std::string_view second = text.substr(cut + 1);
  if (text[0] == 'k') with_keys(first, second);
  if (text[0] == 's') signed_here(first, second);
  return 0;
}
