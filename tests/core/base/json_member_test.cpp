#include "base/json_member.h"

#include "base/json.h"
#include "support.h"

using namespace keyhold;
using namespace keyhold::test;

namespace {

/// What is found, as written; "none", or the error's name.
std::string found(std::string_view document, std::string_view name = "key") {
  const auto member = json_member(document, name);
  if (!member) return std::string(keyhold::name(member.error()));
  return *member ? std::string(**member) : "none";
}

std::string text(std::string_view written) {
  const auto read = json_secret_text(written);
  return read ? text_of(*read) : std::string(keyhold::name(read.error()));
}

std::string nested(std::size_t depth) {
  return R"({"a":)" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + R"(,"key":1})";
}

}  // namespace

TEST_CASE("json_member: the outermost member, wherever it stands and whatever stands around it") {
  CHECK(found(R"({"key":"sk-1"})") == R"("sk-1")");
  CHECK(found(" \t\r\n{ \"key\" : \"sk-1\" }\n") == R"("sk-1")");
  CHECK(found(R"({"a":[1,-0.5e+3,{"key":"inner"}],"key":"outer","z":{"key":2}})") == R"("outer")");
  CHECK(found(R"({"a":"\"key\":\"fake\",","key":true})") == "true");
  CHECK(found(R"({"key":{"deep":[]}})") == R"({"deep":[]})");
  CHECK(found(R"({"Key":1,"key ":2,"ke":3,"keys":4})") == "none");
  CHECK(found("{}") == "none");
  CHECK(found(R"({"":1})", "") == "1");
}

TEST_CASE("json_member: two members of that name are refused, in whatever spelling") {
  CHECK(found(R"({"key":"a","key":"a"})") == "ERR_BAD_JSON");
  CHECK(found(R"({"key":"a","b":1,"key":"b"})") == "ERR_BAD_JSON");
  CHECK(found(R"({"key":"a","k\u0065y":"b"})") == "ERR_BAD_JSON");
  CHECK(found(R"({"k\u0065y":"b"})") == "ERR_BAD_JSON");
  // Others are none of its business: the first read of each finds its own.
  CHECK(found(R"({"b":1,"b":2,"key":"a"})") == R"("a")");
}

TEST_CASE("json_member: what is not one strict object is refused, wherever it goes wrong") {
  using namespace std::string_view_literals;
  const std::string_view wrongs[] = {"",
                                     " ",
                                     "[]",
                                     "\"key\"",
                                     "{",
                                     "}",
                                     R"({"key")",
                                     R"({"key":)",
                                     R"({"key":"a")",
                                     R"({"key":"a)",
                                     R"({"key":"a\)",
                                     R"({"key":"a",})",
                                     R"({,"key":"a"})",
                                     R"({"key" "a"})",
                                     R"({"key"::"a"})",
                                     R"({key:"a"})",
                                     R"({'key':'a'})",
                                     R"({"key":"a"}x)",
                                     R"({"key":"a"}{"key":"b"})",
                                     R"({"key":"a"]})",
                                     R"({"key":["a"})",
                                     R"({"key":01})",
                                     R"({"key":1.})",
                                     R"({"key":.5})",
                                     R"({"key":+1})",
                                     R"({"key":-})",
                                     R"({"key":1e})",
                                     R"({"key":0x1})",
                                     R"({"key":NaN})",
                                     R"({"key":nul})",
                                     R"({"key":True})",
                                     R"({"key":"\x41"})",
                                     R"({"key":"\u12g4"})",
                                     R"({"key":"\u12"})",
                                     "{\"key\":\"a\nb\"}",
                                     "{\"key\":\"a\0b\"}"sv,
                                     "{\"key\":\"a\"}\0"sv,
                                     "\xef\xbb\xbf{\"key\":\"a\"}",
                                     "{\"key\":\"a\"} // c",
                                     "{\"key\":/**/\"a\"}"};
  for (const std::string_view wrong : wrongs) {
    CAPTURE(wrong);
    CHECK(found(wrong) == "ERR_BAD_JSON");
    // Also where it concerns another member.
    CHECK(found(wrong, "other") == "ERR_BAD_JSON");
  }
}

