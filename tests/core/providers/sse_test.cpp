#include "providers/sse.h"

#include "providers/feeding.h"

using namespace keyhold;
using namespace keyhold::test;

namespace {

struct Event {
  std::string name;
  std::string data;
  std::string id;
  friend bool operator==(const Event&, const Event&) = default;
};

std::ostream& operator<<(std::ostream& out, const Event& event) {
  return out << "{" << event.name << " | " << event.data << " | " << event.id << "}";
}

using Events = std::vector<Event>;

Events decode(const std::vector<std::string_view>& pieces, SseDecoder& decoder) {
  Events events;
  for (const std::string_view piece : pieces) {
    // In memory of its own, so that a view kept too long is noticed.
    const std::string copy(piece);
    const auto fed = decoder.feed(as_bytes(copy), [&](const SseEvent& event) -> Result<void> {
      events.push_back({std::string(event.name), std::string(event.data), std::string(event.id)});
      return {};
    });
    REQUIRE(fed.ok());
  }
  return events;
}

void check_all_cuts(std::string_view stream, const Events& expected) {
  for (const auto& pieces : cuts(stream)) {
    SseDecoder decoder;
    CHECK(decode(pieces, decoder) == expected);
  }
}

Event message(std::string data) { return {"message", std::move(data), ""}; }

Errc refusal(SseDecoder& decoder, std::string_view bytes) {
  const auto fed = decoder.feed(as_bytes(bytes), [](const SseEvent&) -> Result<void> { return {}; });
  REQUIRE_FALSE(fed.ok());
  return fed.error();
}

bool accepts(SseDecoder& decoder, std::string_view bytes) {
  return decoder.feed(as_bytes(bytes), [](const SseEvent&) -> Result<void> { return {}; }).ok();
}

}  // namespace

TEST_CASE("sse: lines end in LF, CR or CRLF, also mixed and cut in half") {
  check_all_cuts("data: a\n\ndata: b\r\rdata: c\r\n\r\n", {message("a"), message("b"), message("c")});
  check_all_cuts("data: a\r\n\ndata: b\n\r\ndata: c\r\n\rdata: d\n\r",
                 {message("a"), message("b"), message("c"), message("d")});
  check_all_cuts("\n\n\r\r\r\n\r\ndata: a\n\n\n\n", {message("a")});
}

TEST_CASE("sse: the standard's own examples") {
  check_all_cuts("data: YHOO\ndata: +2\ndata: 10\n\n", {message("YHOO\n+2\n10")});
  check_all_cuts(": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
                 {{"message", "first event", "1"}, {"message", "second event", ""}, {"message", " third event", ""}});
  check_all_cuts("data\n\ndata\ndata\n\ndata:", {message(""), message("\n")});
  check_all_cuts("data:test\n\ndata: test\n\n", {message("test"), message("test")});
}

TEST_CASE("sse: one byte order mark at the beginning is taken off, and no other") {
  check_all_cuts(
      "\xef\xbb\xbf"
      "data: a\n\n",
      {message("a")});
  check_all_cuts(
      "\xef\xbb\xbf\xef\xbb\xbf"
      "data: a\n\n",
      {});
  check_all_cuts(
      "data: a\n\n\xef\xbb\xbf"
      "data: b\n\n",
      {message("a")});
  check_all_cuts(
      "\xef\xbb"
      "data: a\n\ndata: b\n\n",
      {message("b")});
  check_all_cuts(
      "\xef"
      "data: a\n\ndata: b\n\n",
      {message("b")});
}

TEST_CASE("sse: names, ids and comments as the algorithm has them") {
  check_all_cuts("event: x\ndata: a\n\ndata: b\n\n", {{"x", "a", ""}, message("b")});
  check_all_cuts("event: x\n\ndata: b\n\n", {message("b")});  // a name without data is dropped
  check_all_cuts("event: x\nevent: y\nevent\ndata: a\n\n", {message("a")});
  check_all_cuts("id: 7\ndata: a\n\ndata: b\n\n", {{"message", "a", "7"}, {"message", "b", "7"}});
  check_all_cuts(std::string_view("id: 7\ndata: a\n\nid: 8\0\ndata: b\n\n", 31),
                 {{"message", "a", "7"}, {"message", "b", "7"}});
  check_all_cuts(":\n: c\n:data: x\ndata: a\n: c\ndata: b\n\n", {message("a\nb")});
  check_all_cuts("Data: x\n data: y\ndata : z\nunknown: u\nunknown\ndata: a\n\n", {message("a")});
  check_all_cuts("data: a: b:c\n\n", {message("a: b:c")});
  check_all_cuts("data: \xff\xfe\xc3\n\n", {message("\xff\xfe\xc3")});
  check_all_cuts(std::string_view("data: a\0b\n\n", 11), {message(std::string("a\0b", 3))});
}

