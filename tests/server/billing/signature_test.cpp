#include "server/billing/signature.h"

#include <openssl/evp.h>

#include <array>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace keyhold;
using namespace keyhold::server;

namespace {

constexpr UnixMs kNow = 1'795'000'000'000;
constexpr std::string_view kBody = R"({"id":"evt_1","object":"event"})";

std::string mac(std::string_view secret, std::string_view input) {
  std::array<std::uint8_t, 32> bytes{};
  std::size_t size = 0;
  const ByteView of = as_bytes(input);
  REQUIRE(EVP_Q_mac(nullptr, "HMAC", nullptr, "SHA256", nullptr, secret.data(), secret.size(), of.data(), of.size(),
                    bytes.data(), bytes.size(), &size) != nullptr);
  std::string hex;
  for (const std::uint8_t byte : bytes) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

std::string header(std::string_view secret, UnixMs at = kNow, std::string_view body = kBody) {
  const std::string time = std::to_string(at / 1000);
  return "t=" + time + ",v1=" + mac(secret, time + "." + std::string(body));
}

std::vector<SecretBytes> secrets(std::initializer_list<std::string_view> texts) {
  std::vector<SecretBytes> all;
  for (const std::string_view text : texts) all.push_back(SecretBytes::copy_of(as_bytes(text)));
  return all;
}

std::optional<SignatureFault> checked(const std::string& text, UnixMs now = kNow, std::string_view body = kBody) {
  const auto all = secrets({"whsec_one"});
  return check_signature(text, as_bytes(body), all, now);
}

}  // namespace

TEST_CASE("webhook signature: the one that Stripe documents is taken, and no other") {
  CHECK(checked(header("whsec_one")) == std::nullopt);
  CHECK(checked(header("whsec_two")) == SignatureFault::wrong);
  CHECK(checked(header("whsec_one"), kNow, "{}") == SignatureFault::wrong);
  std::string body(kBody);
  for (std::size_t i = 0; i < body.size(); ++i) {
    body[i] ^= 1;
    CHECK(checked(header("whsec_one"), kNow, body) == SignatureFault::wrong);
    body[i] ^= 1;
  }
}

TEST_CASE("webhook signature: five minutes either way, and not a second more") {
  CHECK(checked(header("whsec_one"), kNow + kSignatureToleranceMs) == std::nullopt);
  CHECK(checked(header("whsec_one"), kNow + kSignatureToleranceMs + 1) == SignatureFault::too_old);
  CHECK(checked(header("whsec_one"), kNow - kSignatureToleranceMs) == std::nullopt);
  CHECK(checked(header("whsec_one"), kNow - kSignatureToleranceMs - 1) == SignatureFault::too_early);
  // What is not signed is not told about our clock.
  CHECK(checked(header("whsec_two", 0)) == SignatureFault::wrong);
}

TEST_CASE("webhook signature: its time is part of what is signed") {
  std::string text = header("whsec_one", kNow - 600'000);
  text.replace(2, 10, std::to_string(kNow / 1000));
  CHECK(checked(text) == SignatureFault::wrong);
}

TEST_CASE("webhook signature: of several v1 one must be right, and other schemes count for nothing") {
  const std::string good = header("whsec_one");
  const std::string time = good.substr(0, good.find(','));
  const std::string right = good.substr(good.find(',') + 1);
  const std::string wrong = "v1=" + std::string(64, '0');
  CHECK(checked(time + "," + wrong + "," + right) == std::nullopt);
  CHECK(checked(time + "," + right + "," + wrong) == std::nullopt);
  CHECK(checked(right + "," + time) == std::nullopt);
  CHECK(checked(time + ",v1=short," + right) == std::nullopt);
  CHECK(checked(time + ", " + right + ",v0=" + std::string(64, '0')) == std::nullopt);
  CHECK(checked(time + "," + wrong) == SignatureFault::wrong);
  CHECK(checked(time + ",v0=" + right.substr(3)) == SignatureFault::missing);
  CHECK(checked(time + ",v2=" + right.substr(3)) == SignatureFault::missing);
}

TEST_CASE("webhook signature: while a secret is being changed, both sign") {
  const auto both = secrets({"whsec_new", "whsec_old"});
  for (const char* secret : {"whsec_new", "whsec_old"}) {
    CHECK(check_signature(header(secret), as_bytes(kBody), both, kNow) == std::nullopt);
  }
  CHECK(check_signature(header("whsec_other"), as_bytes(kBody), both, kNow) == SignatureFault::wrong);
  const auto none = secrets({""});
  CHECK(check_signature(header(""), as_bytes(kBody), none, kNow) == SignatureFault::wrong);
}

TEST_CASE("webhook signature: a header that is none is refused before anything is computed") {
  const std::string v1 = "v1=" + std::string(64, 'a');
  for (const std::string& text :
       {std::string(), std::string("t=1"), v1, "t=," + v1, "t=x," + v1, "t=-1," + v1, "t=1,t=1," + v1,
        "t=1234567890123," + v1, "t," + v1, "t=1," + v1 + ",x", "t=1,v1=" + std::string(64, 'g'),
        "t=1," + v1 + "," + std::string(kMaxSignatureHeader, 'x') + "=", std::string(1000, ',')}) {
    INFO(text);
    CHECK(checked(text) == SignatureFault::missing);
  }
  std::string many = "t=1";
  for (std::size_t i = 0; i < kMaxSignatureParts; ++i) many += ",v1=00";
  CHECK(checked(many) == SignatureFault::missing);
}
