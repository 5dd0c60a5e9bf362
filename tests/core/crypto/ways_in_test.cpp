#include "crypto/ways_in.h"

#include "support.h"

using namespace keyhold;
using namespace keyhold::test;

namespace {

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::string_view kVaultId = "VVVVVVVVVVVVVVVVVVVVVQ";
constexpr std::string_view kSlotId = "qqqqqqqqqqqqqqqqqqqqqg";

// Computed with libsodium-wrappers-sumo 0.8.4 in Node, not with this code: check = crypto_generichash(32, code)[0..4];
// text = Crockford's base32 of code | check; key = crypto_generichash(32, "keyhold/1/recovery\0" vault "\0" slot "\0", code).
struct RecoveryAnswer {
  std::string_view code, text, key;  // hex, text, hex; for kVaultId and kSlotId
};
constexpr RecoveryAnswer kRecoveryAnswers[] = {
    {"00000000000000000000000000000000", "0000-0000-0000-0000-0000-0000-02AC-3G48",
     "f1a29c0d8e83599df251ef602bd2ecdfd8ca8a984193a390b2a10f979b98a3d6"},
    {"ffffffffffffffffffffffffffffffff", "ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZXM1-8SXK",
     "53a63cea68296f461ad0f4519d554af5b6dbaac4ceab93dd7a39a67194e4f2e5"},
    {"000102030405060708090a0b0c0d0e0f", "000G-40R4-0M30-E209-185G-R38E-1Z3W-PQ8T",
     "49a141ff6d8fe4419dbb1528c66afa598e3fe7ccd107ed69d160ad27404c9768"},
    {"9f3c0b7a5512e4d8816f20c7ab34fe99", "KWY0-PYJN-2BJD-H0BF-433T-PD7Y-K6JS-JMG8",
     "0deafffbba5f1171453c61038afa969ad695e02dd0b608137446016ef47ac66d"},
};

std::string hex(ByteView bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) {
    for (const int digit : {byte >> 4, byte & 15}) text.push_back("0123456789abcdef"[digit]);
  }
  return text;
}

std::string key_of(const RecoveryCode& code) { return hex(code.slot_key(kVaultId, kSlotId).reveal()); }

/// What a typed text is read as, or nothing.
std::optional<std::string> read(std::string_view typed) {
  const auto code = RecoveryCode::parse(secret(typed));
  if (!code) {
    REQUIRE(code.error() == Errc::ERR_RECOVERY_CODE);
    return std::nullopt;
  }
  return text_of(code->text());
}

SecretBytes prf(std::uint8_t first_half, std::uint8_t second_half) {
  SecretBytes bytes(kPrfBytes);
  std::fill(bytes.fill().begin(), bytes.fill().begin() + kPrfBytes / 2, first_half);
  std::fill(bytes.fill().begin() + kPrfBytes / 2, bytes.fill().end(), second_half);
  return bytes;
}

}  // namespace

TEST_CASE("recovery code: libsodium.js gives the same texts and slot keys") {
  for (const RecoveryAnswer& answer : kRecoveryAnswers) {
    const auto code = RecoveryCode::parse(secret(answer.text));
    REQUIRE(code.ok());
    CHECK(text_of(code->text()) == answer.text);
    CHECK(key_of(*code) == answer.key);
  }
}

TEST_CASE("recovery code: of 2,000 random codes each is read back as itself, and none is like another") {
  TestRng rng;
  std::set<std::string> texts;
  for (int i = 0; i < 2000; ++i) {
    const RecoveryCode code = RecoveryCode::make(rng);
    const std::string text = text_of(code.text());
    REQUIRE(text.size() == kRecoveryTextBytes);
    for (std::size_t at = 0; at < text.size(); ++at) {
      REQUIRE((at % 5 == 4 ? text[at] == '-' : kAlphabet.find(text[at]) != std::string_view::npos));
    }
    const auto again = RecoveryCode::parse(secret(text));
    REQUIRE(again.ok());
    REQUIRE(text_of(again->text()) == text);
    REQUIRE(key_of(*again) == key_of(code));
    REQUIRE(texts.insert(text).second);
  }
}

