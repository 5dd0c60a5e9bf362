#include "crypto/kdf.h"

#include "crypto/self_test.h"
#include "support.h"

using namespace keyhold;

TEST_CASE("self-test: this build gives the published answers") { CHECK(self_test().ok()); }

TEST_CASE("kdf: floor and ceiling hold exactly") {
  using P = KdfParams;
  CHECK(P::from(P::kMinPasses, P::kMinMemKib).ok());
  CHECK(P::from(P::kMinPasses - 1, P::kMinMemKib).error() == Errc::ERR_KDF_BOUNDS);
  CHECK(P::from(P::kMinPasses, P::kMinMemKib - 1).error() == Errc::ERR_KDF_BOUNDS);
  CHECK(P::from(4, P::kMaxMemKib).ok());
  CHECK(P::from(4, P::kMaxMemKib + 1).error() == Errc::ERR_KDF_BOUNDS);
  CHECK(P::from(P::kMaxPasses, 64 * 1024).ok());
  CHECK(P::from(P::kMaxPasses + 1, 64 * 1024).error() == Errc::ERR_KDF_BOUNDS);
  CHECK(P::from(5, P::kMaxMemKib).error() == Errc::ERR_KDF_BOUNDS);  // each within its bound, together too much
  CHECK(P::from(INT64_MAX, INT64_MAX).error() == Errc::ERR_KDF_BOUNDS);
  CHECK(P::from(-1, -1).error() == Errc::ERR_KDF_BOUNDS);
}

TEST_CASE("kdf: calibration only ever goes up from the standard, and not past 256 MiB") {
  CHECK(KdfParams::calibrated(2000) == KdfParams::standard());
  CHECK(KdfParams::calibrated(0) == KdfParams::standard());
  CHECK(KdfParams::calibrated(-5) == KdfParams::standard());
  CHECK(KdfParams::calibrated(250).mem_kib() == 128 * 1024);
  CHECK(KdfParams::calibrated(1).mem_kib() == 256 * 1024);
}

TEST_CASE("kdf: every byte of the passphrase counts, NUL and beyond ASCII too") {
  const KdfParams cheapest = *KdfParams::from(KdfParams::kMinPasses, KdfParams::kMinMemKib);
  const auto key = [&](std::string_view passphrase) {
    return to_bytes(derive_slot_key(test::secret(passphrase), Salt{}, cheapest).value().reveal());
  };
  const std::string with_nul("p\xc3\xa4ssw\xc3\xb6rd\xf0\x9f\x94\x91\0x", 17);
  CHECK(key(with_nul) == key(with_nul));
  CHECK(key(with_nul) != key(with_nul.substr(0, 15)));
  CHECK(key(with_nul) != key(with_nul.substr(0, 16)));
}

TEST_CASE("kdf: an empty or endless passphrase is refused") {
  const KdfParams cheapest = *KdfParams::from(KdfParams::kMinPasses, KdfParams::kMinMemKib);
  CHECK(derive_slot_key(SecretBytes(), Salt{}, cheapest).error() == Errc::ERR_BAD_PASSPHRASE);
  CHECK(derive_slot_key(SecretBytes(kMaxPassphraseBytes), Salt{}, cheapest).ok());
  CHECK(derive_slot_key(SecretBytes(kMaxPassphraseBytes + 1), Salt{}, cheapest).error() == Errc::ERR_BAD_PASSPHRASE);
}
