#include "base/json.h"

#include <limits>

#include "support.h"

using namespace keyhold;

namespace {

Errc refusal(std::string_view text, JsonLimits limits = {}) {
  const auto parsed = Json::parse(as_bytes(text), limits);
  REQUIRE_FALSE(parsed.ok());
  return parsed.error();
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

}  // namespace

TEST_CASE("json: what is not one strict value is refused") {
  for (const auto* text : {"", " ", "{", "{}x", "{\"a\":1,}", "[1,]", "nul", "NaN", "01", "1.", "'a'", "{a:1}",
                           "// c\n1", "\"\x01\"", "\"\\u12\"", "\"\\ud800\"", "\"\xff\"", "1 2", "\xef\xbb\xbf"}) {
    CAPTURE(text);
    CHECK(refusal(text) == Errc::ERR_BAD_JSON);
  }
}

TEST_CASE("json: a NUL or a byte order mark is no white space, and nothing hides behind it") {
  using namespace std::string_view_literals;
  for (const auto text : {"{}\0"sv, "{}\0garbage"sv, "\0{}"sv, "[1,\0]"sv, "\"\0\""sv, "\xef\xbb\xbf{}"sv}) {
    CHECK(refusal(text) == Errc::ERR_BAD_JSON);
  }
  CHECK(Json::parse(as_bytes("\"\\u0000\"")).ok());
}

TEST_CASE("json: a repeated key is refused at any depth") {
  CHECK(refusal(R"({"a":1,"a":2})") == Errc::ERR_BAD_JSON);
  CHECK(refusal(R"({"a":{"b":1,"c":2,"b":3}})") == Errc::ERR_BAD_JSON);
  CHECK(refusal("{\"a\":1,\"\\u0061\":2}") == Errc::ERR_BAD_JSON);
  CHECK(Json::parse(as_bytes(R"({"a":{"b":1},"b":2})")).ok());
}

TEST_CASE("json: depth, values and bytes are bounded, exactly") {
  CHECK(Json::parse(as_bytes(nested(kJsonMaxDepth))).ok());
  CHECK(refusal(nested(kJsonMaxDepth + 1)) == Errc::ERR_BAD_JSON);
  CHECK(Json::parse(as_bytes("[1,2]"), {.max_values = 3}).ok());
  CHECK(refusal("[1,2,3]", {.max_values = 3}) == Errc::ERR_BAD_JSON);
  CHECK(Json::parse(as_bytes("[1]"), {.max_bytes = 3}).ok());
  CHECK(refusal("[10]", {.max_bytes = 3}) == Errc::ERR_TOO_LARGE);
}

TEST_CASE("json: a wrong type or range is an error, never a trap or another number") {
  const Json json = *Json::parse(
      as_bytes(R"({"text":"x","big":18446744073709551615,"minus":-1,"real":1.5,"no":null,"yes":true,"list":[1]})"));
  const JsonRef root = json.root();
  CHECK(root.field("absent").error() == Errc::ERR_BAD_JSON);
  CHECK(root.field("text")->integer(0, 9).error() == Errc::ERR_BAD_JSON);
  CHECK(root.field("big")->integer(0, INT64_MAX).error() == Errc::ERR_BAD_JSON);
  CHECK(root.field("minus")->integer(0, 9).error() == Errc::ERR_BAD_JSON);
  CHECK(*root.field("minus")->integer(-1, 9) == -1);
  CHECK(root.field("real")->integer(0, 9).error() == Errc::ERR_BAD_JSON);
  CHECK(*root.field("real")->number() == 1.5);
  CHECK(root.field("yes")->text().error() == Errc::ERR_BAD_JSON);
  CHECK(*root.field("yes")->boolean());
  CHECK(root.field("list")->find("a") == std::nullopt);
  CHECK(root.each([](JsonRef) -> Result<void> { return {}; }).error() == Errc::ERR_BAD_JSON);
  CHECK(root.field("text")->text(0).error() == Errc::ERR_BAD_JSON);
  CHECK(root.only({"text", "big"}).error() == Errc::ERR_BAD_JSON);
}

TEST_CASE("json: elements and members by their place, and none before the first or after the last") {
  const auto json = Json::parse(as_bytes(std::string_view(R"({"b":[1,2],"a":{}})")));
  const JsonRef root = json->root();
  CHECK(root.member(0)->first == "a");
  CHECK(root.member(1)->first == "b");
  CHECK(root.member(2).error() == Errc::ERR_BAD_JSON);
  const JsonRef list = root.member(1)->second;
  CHECK(list.at(0)->integer(0, 9).value() == 1);
  CHECK(list.at(1)->integer(0, 9).value() == 2);
  CHECK(list.at(2).error() == Errc::ERR_BAD_JSON);
  CHECK_FALSE(list.member(0).ok());
  CHECK_FALSE(root.at(0).ok());
  CHECK_FALSE(root.member(0)->second.member(0).ok());
}

TEST_CASE("json: dump and parse are each other's inverse") {
  const std::string text = R"({"a":[1,-2,3.25,true,null,"é\n🔑"],"b":{"c":""}})";
  const Json json = *Json::parse(as_bytes(text));
  CHECK(json.root().dump() == text);
}

TEST_CASE("json: what is written is in the order it was set, and malformed UTF-8 does not get out") {
  JsonOut out = JsonOut::object();
  out.set("z", "1").set("a", 2).set("text", "\xff").set("quote\"\\", "line\nfeed\x7f");
  out.set("half", 0.5).set("least", std::numeric_limits<std::int64_t>::min()).set("yes", true).set_null("none");
  out.set("list", JsonOut::array().push("one").push(2).push(JsonOut::object()));
  CHECK(out.dump() ==
        "{\"z\":\"1\",\"a\":2,\"text\":\"\xef\xbf\xbd\",\"quote\\\"\\\\\":\"line\\nfeed\x7f\","
        "\"half\":0.5,\"least\":-9223372036854775808,\"yes\":true,\"none\":null,\"list\":[\"one\",2,{}]}");
  CHECK(Json::parse(as_bytes(out.dump())).ok());
}