TEST_CASE("recovery code: case, spaces, dashes and look-alikes do not matter") {
  const std::string text(kRecoveryAnswers[2].text);
  std::string lower = text;
  std::string bare;
  std::string like = text;
  std::string like_lower = text;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] >= 'A') lower[at] = static_cast<char>(text[at] - 'A' + 'a');
    if (text[at] != '-') bare.push_back(text[at]);
    if (text[at] == '0') like[at] = 'O';
    if (text[at] == '1') like[at] = at % 2 == 0 ? 'I' : 'L';
    if (text[at] == '0') like_lower[at] = 'o';
    if (text[at] == '1') like_lower[at] = at % 2 == 0 ? 'l' : 'i';
  }
  std::string spread = " \t";
  for (const char c : bare) spread.append({c, ' ', '-', '\r', '\n'});
  for (const std::string& typed : {text, lower, bare, like, like_lower, spread}) {
    CAPTURE(typed);
    CHECK(read(typed) == text);
  }
}

TEST_CASE("recovery code: every mistyped character is noticed, unless it means the same") {
  for (const RecoveryAnswer& answer : kRecoveryAnswers) {
    const std::string text(answer.text);
    std::size_t same = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (text[at] == '-') continue;
      for (int c = 0; c < 256; ++c) {
        std::string typed = text;
        typed[at] = static_cast<char>(c);
        if (const auto meant = read(typed)) {
          ++same;
          REQUIRE(*meant == text);
        }
      }
    }
    // A digit means itself, a letter itself in both cases, 0 also O and o, 1 also I, i, L and l.
    std::size_t expected = 0;
    for (const char c : text) expected += c == '-' ? 0 : c == '0' ? 3 : c == '1' ? 5 : c < 'A' ? 1 : 2;
    CHECK(same == expected);
  }
}

TEST_CASE("recovery code: every two neighbours typed the wrong way round are noticed") {
  TestRng rng;
  for (int i = 0; i < 200; ++i) {
    const std::string text = text_of(RecoveryCode::make(rng).text());
    for (std::size_t at = 0; at + 1 < text.size(); ++at) {
      const std::size_t next = text[at + 1] == '-' ? at + 2 : at + 1;
      if (text[at] == '-' || text[at] == text[next]) continue;
      std::string typed = text;
      std::swap(typed[at], typed[next]);
      REQUIRE_FALSE(read(typed).has_value());
    }
  }
}

TEST_CASE("recovery code: a character more or less, another code's end, or none at all is refused") {
  const std::string text(kRecoveryAnswers[3].text);
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '-') continue;
    CHECK_FALSE(read(std::string(text).erase(at, 1)).has_value());
    CHECK_FALSE(read(std::string(text).insert(at, 1, '0')).has_value());
  }
  CHECK_FALSE(read("").has_value());
  CHECK_FALSE(read("----").has_value());
  CHECK_FALSE(read(text + text).has_value());
  CHECK_FALSE(read(text.substr(0, 35) + "0000").has_value());
  CHECK_FALSE(read(std::string(1 << 20, '-')).has_value());
  CHECK_FALSE(read(std::string(1 << 20, '0')).has_value());
  CHECK_FALSE(read(std::string(text).replace(4, 1, std::string_view("\0", 1))).has_value());
}

TEST_CASE("recovery code: its end is the last eight characters, as forgivingly read, and nothing else") {
  const RecoveryCode code = *RecoveryCode::parse(secret(kRecoveryAnswers[2].text));  // ends in 1Z3W-PQ8T
  for (const auto* end : {"1Z3W-PQ8T", "1z3wpq8t", " IZ3W PQ8T", "lz3w-pq8t\n"}) CHECK(code.ends_with(secret(end)));
  for (const auto* end : {"", "PQ8T", "Z3W-PQ8T", "E-1Z3W-PQ8T", "1Z3W-PQ8", "1Z3W-PQ8S", "PQ8T-1Z3W", "000G-40R4",
                          "1Z3W-PQ8U", "000G-40R4-0M30-E209-185G-R38E-1Z3W-PQ8T"}) {
    CAPTURE(end);
    CHECK_FALSE(code.ends_with(secret(end)));
  }
}

