#include "crypto/kdf.h"

#include <sodium.h>

namespace keyhold {

static_assert(kSaltBytes == crypto_pwhash_argon2id_SALTBYTES);

namespace {

constexpr double kTargetMs = 500;
// Memory first: it is what costs an attacker with special hardware.
constexpr std::array<std::array<std::uint32_t, 2>, 5> kLadder{
    {{3, 64 * 1024}, {3, 96 * 1024}, {3, 128 * 1024}, {3, 192 * 1024}, {3, 256 * 1024}}};

}  // namespace

Result<KdfParams> KdfParams::from(std::int64_t passes, std::int64_t mem_kib) {
  if (passes < kMinPasses || passes > kMaxPasses) return Errc::ERR_KDF_BOUNDS;
  if (mem_kib < kMinMemKib || mem_kib > kMaxMemKib) return Errc::ERR_KDF_BOUNDS;
  if (passes * mem_kib > kMaxWorkKib) return Errc::ERR_KDF_BOUNDS;
  return KdfParams(static_cast<std::uint32_t>(passes), static_cast<std::uint32_t>(mem_kib));
}

KdfParams KdfParams::calibrated(double standard_ms) noexcept {
  KdfParams chosen = standard();
  const double standard_work = static_cast<double>(chosen.passes_) * chosen.mem_kib_;
  if (!(standard_ms > 0)) return chosen;
  for (const auto& [passes, mem_kib] : kLadder) {
    const double work = static_cast<double>(passes) * mem_kib;
    if (standard_ms * work / standard_work <= kTargetMs) chosen = KdfParams(passes, mem_kib);
  }
  return chosen;
}

Result<SlotKey> derive_slot_key(const SecretBytes& passphrase, const Salt& salt, KdfParams params) {
  if (passphrase.empty() || passphrase.size() > kMaxPassphraseBytes) return Errc::ERR_BAD_PASSPHRASE;
  SecretBytes key(kKeyBytes);
  // REVEAL: the passphrase is the input of Argon2id; libsodium wipes its working memory.
  const ByteView text = passphrase.reveal();
  const int failed = crypto_pwhash_argon2id(
      key.fill().data(), key.size(), reinterpret_cast<const char*>(text.data()), text.size(), salt.data(),
      params.passes(), std::size_t{params.mem_kib()} * 1024, crypto_pwhash_argon2id_ALG_ARGON2ID13);
  if (failed != 0) return Errc::ERR_KDF_MEMORY;
  return SlotKey::from(std::move(key));
}

}  // namespace keyhold
