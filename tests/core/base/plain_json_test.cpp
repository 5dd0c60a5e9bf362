// The short cut through JSON of our own: it reads what JsonOut writes, as Json would, and nothing in any other form.
#include "base/plain_json.h"

#include "base/json.h"
#include "support.h"

using namespace keyhold;

namespace {

struct Pair {
  std::string_view text;
  std::int64_t count;
  bool operator==(const Pair&) const = default;
};

std::optional<Pair> read(std::string_view json) {
  PlainJson in(json);
  const auto text = in.text("a");
  const auto count = in.count("b");
  if (!text || !count || !in.ended()) return std::nullopt;
  return Pair{*text, *count};
}

}  // namespace

TEST_CASE("plain json: reads what JsonOut writes") {
  CHECK(read(JsonOut::object().set("a", "text").set("b", 42).dump()) == Pair{"text", 42});
  CHECK(read(R"({"a":"","b":0})") == Pair{"", 0});
  CHECK(read(R"({"a":" ~[]{},:","b":999999999999999})") == Pair{" ~[]{},:", 999'999'999'999'999});
}

TEST_CASE("plain json: a member that is not next is passed over by asking for the one that is") {
  PlainJson in(R"({"b":1,"c":"x"})");
  CHECK_FALSE(in.text("a"));
  CHECK_FALSE(in.text("b"));
  CHECK(in.count("b") == 1);
  CHECK_FALSE(in.count("c"));
  CHECK_FALSE(in.text("b"));
  CHECK_FALSE(in.ended());
  CHECK(in.text("c") == "x");
  CHECK(in.ended());
}

TEST_CASE("plain json: any other way to write it is left to the parser") {
  for (const std::string_view json : {R"()",
                                      R"({)",
                                      R"({})",
                                      R"({"a":"x","b":1)",
                                      R"({"a":"x","b":1}})",
                                      R"({"a":"x","b":1} )",
                                      R"( {"a":"x","b":1})",
                                      R"({ "a":"x","b":1})",
                                      R"({"a" :"x","b":1})",
                                      R"({"a": "x","b":1})",
                                      R"({"a":"x", "b":1})",
                                      R"({"a":"x","b":1 })",
                                      R"({"b":1,"a":"x"})",
                                      R"({"a":"x","b":1,"b":1})",
                                      R"({"a":"x","b":1,})",
                                      R"({"a":"x""b":1})",
                                      R"({"a":"x","b":})",
                                      R"({"a":"x\n","b":1})",
                                      R"({"a":"x\u0041","b":1})",
                                      "{\"a\":\"\xc3\xa4\",\"b\":1}",
                                      "{\"a\":\"\x7f\",\"b\":1}",
                                      "{\"a\":\"\x1f\",\"b\":1}",
                                      R"({"a":x,"b":1})",
                                      R"({"a":"x)",
                                      R"({"a":"x","b":"1"})",
                                      R"({"a":"x","b":-1})",
                                      R"({"a":"x","b":01})",
                                      R"({"a":"x","b":1.0})",
                                      R"({"a":"x","b":1e3})",
                                      R"({"a":"x","b":1000000000000000})",
                                      R"({"A":"x","b":1})",
                                      R"({"aa":"x","b":1})",
                                      R"([{"a":"x","b":1}])"}) {
    INFO(json);
    CHECK_FALSE(read(json));
  }
}

TEST_CASE("plain json: an object without members is none, nor is what only ends like one") {
  CHECK_FALSE(PlainJson("{}").ended());
  CHECK_FALSE(PlainJson("}").ended());
}