TEST_CASE("json_member: as deep as the reader goes, and no deeper") {
  CHECK(found(nested(kJsonMaxDepth - 1)) == "1");
  CHECK(found(nested(kJsonMaxDepth)) == "1");
  CHECK(found(nested(kJsonMaxDepth + 1)) == "ERR_BAD_JSON");
  CHECK(Json::parse(as_bytes(nested(kJsonMaxDepth))).ok());
  CHECK_FALSE(Json::parse(as_bytes(nested(kJsonMaxDepth + 1))).ok());
  CHECK(found(R"({"a":)" + std::string(100'000, '[')) == "ERR_BAD_JSON");
}

TEST_CASE("json_secret_text: escapes are read, and what could not be in a key is refused") {
  CHECK(text(R"("sk-or-v1-abc")") == "sk-or-v1-abc");
  CHECK(text(R"("")").empty());
  CHECK(text(R"("a\/b\\c\"d\u002De\u007e")") == "a/b\\c\"d-e~");
  CHECK(text(R"("\b\f\n\r\t")") == "\b\f\n\r\t");
  CHECK(text(R"("k\u00e9y")") == "ERR_BAD_JSON");
  CHECK(text(R"("\ud83d\ude00")") == "ERR_BAD_JSON");
  CHECK(text("\"k\xc3\xa9y\"") == "k\xc3\xa9y");
  for (const auto* wrong : {"", "1", "null", "\"", "\"a", "a\"", "\"a\"b", "[\"a\"]", "\"\\\"", R"("\u00")"}) {
    CAPTURE(wrong);
    CHECK(text(wrong) == "ERR_BAD_JSON");
  }
}

TEST_CASE("json_member: agrees with the strict reader on documents cut, doubled and altered at random") {
  const std::string seeds[] = {
      R"({"key":"sk-or-v1-0123","user_id":"u","n":[1,2.5e3,-0],"o":{"a":null,"b":[true,false]}})",
      R"( {"a" : "\"\\\/\u0041" , "key":"\u006b\/y" , "b":{} } )",
      R"({"access_token":"t","token_type":"bearer","expires_in":28800,"key":[{"key":"x"}]})"};
  constexpr std::string_view kLetters = "{}[]\":,\\u0123456789abcdefkey .-+eE\ntrulfasn/";
  TestRng rng(7);
  int accepted = 0;
  for (int round = 0; round < 60'000; ++round) {
    std::string document = seeds[rng.below(3)];
    for (std::size_t changes = rng.below(4); changes > 0; --changes) {
      const std::size_t at = rng.below(document.size());
      switch (rng.below(4)) {
        case 0: document[at] = kLetters[rng.below(kLetters.size())]; break;
        case 1: document.insert(at, 1, kLetters[rng.below(kLetters.size())]); break;
        case 2: document.erase(at, 1 + rng.below(3)); break;
        default: document.insert(at, document.substr(at, rng.below(20)));
      }
      if (document.empty()) document = " ";
    }
    CAPTURE(document);
    const auto whole = Json::parse(as_bytes(document));
    const auto member = json_member(document, "key");
    if (!whole || !whole->root().is_object()) continue;
    bool plain_names = true;
    REQUIRE(whole->root()
                .each_member([&](std::string_view name, JsonRef) -> Result<void> {
                  plain_names = plain_names && document.find("\"" + std::string(name) + "\"") != std::string::npos;
                  return {};
                })
                .ok());
    if (!plain_names && !member) continue;  // written with escapes
    REQUIRE(member.ok());
    ++accepted;
    const auto expected = whole->root().find("key");
    REQUIRE(expected.has_value() == member->has_value());
    if (!expected) continue;
    const auto again = Json::parse(as_bytes(**member));
    REQUIRE(again.ok());
    REQUIRE(again->root().dump() == expected->dump());
    const auto plain = expected->text();
    const auto read = json_secret_text(**member);
    if (plain && read) REQUIRE(text_of(*read) == *plain);
    if (read) REQUIRE(plain.ok());
  }
  CHECK(accepted > 10'000);
}
