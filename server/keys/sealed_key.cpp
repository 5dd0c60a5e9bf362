#include "server/keys/sealed_key.h"

#include <algorithm>

#include "base/base64.h"
#include "crypto/aead.h"

namespace keyhold::server {

namespace {

constexpr std::size_t kMinKeyBytes = 8;

/// Nothing of a place has a NUL, so no two places have one text.
Bytes associated_data(const KeyPlace& place) {
  std::string text = "keyhold-server key 1";
  text.push_back('\0');
  text += place.provider;
  text.push_back('\0');
  text += place.organisation;
  return {text.begin(), text.end()};
}

}  // namespace

std::optional<MasterKey> parse_master_key(std::string_view text) {
  auto bytes = parse_base64url(text);
  if (!bytes) return std::nullopt;
  auto key = MasterKey::from(SecretBytes::copy_of(*bytes));
  wipe(*bytes);
  if (!key) return std::nullopt;
  return std::move(*key);
}

std::string seal_key(const MasterKey& master, const KeyPlace& place, ByteView key, Rng& rng) {
  // REVEAL: to seal with.
  return encode_base64url(aead_seal(master.reveal(), associated_data(place), key, rng));
}

std::optional<SecretBytes> open_key(const MasterKey& master, const KeyPlace& place, std::string_view sealed) {
  const auto bytes = parse_base64url(sealed);
  if (!bytes) return std::nullopt;
  // REVEAL: to open with.
  auto key = aead_open(master.reveal(), associated_data(place), *bytes);
  if (!key || key->empty()) return std::nullopt;
  return std::move(*key);
}

std::string_view fault_of_key(std::string_view key) noexcept {
  if (key.size() < kMinKeyBytes) return "it is too short to be a key";
  if (key.size() > kMaxKeyBytes) return "it is too long to be a key";
  const bool printable = std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c <= '~'; });
  return printable ? "" : "a key has no spaces, line ends or letters beyond ASCII";
}

std::string hint_of_key(std::string_view key) {
  return std::string(key.substr(key.size() - std::min(key.size(), kHintLength)));
}

}  // namespace keyhold::server
