// Receipts and keys as somebody's server may send them: what is one, what is none, and whose it is.
#include "receipt_text.h"

#include "support.h"

using namespace keyhold;
using namespace keyhold::test;

namespace {

const std::string kKid = thumbprint_of(public_key());

std::string with(std::string_view text, std::string_view from, std::string_view to) {
  std::string changed(text);
  const std::size_t at = changed.find(from);
  REQUIRE(at != std::string::npos);
  return changed.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("receipt: what it says is read, and over what it is signed") {
  const std::string jws = jws_of();
  const auto receipt = parse_receipt(jws);
  REQUIRE(receipt.ok());
  CHECK(receipt->kid == kKid);
  CHECK(receipt->call == "42");
  CHECK(receipt->provider == "openai");
  CHECK(receipt->model == "m-1");
  CHECK(receipt->charged_micro_usd == 123);
  CHECK(receipt->signature.front() == 9);
  CHECK(std::string(receipt->signed_text) + "." == jws.substr(0, jws.rfind('.') + 1));
}

TEST_CASE("receipt: what a later server adds to it is ignored, but not what it adds to the header") {
  CHECK(parse_receipt(jws_of(with(payload_of(), R"("sub")", R"("org":"o","markup":[1,{"a":2}],"sub")"))).ok());
  for (const char* more :
       {R"("crit":["b64"],)", R"("b64":false,)", R"("jwk":{},)", R"("x5u":"https://evil.example",)"}) {
    CHECK(parse_receipt(jws_of(with(head_of(kKid), "{", std::string("{") + more), payload_of())).error() ==
          Errc::ERR_BAD_FORMAT);
  }
}

TEST_CASE("receipt: no other algorithm, no other type, no key without a name") {
  const std::string head = head_of(kKid);
  REQUIRE(parse_receipt(jws_of(head, payload_of())).ok());
  for (const char* alg : {"none", "None", "HS256", "RS256", "ES256", "eddsa", "EdDSA ", "Ed25519", ""}) {
    INFO(alg);
    CHECK(parse_receipt(jws_of(with(head, "EdDSA", alg), payload_of())).error() == Errc::ERR_BAD_FORMAT);
  }
  for (const char* type : {"JWT", "keyhold-receipt", "KEYHOLD-RECEIPT+JWT", "keyhold-receipt+jwt2", ""}) {
    INFO(type);
    CHECK(parse_receipt(jws_of(with(head, "keyhold-receipt+jwt", type), payload_of())).error() == Errc::ERR_BAD_FORMAT);
  }
  for (const char* bad :
       {R"({"alg":"EdDSA","typ":"keyhold-receipt+jwt"})", R"({"kid":"k","typ":"keyhold-receipt+jwt"})",
        R"({"alg":"EdDSA","kid":"k"})", R"({"alg":"EdDSA","kid":"","typ":"keyhold-receipt+jwt"})",
        R"({"alg":["EdDSA"],"kid":"k","typ":"keyhold-receipt+jwt"})",
        R"({"alg":"none","alg":"EdDSA","kid":"k","typ":"keyhold-receipt+jwt"})", "[]", "", "{}"}) {
    INFO(bad);
    CHECK(parse_receipt(jws_of(bad, payload_of())).error() == Errc::ERR_BAD_FORMAT);
  }
}

TEST_CASE("receipt: each member has to be there and of its kind") {
  const std::string payload = payload_of();
  for (const char* name :
       {"sub", "call", "provider", "model", "charged_micro_usd", "figures", "http_status", "created_at", "ended_at"}) {
    INFO(name);
    const std::string quoted = "\"" + std::string(name) + "\":";
    CHECK(parse_receipt(jws_of(with(payload, quoted, "\"other\":"))).error() == Errc::ERR_BAD_JSON);
    CHECK(parse_receipt(jws_of(with(payload, quoted, quoted + "null,\"other\":"))).error() == Errc::ERR_BAD_JSON);
    CHECK(parse_receipt(jws_of(with(payload, quoted, quoted + "[],\"other\":"))).error() == Errc::ERR_BAD_JSON);
    CHECK(parse_receipt(jws_of(with(payload, quoted, quoted + "1," + quoted))).error() == Errc::ERR_BAD_JSON);
  }
  for (const char* charged : {"-1", "1.5", "1e2", "9007199254740993", "18446744073709551616", "\"123\"", "true"}) {
    INFO(charged);
    CHECK(parse_receipt(jws_of(with(payload, ":123", ":" + std::string(charged)))).error() == Errc::ERR_BAD_JSON);
  }
  CHECK(parse_receipt(jws_of(payload_of("42", std::int64_t{1} << 53))).ok());
  CHECK(parse_receipt(jws_of(with(payload, "reported", "guessed"))).error() == Errc::ERR_BAD_JSON);
  CHECK(parse_receipt(jws_of(with(payload, "1795000001000", "1794999999999"))).error() == Errc::ERR_BAD_JSON);
  CHECK(parse_receipt(jws_of(with(payload, "reported", "none"))).ok());
}

TEST_CASE("receipt: three parts of base64url in its one spelling, and a signature of 64 bytes") {
  const std::string jws = jws_of();
  for (const std::size_t bytes : {0, 63, 65, 128}) {
    CHECK(parse_receipt(jws_of(head_of(kKid), payload_of(), bytes)).error() == Errc::ERR_BAD_FORMAT);
  }
  for (const std::string& text : {std::string(), std::string("."), std::string(".."), std::string("..."), jws + ".",
                                  "." + jws, jws + "=", jws + " ", " " + jws, jws + "A", jws.substr(0, jws.rfind('.')),
                                  with(jws, ".", ".."), with(jws, ".", "=."), jws.substr(0, jws.size() - 1)}) {
    INFO(text);
    CHECK_FALSE(parse_receipt(text).ok());
  }
}

TEST_CASE("receipt: at most 2048 bytes") {
  std::string payload = payload_of();
  const auto padded = [&](std::size_t by) {
    return jws_of(with(payload, "{", "{\"pad\":\"" + std::string(by, 'x') + "\","));
  };
  std::size_t by = 0;
  while (padded(by + 1).size() <= kMaxReceiptBytes) ++by;
  CHECK(parse_receipt(padded(by)).ok());
  CHECK(parse_receipt(padded(by + 3)).error() == Errc::ERR_TOO_LARGE);
  CHECK(parse_receipt(std::string(kMaxReceiptBytes + 1, 'A')).error() == Errc::ERR_TOO_LARGE);
}

TEST_CASE("receipt: no change of a byte of its header or numbers goes unseen by reading and signature together") {
  const std::string jws = jws_of();
  const auto before = parse_receipt(jws).value();
  for (std::size_t at = 0; at < jws.size(); ++at) {
    for (const char to : {'A', 'z', '.', '=', '\0', '\x80'}) {
      std::string changed = jws;
      if (changed[at] == to) continue;
      changed[at] = to;
      const auto after = parse_receipt(changed);
      if (!after) continue;
      // What is still one has another signature, or another text that it is of.
      CHECK((after->signed_text != before.signed_text || after->signature != before.signature));
    }
  }
}

TEST_CASE("receipt: is it of the call that was made?") {
  const auto receipt = parse_receipt(jws_of()).value();
  const CallByApp call{"42", "openai", "m-1", "m-1-2026", 123};
  CHECK(mismatch(receipt, call).empty());
  CHECK(mismatch(receipt, {"43", "openai", "m-1", "m-1", 123}) == "call");
  CHECK(mismatch(receipt, {"042", "openai", "m-1", "m-1", 123}) == "call");
  CHECK(mismatch(receipt, {"42", "anthropic", "m-1", "m-1", 123}) == "provider");
  CHECK(mismatch(receipt, {"42", "openai", "m-2", "m-2", 123}) == "model");
  CHECK(mismatch(receipt, {"42", "openai", "m-2", "", 123}) == "model");
  CHECK(mismatch(receipt, {"42", "openai", "alias", "m-1", 123}).empty());
  CHECK(mismatch(receipt, {"42", "openai", "", "", 123}).empty());
}

TEST_CASE("receipt: a call's number has 1 to 19 digits") {
  for (const char* number : {"1", "0", "9223372036854775807"}) CHECK(is_call_number(number));
  for (const char* text : {"", "-1", "+1", "1 ", "0x1", "1/../keys", "keys", "92233720368547758070", "١"}) {
    CHECK_FALSE(is_call_number(text));
  }
}

TEST_CASE("receipt keys: the one that is asked for, if its name is its own thumbprint") {
  // RFC 8037, appendix A.2 and A.3.
  const Bytes x = parse_base64url("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").value();
  Ed25519Key known{};
  std::copy(x.begin(), x.end(), known.begin());
  CHECK(thumbprint_of(known) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");

  const std::string jwks = jwks_of();
  CHECK(find_receipt_key(as_bytes(jwks), kKid).value() == public_key());
  CHECK(find_receipt_key(as_bytes(jwks), kNoThumbprint).error() == Errc::ERR_NOT_FOUND);
  // Another key under a name that is known already.
  const std::string other = R"({"keys":[)" + jwk_of(public_key(4), kKid) + "]}";
  CHECK(find_receipt_key(as_bytes(other), kKid).error() == Errc::ERR_NOT_FOUND);
  const std::string both =
      R"({"keys":[{"kty":"RSA","n":"AQAB"},7,)" + jwk_of(public_key(4), kKid) + "," + jwk_of(public_key(), kKid) + "]}";
  CHECK(find_receipt_key(as_bytes(both), kKid).value() == public_key());
}

TEST_CASE("receipt keys: nothing but an Ed25519 key of 32 bytes, in a list of bounded length") {
  const std::string jwks = jwks_of();
  for (const auto& [from, to] : {std::pair("OKP", "oct"),
                                 {"Ed25519", "X25519"},
                                 {"\"x\"", "\"y\""},
                                 {"\"kid\"", "\"id\""},
                                 {"\"x\":\"AwM", "\"x\":\"AwMD"},
                                 {"\"keys\"", "\"key\""},
                                 {"[{", "{\"a\":{"},
                                 {"]}", "}}"}}) {
    INFO(from);
    CHECK_FALSE(find_receipt_key(as_bytes(with(jwks, from, to)), kKid).ok());
  }
  const auto many = [&](std::size_t count) {
    std::string text = R"({"keys":[)";
    for (std::size_t i = 1; i < count; ++i) text += "{},";
    return text + jwk_of(public_key(), kKid) + "]}";
  };
  CHECK(find_receipt_key(as_bytes(many(kMaxReceiptKeys)), kKid).ok());
  CHECK(find_receipt_key(as_bytes(many(kMaxReceiptKeys + 1)), kKid).error() == Errc::ERR_BAD_JSON);
  CHECK(find_receipt_key(as_bytes(jwks + std::string(kMaxReceiptKeysBytes, ' ')), kKid).error() == Errc::ERR_TOO_LARGE);
}
