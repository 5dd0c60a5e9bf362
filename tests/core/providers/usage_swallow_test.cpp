#include "providers/usage_swallow.h"

#include "providers/feeding.h"

using namespace keyhold;
using namespace keyhold::test;

namespace {

std::string swallowed(const std::vector<std::string_view>& pieces) {
  UsageSwallow swallow;
  std::string out;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const std::string copy(pieces[i]);
    const ByteView passed = swallow.feed(as_bytes(copy));
    out += as_text(i + 1 < pieces.size() ? passed : swallow.finish());
  }
  return out;
}

void check_all_cuts(std::string_view stream, std::string_view expected) {
  for (const auto& pieces : cuts(stream)) CHECK(swallowed(pieces) == expected);
}

void check_untouched(std::string_view stream) { check_all_cuts(stream, stream); }

}  // namespace

TEST_CASE("usage swallow: the reader sees what it would have seen without our asking") {
  check_all_cuts(
      "data: {\"id\":\"a\",\"choices\":[{\"delta\":{\"content\":\"Hi\"}}],\"usage\":null}\n\n"
      "data: {\"id\":\"a\",\"usage\":null,\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
      "data: {\"id\":\"a\",\"choices\":[],\"usage\":{\"prompt_tokens\":3}}\n\n"
      "data: [DONE]\n\n",
      "data: {\"id\":\"a\",\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\n"
      "data: {\"id\":\"a\",\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
      "data: [DONE]\n\n");
}

TEST_CASE("usage swallow: white space, all line ends, events of several lines") {
  check_all_cuts("data: { \"usage\" : null , \"a\" : 1 }\r\n\r\ndata:{\"a\":1,\"usage\":null}\r\r",
                 "data: { \"a\" : 1 }\r\n\r\ndata:{\"a\":1}\r\r");
  check_all_cuts("data: {\"usage\":null}\n\n", "data: {}\n\n");
  const std::string report = "data: {\"choices\": [ ], \"usage\": {\"a\":{\"b\":[1]}}}";
  for (const std::string end : {"\n", "\r", "\r\n"}) {
    const std::string before = "data: 1" + end + end;
    const std::string after = ": c" + end + "data: 2" + end + end;
    check_all_cuts(std::string_view(before + report + end + end + after), before + after);
    check_all_cuts(std::string_view(before + report + end + "id: 7" + end + end + after), before + after);
    check_all_cuts(std::string_view(before + report + end + end), before);
    check_all_cuts(std::string_view(before + report + end), before);
  }
  // Cut off: nobody can tell what it was going to be.
  check_untouched("data: 1\n\n" + report);
}

TEST_CASE("usage swallow: only the outermost member counts") {
  check_untouched("data: {\"choices\":[{\"usage\":null}],\"a\":\"\\\"usage\\\":null\",\"b\":{\"usage\":null}}\n\n");
  check_untouched("data: {\"a\":\"usage\",\"choices\":[\"usage\",null]}\n\n");
  check_untouched("data: {\"usage\":0,\"choices\":[]}\n\ndata: {\"usage\":nul,\"choices\":[]}\n\n");
  check_all_cuts("data: {\"a\":\"usage\",\"usage\":null}\n\n", "data: {\"a\":\"usage\"}\n\n");
}

TEST_CASE("usage swallow: a report in a chunk that has choices stays, and so does what is no report") {
  check_untouched("data: {\"choices\":[{\"delta\":{}}],\"usage\":{\"prompt_tokens\":3}}\n\n");
  check_untouched("data: {\"usage\":{\"prompt_tokens\":3}}\n\n");
  check_untouched("data: {\"choices\":[],\"prompt_filter_results\":[]}\n\n");
  check_untouched("event: error\ndata: {\"error\":{\"message\":\"usage\"}}\n\n");
  check_untouched("{\"choices\":[],\"usage\":{\"prompt_tokens\":3}}\n\n");  // no event at all
  check_untouched("data: {\"usage\":\n\ndata: {\"usage\"\n\ndata: {\"usage\":null\n\ndata: {\"usage\":\"\n\n");
  check_untouched("data: \"usage\" ]}}[{ :null,\n\n");
  check_untouched("");
}

TEST_CASE("usage swallow: what is held back is bounded, exactly") {
  const std::string tail = "\n\ndata: {\"a\":1,\"usage\":null}\n\n";
  for (const std::size_t over : {0, 1}) {
    UsageSwallow swallow;
    const std::string line = "data: " + std::string(UsageSwallow::kMaxHeld + over - 6, 'x');
    CHECK(swallow.feed(as_bytes(line)).size() == (over == 0 ? 0 : line.size()));
    std::string out(over == 0 ? "" : line);
    swallow.feed(as_bytes(tail));
    out += as_text(swallow.finish());
    CHECK(out == line + "\n\ndata: {\"a\":1}\n\n");
  }
  // Also inside an event that goes.
  UsageSwallow swallow;
  CHECK(swallow.feed(as_bytes("data: {\"choices\":[],\"usage\":{}}\n")).empty());
  for (int i = 0; i < 3; ++i) CHECK(swallow.feed(as_bytes(std::string(UsageSwallow::kMaxHeld + 1, 'x'))).empty());
  CHECK(as_text(swallow.feed(as_bytes("\n\ndata: 1\n"))) == "data: 1\n");
}
