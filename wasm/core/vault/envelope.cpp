#include "vault/envelope.h"

#include <algorithm>

#include "base/base64.h"
#include "crypto/aead.h"
#include "crypto/padding.h"
#include "vault/header.h"

namespace keyhold {

namespace {

constexpr std::string_view kMagic = "KH1";
constexpr std::size_t kHeaderStart = kMagic.size() + 2;
constexpr std::size_t kInfoLengthBytes = 4;

// The body: u32le info length | info | secret, padded to whole blocks.
SecretBytes encode_body(const Body& body) {
  // REVEAL: the secret goes into the plaintext that is sealed next, and is wiped with it.
  const ByteView secret = body.secret.reveal();
  const std::size_t size = kInfoLengthBytes + body.info.size() + secret.size();
  SecretBytes plaintext = padded(size);
  auto out = plaintext.fill().begin();
  for (std::size_t i = 0; i < kInfoLengthBytes; ++i) *out++ = static_cast<std::uint8_t>(body.info.size() >> (8 * i));
  out = std::copy(body.info.begin(), body.info.end(), out);
  std::copy(secret.begin(), secret.end(), out);
  pad(plaintext, size);
  return plaintext;
}

Result<Body> parse_body(const SecretBytes& plaintext) {
  // REVEAL: split into its two parts; the whole is wiped by its owner.
  const ByteView bytes = plaintext.reveal();
  KEYHOLD_TRY(const std::size_t size, unpadded_size(bytes));
  if (size < kInfoLengthBytes) return Errc::ERR_BAD_FORMAT;
  std::size_t info_size = 0;
  for (std::size_t i = 0; i < kInfoLengthBytes; ++i) info_size |= std::size_t{bytes[i]} << (8 * i);
  if (info_size > size - kInfoLengthBytes) return Errc::ERR_BAD_FORMAT;
  const ByteView info = bytes.subspan(kInfoLengthBytes, info_size);
  const ByteView secret = bytes.subspan(kInfoLengthBytes + info_size, size - kInfoLengthBytes - info_size);
  return Body{std::string(as_text(info)), SecretBytes::copy_of(secret)};
}

}  // namespace

std::string_view name(Purpose purpose) noexcept {
  switch (purpose) {
    case Purpose::slot: return "slot";
    case Purpose::record: return "record";
    case Purpose::manifest: return "manifest";
    case Purpose::page: return "page";
    case Purpose::settings: return "settings";
    case Purpose::ledger: return "ledger";
    case Purpose::audit: return "audit";
    case Purpose::backup: return "backup";
    case Purpose::usage: return "usage";
    case Purpose::spend: return "spend";
    case Purpose::late: return "late";
  }
  return "";
}

std::string_view kind_name(const SlotFields& fields) noexcept {
  constexpr std::string_view kNames[] = {"passphrase", "passkey", "recovery"};
  return kNames[fields.index()];
}

Result<EnvelopeParts> split_envelope(ByteView bytes) {
  if (bytes.size() > kMaxEnvelopeBytes || bytes.size() < kHeaderStart) return Errc::ERR_BAD_FORMAT;
  if (as_text(bytes.first(kMagic.size())) != kMagic) return Errc::ERR_BAD_FORMAT;
  const std::size_t header_size = bytes[kMagic.size()] | std::size_t{bytes[kMagic.size() + 1]} << 8;
  if (header_size > kMaxHeaderBytes || header_size > bytes.size() - kHeaderStart) return Errc::ERR_BAD_FORMAT;
  const ByteView associated = bytes.first(kHeaderStart + header_size);
  const ByteView sealed = bytes.subspan(associated.size());
  // The plaintext is whole blocks: any other length, trailing bytes among them, was never written by Keyhold.
  if (sealed.size() < kNonceBytes + kPadBlock + kTagBytes) return Errc::ERR_BAD_FORMAT;
  if ((sealed.size() - kNonceBytes - kTagBytes) % kPadBlock != 0) return Errc::ERR_BAD_FORMAT;
  return EnvelopeParts{associated.subspan(kHeaderStart), associated, sealed};
}

Result<Envelope> parse_envelope(ByteView bytes) {
  KEYHOLD_TRY(const EnvelopeParts parts, split_envelope(bytes));
  KEYHOLD_TRY(Header header, parse_header(parts.header));
  return Envelope{std::move(header), parts.associated, parts.sealed};
}

Bytes seal_envelope(const Header& header, const Body& body, ByteView key, Rng& rng) {
  const std::string text = encode_header(header);
  if (text.size() > kMaxHeaderBytes) __builtin_trap();  // every field was bounded where it came in
  Bytes bytes = to_bytes(as_bytes(kMagic));
  bytes.push_back(static_cast<std::uint8_t>(text.size()));
  bytes.push_back(static_cast<std::uint8_t>(text.size() >> 8));
  append(bytes, as_bytes(text));
  const SecretBytes plaintext = encode_body(body);
  // REVEAL: sealed here.
  append(bytes, aead_seal(key, bytes, plaintext.reveal(), rng));
  return bytes;
}

Result<Body> open_envelope(const Envelope& envelope, ByteView key) {
  return open_envelope(EnvelopeParts{{}, envelope.associated, envelope.sealed}, key);
}

Result<Body> open_envelope(const EnvelopeParts& parts, ByteView key) {
  KEYHOLD_TRY(const SecretBytes plaintext, aead_open(key, parts.associated, parts.sealed));
  return parse_body(plaintext);
}

std::string row_key(Purpose purpose, std::string_view id) {
  std::string key(name(purpose));
  if (id != key) key.append("/").append(id);
  return key;
}

std::string make_id(Rng& rng) {
  std::array<std::uint8_t, 16> bytes{};
  rng.fill(bytes);
  return encode_base64url(bytes);
}

}  // namespace keyhold
