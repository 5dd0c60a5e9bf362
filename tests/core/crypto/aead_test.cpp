#include "crypto/aead.h"

#include "crypto/keys.h"
#include "crypto/padding.h"
#include "crypto/subkeys.h"
#include "support.h"

using namespace keyhold;

TEST_CASE("aead: opens what was sealed, and nothing that differs in one bit anywhere") {
  test::TestRng rng;
  const RootKey key = RootKey::make(rng);
  Bytes associated = to_bytes(as_bytes("place"));
  const Bytes sealed = aead_seal(key.reveal(), associated, as_bytes("secret"), rng);
  CHECK(test::text_of(*aead_open(key.reveal(), associated, sealed)) == "secret");
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    Bytes changed = sealed;
    changed[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    CHECK(aead_open(key.reveal(), associated, changed).error() == Errc::ERR_TAMPERED);
  }
  associated[0] ^= 1;
  CHECK(aead_open(key.reveal(), associated, sealed).error() == Errc::ERR_TAMPERED);
  CHECK(aead_open(key.reveal(), associated, ByteView(sealed).first(kNonceBytes + kTagBytes - 1)).error() ==
        Errc::ERR_BAD_FORMAT);
}

TEST_CASE("aead: the nonce is never the same twice") {
  test::TestRng rng;
  const RootKey key = RootKey::make(rng);
  const Bytes first = aead_seal(key.reveal(), {}, as_bytes("x"), rng);
  const Bytes second = aead_seal(key.reveal(), {}, as_bytes("x"), rng);
  CHECK_FALSE(equal(ByteView(first).first(kNonceBytes), ByteView(second).first(kNonceBytes)));
}

TEST_CASE("subkeys: each purpose has its own, and it depends on the root key") {
  test::TestRng rng;
  const RootKey root = RootKey::make(rng);
  const RootKey other = RootKey::make(rng);
  const auto bytes = [](const SubKey& key) { return to_bytes(key.reveal()); };
  CHECK(bytes(derive_subkey(root, SubKeyId::record)) == bytes(derive_subkey(root, SubKeyId::record)));
  CHECK(bytes(derive_subkey(root, SubKeyId::record)) != bytes(derive_subkey(root, SubKeyId::manifest)));
  CHECK(bytes(derive_subkey(root, SubKeyId::record)) != bytes(derive_subkey(other, SubKeyId::record)));
}

TEST_CASE("padding: sizes in one block look alike, and the content comes back") {
  for (const std::size_t size : {0U, 1U, 254U, 255U, 256U, 257U, 511U}) {
    SecretBytes bytes = padded(size);
    CHECK(bytes.size() == (size / kPadBlock + 1) * kPadBlock);
    pad(bytes, size);
    CHECK(*unpadded_size(bytes.reveal()) == size);
  }
  CHECK(unpadded_size({}).error() == Errc::ERR_BAD_FORMAT);
  CHECK(unpadded_size(SecretBytes(kPadBlock).reveal()).error() == Errc::ERR_BAD_FORMAT);
  CHECK(unpadded_size(SecretBytes(kPadBlock - 1).reveal()).error() == Errc::ERR_BAD_FORMAT);
}

TEST_CASE("keys: only 32 bytes make one") {
  CHECK(RootKey::from(SecretBytes(31)).error() == Errc::ERR_BAD_INPUT);
  CHECK(RootKey::from(SecretBytes(33)).error() == Errc::ERR_BAD_INPUT);
  CHECK(RootKey::from(SecretBytes(32)).ok());
}