TEST_CASE("sse: what is not ended by an empty line is dropped") {
  check_all_cuts("data: a\n\ndata: b\n", {message("a")});
  check_all_cuts("data: a\n\ndata: b", {message("a")});
  check_all_cuts("data: a\n\ndata: b\r", {message("a")});
}

TEST_CASE("sse: retry is a number of milliseconds, or nothing") {
  const auto retry = [](std::string_view line) {
    SseDecoder decoder;
    decode({std::string(line) + "\n"}, decoder);
    return decoder.retry_ms();
  };
  CHECK(retry("retry: 1500") == 1500);
  CHECK(retry("retry:0") == 0);
  for (const char* line : {"retry: 1.5", "retry: -1", "retry:", "retry", "retry: 1s", "retry: 9999999999999999"}) {
    CAPTURE(line);
    CHECK(retry(line) == std::nullopt);
  }
}

TEST_CASE("sse: streams made at random come out as they went in, however they are cut") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    TestRng rng(seed);
    const auto text = [&](std::size_t most) {
      static constexpr std::string_view kAlphabet = "ab:  {}\"\\\xc3\xa9\xf0";
      std::string out;
      for (std::size_t n = rng.below(most + 1); n > 0; --n) out += kAlphabet[rng.below(kAlphabet.size())];
      return out;
    };
    const auto end = [&] { return std::string(rng.below(3) == 0 ? "\r" : rng.below(2) == 0 ? "\n" : "\r\n"); };
    const std::string same_end = end();
    std::string stream = rng.below(4) == 0 ? "\xef\xbb\xbf" : "";
    Events expected;
    std::string id;
    for (std::size_t n = 1 + rng.below(12); n > 0; --n) {
      Event event{"message", "", ""};
      const bool named = rng.below(2) == 0;
      if (named) {
        event.name = "n" + text(4);
        stream += "event: " + event.name + same_end;
      }
      if (rng.below(3) == 0) {
        id = "i" + text(3);
        stream.append("id: ").append(id).append(same_end);
      }
      event.id = id;
      const std::size_t lines = 1 + rng.below(3);
      for (std::size_t line = 0; line < lines; ++line) {
        if (rng.below(4) == 0) stream += ":" + text(10) + same_end;
        const std::string value = text(rng.below(20) == 0 ? 3000 : 20);
        stream.append("data: ").append(value).append(same_end);
        event.data += (line > 0 ? "\n" : "") + value;
      }
      stream += same_end;
      expected.push_back(event);
    }
    CAPTURE(seed);
    for (const auto& pieces : cuts(stream, 10)) {
      SseDecoder decoder;
      CHECK(decode(pieces, decoder) == expected);
    }
  }
}

TEST_CASE("sse: a line is bounded, exactly, whole or in pieces") {
  for (const std::size_t over : {0, 1}) {
    const std::string line = "data:" + std::string(SseDecoder::kMaxLine - 5 + over, 'x');
    for (const std::size_t piece : {line.size(), std::size_t{65536}, std::size_t{1000003}}) {
      SseDecoder decoder;
      bool ok = true;
      for (std::size_t at = 0; ok && at < line.size(); at += piece) ok = accepts(decoder, line.substr(at, piece));
      CHECK(ok == (over == 0));
    }
    SseDecoder at_once;
    CHECK(accepts(at_once, line + "\n\n") == (over == 0));
  }
  SseDecoder comment;
  CHECK(refusal(comment, std::string(10 << 20, ':')) == Errc::ERR_LINE_TOO_LONG);
}

TEST_CASE("sse: an event of many lines is bounded, exactly") {
  const std::string line = "data:" + std::string((1 << 20) - 1, 'x') + "\n";  // with the line feed that joins: 1 MiB
  SseDecoder decoder;
  for (std::size_t size = 0; size + (1 << 20) <= SseDecoder::kMaxEvent; size += 1 << 20) CHECK(accepts(decoder, line));
  CHECK(accepts(decoder, "data:\n"));
  CHECK(refusal(decoder, "data:\n") == Errc::ERR_LINE_TOO_LONG);
}

TEST_CASE("sse: an error of the callback ends the feeding") {
  SseDecoder decoder;
  int calls = 0;
  const auto fed = decoder.feed(as_bytes("data: a\n\ndata: b\n\n"), [&](const SseEvent&) -> Result<void> {
    ++calls;
    return Errc::ERR_BAD_STREAM;
  });
  CHECK(fed.error() == Errc::ERR_BAD_STREAM);
  CHECK(calls == 1);
}
