#include "vault/envelope.h"

#include "support.h"

using namespace keyhold;

namespace {

constexpr std::string_view kVault = "AAAAAAAAAAAAAAAAAAAAAA";

Header record_header() {
  Header header{.purpose = Purpose::record, .vault = std::string(kVault), .id = "BBBBBBBBBBBBBBBBBBBBBA"};
  header.record = test::openai_fields();
  return header;
}

/// An envelope around a header written by hand.
Bytes with_header(std::string_view json) {
  Bytes bytes = to_bytes(as_bytes("KH1"));
  bytes.push_back(static_cast<std::uint8_t>(json.size()));
  bytes.push_back(static_cast<std::uint8_t>(json.size() >> 8));
  append(bytes, as_bytes(json));
  bytes.resize(bytes.size() + 24 + 256 + 16);
  return bytes;
}

std::string slot_header(std::string_view kdf) {
  return R"({"purpose":"slot","vault":"AAAAAAAAAAAAAAAAAAAAAA","id":"x","rev":1,"kind":"passphrase","kdf":)" +
         std::string(kdf) + "}";
}

Errc refusal(ByteView bytes) {
  const auto parsed = parse_envelope(bytes);
  REQUIRE_FALSE(parsed.ok());
  return parsed.error();
}

}  // namespace

TEST_CASE("seal_envelope and parse_envelope: header and body come back, the secret apart from the facts") {
  test::TestRng rng;
  const RootKey key = RootKey::make(rng);
  const Bytes bytes = seal_envelope(record_header(), {R"({"label":"x"})", test::secret("sk-1")}, key.reveal(), rng);
  const Envelope envelope = *parse_envelope(bytes);
  CHECK(envelope.header.purpose == Purpose::record);
  CHECK(envelope.header.vault == kVault);
  CHECK(*envelope.header.record == test::openai_fields());
  const Body body = *open_envelope(envelope, key.reveal());
  CHECK(body.info == R"({"label":"x"})");
  CHECK(test::text_of(body.secret) == "sk-1");
}

TEST_CASE("envelope: a key's length does not show") {
  test::TestRng rng;
  const RootKey key = RootKey::make(rng);
  const auto size = [&](std::size_t length) {
    return seal_envelope(record_header(), {"{}", test::secret(std::string(length, 'k'))}, key.reveal(), rng).size();
  };
  CHECK(size(8) == size(200));
}

TEST_CASE("envelope: a flipped bit anywhere is refused with a code, and nothing is revealed") {
  test::TestRng rng;
  const RootKey key = RootKey::make(rng);
  const Bytes bytes = seal_envelope(record_header(), {"{}", test::secret("sk-1")}, key.reveal(), rng);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    Bytes changed = bytes;
    changed[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    const auto envelope = parse_envelope(changed);
    const Errc code = envelope ? open_envelope(*envelope, key.reveal()).error() : envelope.error();
    CHECK((code == Errc::ERR_BAD_FORMAT || code == Errc::ERR_TAMPERED));
  }
}

TEST_CASE("envelope: truncated or lengthened by any number of bytes is refused") {
  test::TestRng rng;
  const RootKey key = RootKey::make(rng);
  Bytes bytes = seal_envelope(record_header(), {"{}", test::secret("sk-1")}, key.reveal(), rng);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CHECK(refusal(ByteView(bytes).first(size)) == Errc::ERR_BAD_FORMAT);
  }
  const Bytes whole = bytes;
  for (std::size_t extra = 1; extra < 300; ++extra) {
    bytes = whole;
    bytes.resize(bytes.size() + extra);
    const auto envelope = parse_envelope(bytes);
    // A whole block more has a possible length; the tag then refuses it.
    CHECK((envelope ? open_envelope(*envelope, key.reveal()).error() : envelope.error()) ==
          (extra == 256 ? Errc::ERR_TAMPERED : Errc::ERR_BAD_FORMAT));
  }
}