TEST_CASE("recovery code: its slot key is another for each vault and each slot") {
  const RecoveryCode code = *RecoveryCode::parse(secret(kRecoveryAnswers[0].text));
  const auto key = [&](std::string_view vault, std::string_view slot) {
    return hex(code.slot_key(vault, slot).reveal());
  };
  CHECK(key("a", "b") == key("a", "b"));
  const std::set<std::string> keys = {key("a", "b"), key("b", "b"), key("a", "c"), key("ab", ""), key("", "ab")};
  CHECK(keys.size() == 5);
}

TEST_CASE("passkey key: libsodium.js gives the same") {
  // crypto_generichash(32, "keyhold/1/passkey\0" vault "\0" slot "\0", prf), libsodium-wrappers-sumo 0.8.4.
  SecretBytes counting(kPrfBytes);
  for (std::size_t i = 0; i < kPrfBytes; ++i) counting.fill()[i] = static_cast<std::uint8_t>(i);
  CHECK(hex(passkey_slot_key(counting, kVaultId, kSlotId)->reveal()) ==
        "8ee37a976357e5a5ebf39bbdde1d79e73fe0a4c8239ba2749f3664d12675f005");
  CHECK(hex(passkey_slot_key(prf(255, 255), "AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAA")->reveal()) ==
        "bca57184ff1d38f6d296ca5e50fa0bd01a616fd0aebd65a8a15de32954ef0ce1");
}

TEST_CASE("passkey key: a half of all zeros is a broken authenticator, one bit in it is not") {
  CHECK(passkey_slot_key(prf(0, 0), kVaultId, kSlotId).error() == Errc::ERR_PASSKEY_PRF);
  CHECK(passkey_slot_key(prf(0, 1), kVaultId, kSlotId).error() == Errc::ERR_PASSKEY_PRF);
  CHECK(passkey_slot_key(prf(1, 0), kVaultId, kSlotId).error() == Errc::ERR_PASSKEY_PRF);
  CHECK(passkey_slot_key(prf(1, 1), kVaultId, kSlotId).ok());
  for (const std::size_t at : {std::size_t{0}, kPrfBytes / 2 - 1, kPrfBytes / 2, kPrfBytes - 1}) {
    SecretBytes one = at < kPrfBytes / 2 ? prf(0, 9) : prf(9, 0);
    one.fill()[at] = 1;
    CHECK(passkey_slot_key(one, kVaultId, kSlotId).ok());
  }
}

TEST_CASE("passkey key: 64 bytes, not 63, not 65, not the 32 of a single answer") {
  for (const std::size_t size : {std::size_t{0}, kPrfBytes / 2, kPrfBytes - 1, kPrfBytes + 1, 2 * kPrfBytes}) {
    SecretBytes bytes(size);
    std::fill(bytes.fill().begin(), bytes.fill().end(), 7);
    CHECK(passkey_slot_key(bytes, kVaultId, kSlotId).error() == Errc::ERR_PASSKEY_PRF);
  }
}

TEST_CASE("passkey key: another for each vault and slot, each bit of the answer, and never a recovery code's") {
  const auto key = [&](const SecretBytes& bytes, std::string_view vault, std::string_view slot) {
    return hex(passkey_slot_key(bytes, vault, slot)->reveal());
  };
  std::set<std::string> keys = {key(prf(1, 1), "a", "b"), key(prf(1, 1), "b", "b"), key(prf(1, 1), "a", "c"),
                                key(prf(1, 1), "", "ab")};
  for (std::size_t at = 0; at < kPrfBytes; ++at) {
    SecretBytes bytes = prf(1, 1);
    bytes.fill()[at] ^= 0x80;
    keys.insert(key(bytes, "a", "b"));
  }
  CHECK(keys.size() == 4 + kPrfBytes);
}
