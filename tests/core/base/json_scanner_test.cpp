#include "base/json_scanner.h"

#include <functional>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "support.h"

using namespace keyhold;

namespace {

using Reference = nlohmann::json;

bool accepts(std::string_view text) { return Json::parse(as_bytes(text)).ok(); }

// The reader's second opinion. It takes a NUL for the end and skips a byte order mark, which are no JSON, and keeps the
// last of two members with one name.
void compare_with_reference(const std::string& text) {
  CAPTURE(text);
  const auto ours = Json::parse(as_bytes(text));
  const auto theirs = Reference::parse(text, nullptr, false);
  if (text.find('\0') != std::string::npos || text.find("\xef\xbb\xbf") == 0) {
    REQUIRE_FALSE(ours.ok());
  } else if (ours.ok()) {
    REQUIRE_FALSE(theirs.is_discarded());
    REQUIRE(ours->root().dump() == theirs.dump());
  } else if (!theirs.is_discarded()) {
    std::size_t names = 0;
    const auto count = [&names](const auto&, auto event, const auto&) {
      names += event == Reference::parse_event_t::key ? 1 : 0;
      return true;
    };
    std::size_t kept = 0;
    const std::function<void(const Reference&)> walk = [&](const Reference& node) {
      kept += node.is_object() ? node.size() : 0;
      for (const auto& child : node) {
        if (child.is_structured()) walk(child);
      }
    };
    walk(Reference::parse(text, count));
    REQUIRE(kept < names);  // refused for a repeated name, and for nothing else
  }
}

}  // namespace

TEST_CASE("json scanner: well-formed UTF-8 and nothing else") {
  const auto quoted = [](std::string_view bytes) { return accepts('"' + std::string(bytes) + '"'); };
  // First and last of each length; the neighbours of the surrogates.
  for (const auto* text : {"\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf",
                           "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "\x7f"}) {
    CHECK(quoted(text));
  }
  // Second spellings, surrogates, past the end, alone, cut short, interrupted.
  for (const auto* text : {"\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
                           "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\x80", "\xbf", "\xc2", "\xe2\x82", "\xf0\x9f\x94",
                           "\xe2\x28\xa1", "\xe2\x82\x28", "\xf0\x9f\x94\x28"}) {
    CHECK_FALSE(quoted(text));
  }
}

TEST_CASE("json scanner: escapes") {
  const Json json = *Json::parse(as_bytes(R"(["\"\\\/\b\f\n\r\t","\u0041\u00e9\u20AC\ud83d\udd11","\u0000"])"));
  std::vector<std::string> texts;
  REQUIRE(json.root()
              .each([&](JsonRef text) -> Result<void> {
                texts.emplace_back(*text.text());
                return {};
              })
              .ok());
  using namespace std::string_literals;
  CHECK(texts == std::vector{"\"\\/\b\f\n\r\t"s, "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x94\x91"s, "\0"s});
  for (const auto* text : {R"("\ud83d")", R"("\udd11")", R"("\ud83dx")", R"("\ud83d\n")", R"("\ud83d\ud83d")",
                           R"("\x")", R"("\u12g4")", R"("\u123)", R"("\)", R"("\U0041")"}) {
    CAPTURE(text);
    CHECK_FALSE(accepts(text));
  }
}

TEST_CASE("json scanner: numbers keep their kind, and those no double holds are refused") {
  const auto number = [](std::string_view text) { return *Json::parse(as_bytes(text))->root().number(); };
  const auto whole = [](std::string_view text) {
    return *Json::parse(as_bytes(text))->root().integer(INT64_MIN, INT64_MAX);
  };
  CHECK(whole("9223372036854775807") == INT64_MAX);
  CHECK(whole("-9223372036854775808") == INT64_MIN);
  CHECK(whole("-0") == 0);
  CHECK(number("18446744073709551615") == 18446744073709551615.0);
  CHECK(number("18446744073709551616") == 18446744073709551616.0);
  CHECK(number("-9223372036854775809") == -9223372036854775809.0);
  CHECK(number("-1.5E-3") == -0.0015);
  CHECK(number("1e+2") == 100);
  CHECK(number("1e-999") == 0);
  for (const auto* text :
       {"-", "+1", ".5", "1.e1", "1e", "1e+", "00", "-01", "0x1", "1e999", "-1e999", "Infinity", "1_0"}) {
    CAPTURE(text);
    CHECK_FALSE(accepts(text));
  }
}

TEST_CASE("json scanner: a NUL or a byte order mark is no white space") {
  using namespace std::string_view_literals;
  for (const auto text :
       {"{}\0"sv, "{}\0garbage"sv, "\0{}"sv, "[1,\0]"sv, "\"\0\""sv, "\xef\xbb\xbf{}"sv, "{}\xc2\xa0"sv}) {
    CHECK_FALSE(accepts(text));
  }
}

TEST_CASE("json scanner: accepts and reads what nlohmann/json does, over random texts") {
  constexpr std::string_view kPieces[] = {"{",
                                          "}",
                                          "[",
                                          "]",
                                          ",",
                                          ":",
                                          "\"",
                                          "\"a\"",
                                          "\"b\"",
                                          "\\",
                                          "\\u",
                                          "00",
                                          "d83d",
                                          "\\udd11",
                                          "\xc3\xa9",
                                          "\xf0\x9f\x94\x91",
                                          "\xff",
                                          "1",
                                          "-",
                                          ".5",
                                          "e",
                                          "0",
                                          "true",
                                          "null",
                                          "false",
                                          " ",
                                          "\n",
                                          "\x01",
                                          "99999999999999999999",
                                          "{\"a\":1}",
                                          "[1,2]",
                                          "\"a\":"};
  test::TestRng rng(7);
  for (int run = 0; run < 20'000; ++run) {
    // Half are valid at first, with one byte changed; half are thrown together.
    std::string text = R"({"a":[1,-2.5e3,"\u00e9\ud83d\udd11x",true],"b":{"c":null,"d":""},"e":18446744073709551616})";
    if (run % 2 == 0) {
      constexpr std::string_view kMarks = "019eE+-.,:[]{}\"\\ abtnu";
      const std::uint64_t any = rng.next();
      text[rng.next() % text.size()] = run % 4 == 0 ? static_cast<char>(any) : kMarks[any % kMarks.size()];
    } else {
      text.clear();
      for (std::uint64_t left = rng.next() % 12; left > 0; --left) text += kPieces[rng.next() % std::size(kPieces)];
    }
    compare_with_reference(text);
  }
}
