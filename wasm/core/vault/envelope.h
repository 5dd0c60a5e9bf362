// envelope: how anything sealed looks on disk. Does not know what is inside. Format: docs/vault-format.md.
//
//   "KH1" | u16le header length | header (JSON) | nonce 24 | ciphertext + tag 16
//
// Everything before the nonce is the associated data: readable by all, changeable by nobody.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/bytes.h"
#include "base/result.h"
#include "base/rng.h"
#include "base/secret.h"
#include "crypto/digest.h"
#include "crypto/kdf.h"

namespace keyhold {

inline constexpr std::size_t kMaxHeaderBytes = 4096;
inline constexpr std::size_t kMaxCredentialBytes = 1023;  // WebAuthn Level 3, section 4
inline constexpr std::size_t kMaxRpBytes = 253;           // a host name
inline constexpr std::size_t kMaxEnvelopeBytes = 4 << 20;

enum class Purpose { slot, record, manifest, page, settings, ledger, audit, backup, usage, spend, late };
std::string_view name(Purpose purpose) noexcept;

/// How a passphrase becomes a slot key.
struct SlotKdf {
  KdfParams kdf;
  Salt salt;
};

/// What a passkey is asked for. `credential` is WebAuthn's id, `rp` the host name it was made on.
struct PasskeyFields {
  using Salts = std::array<std::array<std::uint8_t, 32>, 2>;
  Bytes credential;
  std::string rp;
  Salts salts{};
};

struct RecoveryFields {};

/// How a slot is opened: by passphrase, passkey or recovery code.
using SlotFields = std::variant<SlotKdf, PasskeyFields, RecoveryFields>;
/// "passphrase", "passkey" or "recovery".
std::string_view kind_name(const SlotFields& fields) noexcept;

/// Where a record's key may be sent, and in which header: authenticated, so that it cannot be changed on disk.
struct RecordFields {
  std::string provider;
  std::string base;         // origin and path prefix, ending in '/'
  std::string auth_header;  // e.g. "authorization"
  std::string auth_prefix;  // e.g. "Bearer "
  bool operator==(const RecordFields&) const = default;
};

struct ManifestFields {
  std::int64_t generation;  // rises by one with every change
  std::int64_t epoch;       // rises when the root key is replaced
  /// Digest of each slot's envelope: readable while locked, so that a damaged slot can be told from a wrong passphrase.
  std::map<std::string, Digest, std::less<>> slots;
};

/// Chains an audit entry to the one before it.
struct AuditFields {
  Digest before;
};

/// The public, authenticated part of an envelope.
struct Header {
  Purpose purpose = Purpose::settings;
  std::string vault;  // 16 random bytes, base64url
  std::string id;  // 16 random bytes, base64url; or the purpose's name where there is only one; of a page one character
  std::int64_t rev = 1;
  std::optional<SlotFields> slot;          // exactly for Purpose::slot
  std::optional<RecordFields> record;      // exactly for Purpose::record
  std::optional<ManifestFields> manifest;  // exactly for Purpose::manifest
  std::optional<AuditFields> audit;        // exactly for Purpose::audit
};

/// What is sealed inside: public facts as JSON, and the secret apart from it, so that no JSON parser ever sees it.
struct Body {
  std::string info;  // JSON object
  SecretBytes secret;
};

/// The three parts of an envelope that has their lengths right; of the header no more is known.
struct EnvelopeParts {
  ByteView header;
  ByteView associated;  // the header, and what stands before it
  ByteView sealed;
};

/// A checked header, and the whole envelope it was read from.
struct Envelope {
  Header header;
  ByteView associated;
  ByteView sealed;
};

/// The views point into `bytes`. ERR_BAD_FORMAT, or ERR_KDF_BOUNDS for a slot outside floor and ceiling.
Result<Envelope> parse_envelope(ByteView bytes);
/// The first step of that, for a caller who knows what the header has to be. ERR_BAD_FORMAT.
Result<EnvelopeParts> split_envelope(ByteView bytes);

/// `key` has 32 bytes. The secret in `body` is copied into the ciphertext only.
Bytes seal_envelope(const Header& header, const Body& body, ByteView key, Rng& rng);

/// ERR_TAMPERED if the key or any byte is not the one it was sealed with; ERR_BAD_FORMAT for a body of another form.
Result<Body> open_envelope(const Envelope& envelope, ByteView key);
Result<Body> open_envelope(const EnvelopeParts& parts, ByteView key);

/// Where an envelope is stored: "record/<id>", or the purpose's name alone where there is only one.
std::string row_key(Purpose purpose, std::string_view id);
/// 16 random bytes as text, 22 characters.
std::string make_id(Rng& rng);

}  // namespace keyhold
