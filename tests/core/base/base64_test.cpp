#include "base/base64.h"

#include "support.h"

using namespace keyhold;

TEST_CASE("base64: RFC 4648's vectors, without padding") {
  const std::pair<std::string_view, std::string_view> kVectors[] = {
      {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},         {"foo", "Zm9v"},
      {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : kVectors) {
    CHECK(encode_base64url(as_bytes(plain)) == encoded);
    CHECK(as_text(*parse_base64url(encoded)) == plain);
  }
}

TEST_CASE("base64: only the one canonical text of some bytes is read") {
  for (const auto* text : {"Zg==", "Zh", "Z", "Zm9", "Zm 8", "Zm+/", "Zm9vY"}) {
    CAPTURE(text);
    CHECK(parse_base64url(text).error() == Errc::ERR_BAD_FORMAT);
  }
}

TEST_CASE("base64: encode and parse are each other's inverse") {
  test::TestRng rng;
  for (std::size_t size = 0; size < 100; ++size) {
    Bytes bytes(size);
    rng.fill(bytes);
    CHECK(*parse_base64url(encode_base64url(bytes)) == bytes);
  }
}
