#include "crypto/self_test.h"

#include <sodium.h>

#include <array>
#include <cstring>
#include <initializer_list>

#include "crypto/aead.h"
#include "crypto/digest.h"

#ifdef KEYHOLD_ARGON2_INTERNALS
extern "C" {
#include "argon2.h"
}
#endif

namespace keyhold {

namespace {

// --- Argon2id ------------------------------------------------------------------------------------------------------

#ifdef KEYHOLD_ARGON2_INTERNALS
// RFC 9106, section 5.3: four lanes, a secret and associated data, which libsodium's public interface does not offer.
bool argon2id_rfc9106() {
  constexpr std::array<std::uint8_t, 32> kTag{0x0d, 0x64, 0x0d, 0xf5, 0x8d, 0x78, 0x76, 0x6c, 0x08, 0xc0, 0x37,
                                              0xa3, 0x4a, 0x8b, 0x53, 0xc9, 0xd0, 0x1e, 0xf0, 0x45, 0x2d, 0x75,
                                              0xb6, 0x5e, 0xb5, 0x25, 0x20, 0xe9, 0x6b, 0x01, 0xe6, 0x59};
  std::array<std::uint8_t, 32> password{};
  std::array<std::uint8_t, 16> salt{};
  std::array<std::uint8_t, 8> secret{};
  std::array<std::uint8_t, 12> associated{};
  std::array<std::uint8_t, 32> out{};
  password.fill(1);
  salt.fill(2);
  secret.fill(3);
  associated.fill(4);
  argon2_context context{};
  context.out = out.data();
  context.outlen = out.size();
  context.pwd = password.data();
  context.pwdlen = password.size();
  context.salt = salt.data();
  context.saltlen = salt.size();
  context.secret = secret.data();
  context.secretlen = secret.size();
  context.ad = associated.data();
  context.adlen = associated.size();
  context.t_cost = 3;
  context.m_cost = 32;
  context.lanes = 4;
  context.threads = 1;
  context.flags = ARGON2_DEFAULT_FLAGS;
  return argon2_ctx(&context, Argon2_id) == ARGON2_OK && out == kTag;
}
#else
bool argon2id_rfc9106() { return true; }
#endif

// One lane, as Keyhold uses it: "pässwörd🔑", NUL, "x"; salt 00..0f; t = 2, m = 64 KiB. Agreed by hash-wasm and libsodium.
bool argon2id_one_lane() {
  constexpr char kPassword[] = "p\xc3\xa4ssw\xc3\xb6rd\xf0\x9f\x94\x91\0x";
  constexpr std::array<std::uint8_t, 32> kKey{0x59, 0x31, 0x51, 0xdd, 0xd4, 0xcb, 0xb7, 0x65, 0x22, 0x00, 0xc2,
                                              0xbe, 0x99, 0x5a, 0xf6, 0xc3, 0x1f, 0x50, 0x67, 0xd7, 0x99, 0x11,
                                              0x54, 0x19, 0x9a, 0xe1, 0x39, 0x1c, 0x15, 0xa6, 0x1e, 0x34};
  std::array<std::uint8_t, 16> salt{};
  for (std::size_t i = 0; i < salt.size(); ++i) salt[i] = static_cast<std::uint8_t>(i);
  std::array<std::uint8_t, 32> out{};
  return crypto_pwhash_argon2id(out.data(), out.size(), kPassword, sizeof kPassword - 1, salt.data(), 2, 64 * 1024,
                                crypto_pwhash_argon2id_ALG_ARGON2ID13) == 0 &&
         out == kKey;
}

// --- XChaCha20-Poly1305: draft-irtf-cfrg-xchacha-03, appendix A.3.1 ---------------------------------------------------

constexpr std::string_view kPlaintext =
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be "
    "it.";
constexpr std::array<std::uint8_t, 12> kAssociated{0x50, 0x51, 0x52, 0x53, 0xc0, 0xc1,
                                                   0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7};
constexpr std::array<std::uint8_t, 16> kTag{0xc0, 0x87, 0x59, 0x24, 0xc1, 0xc7, 0x98, 0x79,
                                            0x47, 0xde, 0xaf, 0xd8, 0x78, 0x0a, 0xcf, 0x49};
// The first block of the ciphertext; the tag covers the rest.
constexpr std::array<std::uint8_t, 16> kCiphertextStart{0xbd, 0x6d, 0x17, 0x9d, 0x3e, 0x83, 0xd4, 0x3b,
                                                        0x95, 0x76, 0x57, 0x94, 0x93, 0xc0, 0xe9, 0x39};

// The draft's nonce, in place of a random one.
class DraftNonce final : public Rng {
 public:
  void fill(std::span<std::uint8_t> out) override {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(0x40 + i);
  }
};

bool xchacha20_poly1305() {
  std::array<std::uint8_t, 32> key{};
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::uint8_t>(0x80 + i);
  DraftNonce nonce;
  Bytes sealed = aead_seal(key, kAssociated, as_bytes(kPlaintext), nonce);
  const ByteView ciphertext = ByteView(sealed).subspan(kNonceBytes);
  if (!equal(ciphertext.first(kCiphertextStart.size()), kCiphertextStart)) return false;
  if (!equal(ciphertext.last(kTagBytes), kTag)) return false;
  const auto opened = aead_open(key, kAssociated, sealed);
  // REVEAL: a published text, not a secret.
  if (!opened || !equal(opened->reveal(), as_bytes(kPlaintext))) return false;
  sealed.back() ^= 1;
  return !aead_open(key, kAssociated, sealed).ok();
}

// --- BLAKE2b-256("abc") ------------------------------------------------------------------------------------------------

bool blake2b() {
  constexpr Digest kDigest{0xbd, 0xdd, 0x81, 0x3c, 0x63, 0x42, 0x39, 0x72, 0x31, 0x71, 0xef,
                           0x3f, 0xee, 0x98, 0x57, 0x9b, 0x94, 0x96, 0x4e, 0x3b, 0xb1, 0xcb,
                           0x3e, 0x42, 0x72, 0x62, 0xc8, 0xc0, 0x68, 0xd5, 0x23, 0x19};
  return digest_of(as_bytes("abc")) == kDigest;
}

}  // namespace

Result<void> self_test() {
  if (sodium_init() < 0) return Errc::ERR_SELF_TEST;
  if (argon2id_rfc9106() && argon2id_one_lane() && xchacha20_poly1305() && blake2b()) return {};
  return Errc::ERR_SELF_TEST;
}

}  // namespace keyhold
