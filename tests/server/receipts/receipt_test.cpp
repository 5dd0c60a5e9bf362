#include "server/receipts/receipt.h"

#include <catch2/catch.hpp>

#include "base/base64.h"
#include "base/json.h"

using namespace keyhold;
using namespace keyhold::server;

namespace {

// RFC 8037, appendix A: the private key, its point, its thumbprint, and a text with its signature.
constexpr std::string_view kSeed = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
constexpr std::string_view kPoint = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
constexpr std::string_view kThumbprint = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
constexpr std::string_view kSigned = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
constexpr std::string_view kSignature =
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

CallBill bill() {
  return {.call = CallId{17},
          .user = "ann",
          .provider = "openai",
          .model = "gpt-4o-mini",
          .state = CallState::settled,
          .figures = keyhold::server::Figures::reported,
          .charged = 1830,
          .http_status = 200,
          .created_at = 1'795'737'600'000,
          .ended_at = 1'795'737'601'000};
}

Json part_of(const std::string& receipt, int which) {
  std::size_t begin = 0;
  for (int i = 0; i < which; ++i) begin = receipt.find('.', begin) + 1;
  const Bytes text = parse_base64url(receipt.substr(begin, receipt.find('.', begin) - begin)).value();
  return Json::parse(text).value();
}

std::string text_in(const Json& json, std::string_view name) {
  return std::string(json.root().find(name)->text(200).value());
}

}  // namespace

TEST_CASE("a receipt's key signs, and is named, as RFC 8037 has it") {
  const auto key = ReceiptKey::parse(kSeed);
  REQUIRE(key);
  CHECK(key->public_key().x == kPoint);
  CHECK(key->public_key().key_id == kThumbprint);
  CHECK(encode_base64url(key->sign(kSigned)) == kSignature);
}

TEST_CASE("what is no key of 32 bytes in base64url is none") {
  for (const std::string& text : {std::string(), std::string(kSeed).substr(1), std::string(kSeed) + "A",
                                  std::string(kSeed) + "=", std::string(43, '!')}) {
    CHECK_FALSE(ReceiptKey::parse(text));
    CHECK_FALSE(ReceiptPublicKey::parse(text));
  }
}

TEST_CASE("a receipt says what the ledger says of the call") {
  const auto key = ReceiptKey::parse(kSeed);
  const std::string receipt = sign_receipt(*key, bill());
  CHECK(receipt == sign_receipt(*key, bill()));
  const Json header = part_of(receipt, 0);
  CHECK(text_in(header, "alg") == "EdDSA");
  CHECK(text_in(header, "kid") == kThumbprint);
  CHECK(text_in(header, "typ") == kReceiptType);
  const Json payload = part_of(receipt, 1);
  CHECK(text_in(payload, "sub") == "ann");
  CHECK(text_in(payload, "call") == "17");
  CHECK(text_in(payload, "figures") == "reported");
  CHECK(payload.root().find("charged_micro_usd")->integer(0, kMaxMicroUsd).value() == 1830);
  CHECK_FALSE(payload.root().find("org"));
  CallBill managed = bill();
  managed.organisation = "acme";
  CHECK(text_in(part_of(sign_receipt(*key, managed), 1), "org") == "acme");
}

TEST_CASE("a call's number is digits without a zero before them, and nothing else") {
  CHECK(parse_call_id("1") == CallId{1});
  CHECK(parse_call_id("9223372036854775807") == CallId{9'223'372'036'854'775'807});
  for (const char* text : {"", "0", "01", "+1", "-1", " 1", "1 ", "1.0", "1e3", "9223372036854775808", "1/2", "../1",
                           "1%00", "0x1", "keys/", "\xd9\xa1"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_call_id(text));
  }
}