TEST_CASE("envelope: a header that is not exactly what Keyhold writes is bad format") {
  const std::string_view kHeaders[] = {
      "",
      "[]",
      "{}",
      R"({"purpose":"settings","vault":"AAAAAAAAAAAAAAAAAAAAAA","id":"settings"})",
      R"({"purpose":"settings","vault":"AAAAAAAAAAAAAAAAAAAAAA","id":"settings","rev":0})",
      R"({"purpose":"settings","vault":"AAAAAAAAAAAAAAAAAAAAAA","id":"settings","rev":1.5})",
      R"({"purpose":"settings","vault":"AAAAAAAAAAAAAAAAAAAAAA","id":"settings","rev":1,"rev":1})",
      R"({"purpose":"settings","vault":"AAAAAAAAAAAAAAAAAAAAAA","id":"settings","rev":1,"more":1})",
      R"({"purpose":"settings","vault":"AAAA","id":"settings","rev":1})",
      R"({"purpose":"unheard-of","vault":"AAAAAAAAAAAAAAAAAAAAAA","id":"x","rev":1})",
      R"({"purpose":"record","vault":"AAAAAAAAAAAAAAAAAAAAAA","id":"x","rev":1})",
      R"({"purpose":"manifest","vault":"AAAAAAAAAAAAAAAAAAAAAA","id":"manifest","rev":1,"generation":0,"epoch":1})",
      R"({"purpose":"page","vault":"AAAAAAAAAAAAAAAAAAAAAA","id":"","rev":1})",
      R"({"purpose":"page","vault":"AAAAAAAAAAAAAAAAAAAAAA","id":"+","rev":1})",
      R"({"purpose":"page","vault":"AAAAAAAAAAAAAAAAAAAAAA","id":"AA","rev":1})",
      R"({"purpose":"page","vault":"AAAAAAAAAAAAAAAAAAAAAA","id":"page","rev":1})",
      R"({"purpose":"page","vault":"AAAAAAAAAAAAAAAAAAAAAA","id":"A","rev":1,"generation":1})",
  };
  for (const auto header : kHeaders) {
    CAPTURE(header);
    CHECK(refusal(with_header(header)) == Errc::ERR_BAD_FORMAT);
  }
  CHECK(parse_envelope(
      with_header(R"({"purpose":"settings","vault":"AAAAAAAAAAAAAAAAAAAAAA","id":"settings","rev":1})")));
  for (const std::string id : {"A", "z", "0", "-", "_"}) {
    CHECK(parse_envelope(
        with_header(R"({"purpose":"page","vault":"AAAAAAAAAAAAAAAAAAAAAA","id":")" + id + R"(","rev":1})")));
  }
}

TEST_CASE("envelope: another version is bad format, and so is a header over its bound") {
  Bytes bytes = with_header(R"({"purpose":"settings","vault":"AAAAAAAAAAAAAAAAAAAAAA","id":"settings","rev":1})");
  bytes[2] = '2';
  CHECK(refusal(bytes) == Errc::ERR_BAD_FORMAT);
  std::string padded = R"({"purpose":"settings","vault":"AAAAAAAAAAAAAAAAAAAAAA","id":"settings","rev":1})";
  padded.append(kMaxHeaderBytes - padded.size(), ' ');
  CHECK(parse_envelope(with_header(padded)));
  padded.push_back(' ');
  CHECK(refusal(with_header(padded)) == Errc::ERR_BAD_FORMAT);
  CHECK(refusal(Bytes(kMaxEnvelopeBytes + 1, 'K')) == Errc::ERR_BAD_FORMAT);
}

TEST_CASE("envelope: a slot's strength below the floor or above the ceiling is refused before any memory is taken") {
  const auto kdf = [](std::string_view t, std::string_view m) {
    return slot_header(R"({"alg":"argon2id","salt":"AAAAAAAAAAAAAAAAAAAAAA","t":)" + std::string(t) + R"(,"m":)" +
                       std::string(m) + "}");
  };
  CHECK(parse_envelope(with_header(kdf("3", "65536"))));
  CHECK(refusal(with_header(kdf("1", "65536"))) == Errc::ERR_KDF_BOUNDS);
  CHECK(refusal(with_header(kdf("3", "1024"))) == Errc::ERR_KDF_BOUNDS);
  CHECK(refusal(with_header(kdf("3", "4194304"))) == Errc::ERR_KDF_BOUNDS);  // 4 GiB
  CHECK(refusal(with_header(kdf("11", "65536"))) == Errc::ERR_KDF_BOUNDS);
  CHECK(refusal(with_header(kdf("-1", "65536"))) == Errc::ERR_BAD_FORMAT);
  CHECK(refusal(with_header(slot_header(R"({"alg":"argon2i","salt":"AAAAAAAAAAAAAAAAAAAAAA","t":3,"m":65536})"))) ==
        Errc::ERR_BAD_FORMAT);
  CHECK(refusal(with_header(slot_header(R"({"alg":"argon2id","salt":"AAAA","t":3,"m":65536})"))) ==
        Errc::ERR_BAD_FORMAT);
}

TEST_CASE("row_key: one of a kind is stored under its purpose's name") {
  CHECK(row_key(Purpose::manifest, "manifest") == "manifest");
  CHECK(row_key(Purpose::record, "x") == "record/x");
  CHECK(row_key(Purpose::page, "x") == page_row_key('x'));
  CHECK(page_of("record/xyz") == 'x');
  CHECK(page_of("record/") == 0);
  CHECK(page_of("settings") == 0);
}
