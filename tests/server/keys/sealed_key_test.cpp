#include "server/keys/sealed_key.h"

#include <catch2/catch.hpp>

#include "base/base64.h"
#include "crypto/system_rng.h"

using namespace keyhold;
using namespace keyhold::server;

namespace {

constexpr std::string_view kSecret = "sk-0123456789abcdef";

std::string text_of(const std::optional<SecretBytes>& key) {
  return key ? std::string(as_text(key->reveal())) : "(none)";
}

}  // namespace

TEST_CASE("a sealed key opens in its place, and nowhere else") {
  SystemRng rng;
  const MasterKey master = MasterKey::make(rng);
  const KeyPlace place{"openai", "acme"};
  const std::string sealed = seal_key(master, place, as_bytes(kSecret), rng);
  CHECK(text_of(open_key(master, place, sealed)) == kSecret);
  for (const KeyPlace& other :
       {KeyPlace{"openai", ""}, KeyPlace{"openai", "acm"}, KeyPlace{"openaiacme", ""}, KeyPlace{"anthropic", "acme"},
        KeyPlace{"", "openaiacme"}, KeyPlace{"acme", "openai"}}) {
    CHECK_FALSE(open_key(master, other, sealed));
  }
  CHECK_FALSE(open_key(MasterKey::make(rng), place, sealed));
  // Sealed twice, it is not twice the same.
  CHECK(seal_key(master, place, as_bytes(kSecret), rng) != sealed);
}

TEST_CASE("a sealed key with any byte altered, cut short or made longer does not open") {
  SystemRng rng;
  const MasterKey master = MasterKey::make(rng);
  const KeyPlace place{"openai"};
  const Bytes sealed = parse_base64url(seal_key(master, place, as_bytes(kSecret), rng)).value();
  const auto opens = [&](const Bytes& bytes) { return open_key(master, place, encode_base64url(bytes)).has_value(); };
  CHECK(opens(sealed));
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    Bytes altered = sealed;
    altered[i] ^= 1;
    CHECK_FALSE(opens(altered));
    CHECK_FALSE(opens(Bytes(sealed.begin(), sealed.begin() + static_cast<std::ptrdiff_t>(i))));
  }
  Bytes longer = sealed;
  longer.push_back(0);
  CHECK_FALSE(opens(longer));
  CHECK_FALSE(open_key(master, place, "no base64url!"));
  CHECK_FALSE(open_key(master, place, ""));
}

TEST_CASE("a master key is 32 bytes in base64url, and nothing else is one") {
  SystemRng rng;
  const MasterKey key = MasterKey::make(rng);
  const std::string text = encode_base64url(key.reveal());
  REQUIRE(text.size() == 43);
  CHECK(parse_master_key(text));
  CHECK_FALSE(parse_master_key(text + "A"));
  CHECK_FALSE(parse_master_key(text.substr(1)));
  CHECK_FALSE(parse_master_key(text + "\n"));
  CHECK_FALSE(parse_master_key(std::string(43, '!')));
  CHECK_FALSE(parse_master_key(""));
}

TEST_CASE("what is entered as a key has no spaces or line ends, and a length") {
  CHECK(fault_of_key(kSecret).empty());
  CHECK_FALSE(fault_of_key("short").empty());
  CHECK_FALSE(fault_of_key("sk-0123 456789").empty());
  CHECK_FALSE(fault_of_key("sk-0123456789\r").empty());
  CHECK_FALSE(fault_of_key("sk-01234567\xc3\xa9").empty());
  CHECK_FALSE(fault_of_key(std::string(kMaxKeyBytes + 1, 'a')).empty());
  CHECK(fault_of_key(std::string(kMaxKeyBytes, 'a')).empty());
  CHECK(hint_of_key(kSecret) == "cdef");
}
