#include "server/billing/signature.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <array>
#include <charconv>
#include <string>
#include <vector>

namespace keyhold::server {

namespace {

using Mac = std::array<std::uint8_t, SHA256_DIGEST_LENGTH>;

constexpr std::size_t kMaxSecondsDigits = 12;

struct Header {
  std::string_view time;  // digits, as they were signed
  std::int64_t seconds = 0;
  std::vector<Mac> macs;
};

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<Mac> mac_of(std::string_view hex) {
  Mac mac{};
  if (hex.size() != 2 * mac.size()) return std::nullopt;
  for (std::size_t i = 0; i < mac.size(); ++i) {
    const int high = hex_digit(hex[2 * i]);
    const int low = hex_digit(hex[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    mac[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return mac;
}

std::optional<Header> read_header(std::string_view text) {
  if (text.empty() || text.size() > kMaxSignatureHeader) return std::nullopt;
  Header header;
  std::size_t parts = 0;
  while (!text.empty()) {
    if (++parts > kMaxSignatureParts) return std::nullopt;
    std::string_view part = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    while (part.starts_with(' ')) part.remove_prefix(1);
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string_view value = part.substr(equals + 1);
    if (part.substr(0, equals) == "t") {
      const auto [end, problem] = std::from_chars(value.data(), value.data() + value.size(), header.seconds);
      // Two times: of which of them was it signed?
      if (!header.time.empty() || value.empty() || value.size() > kMaxSecondsDigits || problem != std::errc() ||
          end != value.data() + value.size() || header.seconds < 0) {
        return std::nullopt;
      }
      header.time = value;
    } else if (part.substr(0, equals) == "v1") {
      if (const auto mac = mac_of(value)) header.macs.push_back(*mac);
    }
  }
  if (header.time.empty() || header.macs.empty()) return std::nullopt;
  return header;
}

bool signed_by(const SecretBytes& secret, ByteView input, const Header& header) {
  Mac expected{};
  std::size_t written = 0;
  // REVEAL: to OpenSSL, which makes what the signature should be.
  const ByteView key = secret.reveal();
  if (key.empty() ||
      EVP_Q_mac(nullptr, "HMAC", nullptr, "SHA256", nullptr, key.data(), key.size(), input.data(), input.size(),
                expected.data(), expected.size(), &written) == nullptr ||
      written != expected.size()) {
    return false;
  }
  bool same = false;
  for (const Mac& mac : header.macs) same |= CRYPTO_memcmp(expected.data(), mac.data(), mac.size()) == 0;
  // It would be the signature that somebody guesses at.
  wipe(expected);
  return same;
}

}  // namespace

std::string_view name(SignatureFault fault) noexcept {
  switch (fault) {
    case SignatureFault::missing: return "missing_signature";
    case SignatureFault::wrong: return "wrong_signature";
    case SignatureFault::too_old: return "too_old";
    case SignatureFault::too_early: break;
  }
  return "too_early";
}

std::optional<SignatureFault> check_signature(std::string_view text, ByteView body,
                                              std::span<const SecretBytes> secrets, UnixMs now) {
  const auto header = read_header(text);
  if (!header) return SignatureFault::missing;
  std::string input(header->time);
  input.append(".").append(as_text(body));
  bool good = false;
  for (const SecretBytes& secret : secrets) good |= signed_by(secret, as_bytes(input), *header);
  // Only who has the secret learns what our clock thinks of theirs.
  if (!good) return SignatureFault::wrong;
  const UnixMs at = header->seconds * 1000;
  if (at < now - kSignatureToleranceMs) return SignatureFault::too_old;
  if (at > now + kSignatureToleranceMs) return SignatureFault::too_early;
  return std::nullopt;
}

}  // namespace keyhold::server
