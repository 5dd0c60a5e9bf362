#include "providers/reflection.h"

#include "providers/feeding.h"

using namespace keyhold;
using namespace keyhold::test;

namespace {

constexpr std::string_view kKey = "sk-test-Ab3/x+y\"Zz09~secret?";

std::string base64_of(std::string_view text, std::string_view last_two, bool padded) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      group = group << 8 | (i + j < text.size() ? static_cast<std::uint8_t>(text[i + j]) : 0);
    }
    const std::size_t digits = std::min<std::size_t>(text.size() - i, 3) + 1;
    for (std::size_t j = 0; j < 4; ++j) {
      const std::uint32_t value = group >> (18 - 6 * j) & 63;
      if (j >= digits) {
        if (padded) out += '=';
      } else if (value < 62) {
        out += "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"[value];
      } else {
        out += last_two[value - 62];
      }
    }
  }
  return out;
}

std::string percent(std::string_view text, std::string_view keep, bool upper) {
  std::string out;
  for (const char c : text) {
    if (keep.find(c) != std::string_view::npos) {
      out += c;
    } else {
      const char* digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
      out += '%';
      out += digits[static_cast<std::uint8_t>(c) >> 4];
      out += digits[static_cast<std::uint8_t>(c) & 15];
    }
  }
  return out;
}

std::vector<std::string> encodings(std::string_view key) {
  constexpr std::string_view kUnreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";
  const std::string component = std::string(kUnreserved) + "!*'()";
  std::string json;
  std::string slashes;
  for (const char c : key) {
    if (c == '"' || c == '\\') json += '\\', slashes += '\\';
    if (c == '/') slashes += '\\';
    json += c;
    slashes += c;
  }
  std::vector<std::string> all = {std::string(key), json, slashes};
  for (const bool upper : {true, false}) {
    all.push_back(percent(key, "", upper));
    all.push_back(percent(key, kUnreserved, upper));
    all.push_back(percent(key, component, upper));
  }
  for (const char* before : {"", "u", "me", "abc", "user:", "Bearer "}) {
    for (const char* after : {"", ":", "\nok"}) {
      const std::string whole = before + std::string(key) + after;
      all.push_back(base64_of(whole, "+/", true));
      all.push_back(base64_of(whole, "-_", false));
    }
  }
  return all;
}

/// What comes out before the end or a find; "…" in the place of a find.
std::string passed(const std::vector<std::string_view>& pieces, std::string_view key) {
  ReflectionScanner scanner(secret(key));
  std::string out;
  for (const std::string_view piece : pieces) {
    const std::string copy(piece);
    const auto released = scanner.feed(as_bytes(copy));
    if (!released) {
      CHECK(released.error() == Errc::ERR_KEY_REFLECTED);
      CHECK(scanner.feed(as_bytes("x")).error() == Errc::ERR_KEY_REFLECTED);
      CHECK(scanner.finish().error() == Errc::ERR_KEY_REFLECTED);
      return out + "…";
    }
    out += as_text(*released);
  }
  const auto rest = scanner.finish();
  REQUIRE(rest.ok());
  return out + std::string(as_text(*rest));
}

}  // namespace

TEST_CASE("reflection: the key is found in each encoding, wherever it is cut") {
  for (const std::string& encoded : encodings(kKey)) {
    CAPTURE(encoded);
    const std::string answer = "{\"you sent\": \"" + encoded + "\", \"and\": 1}";
    for (const auto& pieces : cuts(answer, 20)) {
      const std::string out = passed(pieces, kKey);
      CHECK(out.find("…") != std::string::npos);
      // Nothing of what makes up the find has left: at most what stood before it (and its base64 neighbours).
      CHECK(out.size() <= std::string("{\"you sent\": \"").size() + 12 + std::string("…").size());
    }
    ReflectionScanner scanner(secret(kKey));
    CHECK(scanner.occurs_in(as_bytes(answer)));
    CHECK(scanner.occurs_in(as_bytes(encoded)));
  }
}

TEST_CASE("reflection: what is only like the key passes unchanged") {
  const std::string key(kKey);
  for (const std::string& encoded : encodings(kKey)) {
    // One byte short at the end, at the beginning, one byte different, and begun twice.
    for (const std::string& like :
         {encoded.substr(0, 10), key.substr(1), key.substr(0, key.size() - 1),
          key.substr(0, 10) + key.substr(0, key.size() - 1), "sk-test-Ab3/x+y\"Zz09~sEcret?" + key.substr(0, 5)}) {
      std::string answer = like;
      answer.append(" and ").append(like).append(like, 0, 3);
      for (const auto& pieces : cuts(answer, 4)) CHECK(passed(pieces, kKey) == answer);
    }
  }
  const std::string reversed = std::string(key.rbegin(), key.rend()) + std::string(key.rbegin(), key.rend());
  for (const auto& pieces : cuts(reversed)) CHECK(passed(pieces, kKey) == reversed);
}

TEST_CASE("reflection: only a tail that could be the beginning of the key is held back") {
  ReflectionScanner scanner(secret("sk-abcdefgh"));
  CHECK(as_text(*scanner.feed(as_bytes("hello\n\n"))) == "hello\n\n");
  CHECK(as_text(*scanner.feed(as_bytes("tail sk-abc"))) == "tail ");
  CHECK(as_text(*scanner.feed(as_bytes("sk-"))) == "sk-abc");
  CHECK(as_text(*scanner.feed(as_bytes("ab"))).empty());
  CHECK(as_text(*scanner.feed({})).empty());
  CHECK(as_text(*scanner.feed(as_bytes("!"))) == "sk-ab!");
  CHECK(as_text(*scanner.feed(as_bytes("s"))).empty());
  CHECK(as_text(*scanner.finish()) == "s");
}

TEST_CASE("reflection: random streams pass unchanged, and a key put into them never does") {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    TestRng rng(seed);
    // A small alphabet makes beginnings of the key frequent.
    const auto text = [&](std::size_t size) {
      std::string out;
      while (out.size() < size) out += "ab%4-"[rng.below(5)];
      return out;
    };
    const std::string key = text(8 + rng.below(20));
    const std::string noise = text(2000);
    const bool by_chance = ReflectionScanner(secret(key)).occurs_in(as_bytes(noise));
    if (!by_chance) {
      for (const auto& pieces : cuts(noise, 5)) CHECK(passed(pieces, key) == noise);
    }
    std::string with = noise;
    with.insert(rng.below(with.size()), key);
    for (const auto& pieces : cuts(with, 5)) {
      const std::string out = passed(pieces, key);
      CHECK(out.find("…") != std::string::npos);
      CHECK(out.find(key) == std::string::npos);
    }
  }
}

TEST_CASE("reflection: keys of the shortest and the longest length are watched for") {
  for (const std::size_t size : {8, 9, 10, 255, 256, 257, 258, 2047, 2048}) {
    TestRng rng(size);
    std::string key;
    while (key.size() < size) key += static_cast<char>('!' + rng.below(94));
    CAPTURE(size);
    for (const std::string& encoded : encodings(key)) {
      const std::string answer = std::string(1000, 'x') + encoded + "yy";
      for (const auto& pieces : cuts(answer, 2)) CHECK(passed(pieces, key).find("…") != std::string::npos);
    }
  }
}

TEST_CASE("reflection: a call without a key lets everything pass") {
  for (const auto& pieces : cuts("anything at all", 3)) CHECK(passed(pieces, "") == "anything at all");
}
