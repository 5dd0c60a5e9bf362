#include "providers/endpoint.h"

#include "providers/feeding.h"

using namespace keyhold;
using namespace keyhold::test;

TEST_CASE("endpoint: two spellings of one address become one text") {
  struct Spelling {
    const char* url;
    const char* text;
  };
  for (const auto& [url, text] : {
           Spelling{"https://api.example.com/v1/", "https://api.example.com/v1/"},
           Spelling{"https://api.example.com/v1", "https://api.example.com/v1/"},
           Spelling{"https://api.example.com", "https://api.example.com/"},
           Spelling{"HTTPS://API.Example.COM:443/v1", "https://api.example.com/v1/"},
           Spelling{"https://api.example.com:8443/V1/", "https://api.example.com:8443/V1/"},
           Spelling{"https://api.example.com:0443/", "https://api.example.com/"},
           Spelling{"http://localhost:80", "http://localhost/"},
           Spelling{"http://LOCALHOST:11434/v1", "http://localhost:11434/v1/"},
           Spelling{"http://[::1]:8080/v1/", "http://[::1]:8080/v1/"},
           Spelling{"http://127.0.0.1:1234/v1/", "http://127.0.0.1:1234/v1/"},
           Spelling{"http://ollama.localhost/", "http://ollama.localhost/"},
           Spelling{"https://192.168.1.20:8000/v1/", "https://192.168.1.20:8000/v1/"},
           Spelling{"https://my_host/%C3%A9/", "https://my_host/%C3%A9/"},
       }) {
    CAPTURE(url);
    const auto parsed = Endpoint::parse(url);
    REQUIRE(parsed.ok());
    CHECK(parsed->text() == text);
    CHECK(*Endpoint::parse(parsed->text()) == *parsed);
  }
}

TEST_CASE("endpoint: an address that somebody could read differently is refused") {
  for (const std::string url : {
           "",
           "https",
           "https:/a",
           "https://",
           "https:///v1",
           "api.example.com/v1",
           "//api.example.com/v1",
           "ftp://a.example/",
           "file:///etc/passwd",
           "javascript://a.example/%0aalert(1)",
           "wss://a.example/",
           "https://user@a.example/",
           "https://user:pass@a.example/",
           "https://a.example@b.example/",
           "https://a.example/v1?x=1",
           "https://a.example/?",
           "https://a.example/#x",
           "https://a.example#x",
           "https://a.example/a b",
           "https://a.example/\tv1",
           " https://a.example/",
           "https://a.example/ ",
           "https://a.example/v1\n",
           "https://a.exa\xcc\x81mple/",
           "https://a.example/\xc3\xa9",
           "https://a.example\\b/",
           "https://a.example/\\b",
           "https:\\\\a.example/",
           "https://a.example/%2f",
           "https://a.example/%2F/",
           "https://a.example/%2e%2e/",
           "https://a.example/%2E/",
           "https://a.example/%5c",
           "https://a.example/%5C",
           "https://a.example/%252e",
           "https://a.example/%25",
           "https://a.example/%41/",
           "https://a.example/%00",
           "https://a.example/%0d%0a",
           "https://a.example/%7f",
           "https://a.example/%",
           "https://a.example/%4",
           "https://a.example/%zz",
           "https://a.example/..",
           "https://a.example/../v1/",
           "https://a.example/v1/..",
           "https://a.example/./v1",
           "https://a.example/v1/.",
           "https://a.example//v1",
           "https://a.example/v1//",
           "https://a.example:/",
           "https://a.example:0/",
           "https://a.example:65536/",
           "https://a.example:99999/",
           "https://a.example:-1/",
           "https://a.example:+1/",
           "https://a.example:8 0/",
           "https://a.example:80a/",
           "https://a.example:000443/",
           "https://a..example/",
           "https://.example/",
           "https://a.example./",
           "https://a%2eexample/",
           "https://a,b/",
           "https://a.example<x>/",
           "https://a.example/<x>",
           "https://a.example/\"",
           "https://a.example/`",
           "https://a.example/{x}",
           "https://a.example/|",
           "https://1.2.3/",
           "https://127.1/",
           "https://0x7f.1/",
           "https://0177.0.0.1/",
           "https://1.2.3.04/",
           "https://256.1.1.1/",
           "https://1.2.3.4.5/",
           "https://a.0x1/",
           "https://2130706433/",
           "https://[::2]/",
           "https://[::1/",
           "https://::1/",
           "https://[::1]x/",
           "https://[0:0:0:0:0:0:0:1]/",
       }) {
    CAPTURE(url);
    const auto parsed = Endpoint::parse(url);
    REQUIRE_FALSE(parsed.ok());
    CHECK(parsed.error() == Errc::ERR_BAD_INPUT);
  }
}

TEST_CASE("endpoint: http is for this computer only") {
  for (const char* url : {"http://localhost/", "http://a.localhost:1/", "http://127.0.0.1/", "http://[::1]/"}) {
    CHECK(endpoint(url).is_loopback());
  }
  CHECK(endpoint("https://localhost/").is_loopback());
  CHECK_FALSE(endpoint("https://localhost.example/").is_loopback());
  CHECK_FALSE(endpoint("https://notlocalhost/").is_loopback());
  for (const char* url : {"http://a.example/", "http://127.0.0.2/", "http://192.168.0.1/", "http://0.0.0.0/",
                          "http://localhost.example/", "http://notlocalhost/", "http://.localhost/"}) {
    CAPTURE(url);
    CHECK_FALSE(Endpoint::parse(url).ok());
  }
}

TEST_CASE("endpoint: its length is bounded, the final slash included") {
  const std::string start = "https://a.example/";
  const auto of_length = [&](std::size_t length) { return start + std::string(length - start.size(), 'x'); };
  CHECK(Endpoint::parse(of_length(Endpoint::kMaxLength - 1)).ok());
  CHECK_FALSE(Endpoint::parse(of_length(Endpoint::kMaxLength)).ok());
  CHECK(Endpoint::parse(of_length(Endpoint::kMaxLength - 1) + "/").ok());
  CHECK_FALSE(Endpoint::parse(of_length(Endpoint::kMaxLength) + "/").ok());
  CHECK(Endpoint::parse("https://" + std::string(63, 'a') + "/").ok());
  CHECK_FALSE(Endpoint::parse("https://" + std::string(64, 'a') + "/").ok());
}

TEST_CASE("endpoint: bases overlap when one lies within the other, by whole segments") {
  const auto overlap = [](const char* a, const char* b) {
    CHECK(endpoint(a).overlaps(endpoint(b)) == endpoint(b).overlaps(endpoint(a)));
    return endpoint(a).overlaps(endpoint(b));
  };
  CHECK(overlap("https://a.example/v1", "https://a.example/v1/"));
  CHECK(overlap("https://a.example/", "https://a.example/v1/"));
  CHECK_FALSE(overlap("https://a.example/v1/", "https://a.example/v1beta/"));
  CHECK_FALSE(overlap("https://a.example/", "https://a.example.com/"));
  CHECK_FALSE(overlap("https://a.example/", "https://a.example:8443/"));
  CHECK_FALSE(overlap("http://localhost/", "https://localhost/"));
}

TEST_CASE("target: an address is found below a base, or is not below it") {
  const Endpoint base = endpoint("https://api.example.com/v1/");
  const auto rest = [&](std::string_view url) {
    const auto target = TargetUrl::parse(url);
    if (!target) return std::string(name(target.error()));
    const auto found = target->rest_within(base);
    return found ? std::string(*found) : std::string(name(found.error()));
  };
  CHECK(rest("https://api.example.com/v1/chat/completions") == "chat/completions");
  CHECK(rest("HTTPS://API.example.com:443/v1/models?limit=1") == "models");
  CHECK(rest("https://api.example.com/v1/").empty());
  for (const char* url :
       {"https://api.example.com/v1", "https://api.example.com/v1beta/models", "https://api.example.com/V1/models",
        "https://api.example.com:444/v1/models", "https://api.example.com.evil.example/v1/models",
        "http://api.example.com/v1/models", "https://evil.example/v1/models", "https://api.example.com/v1/../admin",
        "https://api.example.com/v1/%2e%2e/admin", "https://api.example.com/v1//models",
        "https://api.example.com@evil.example/v1/models", "https://api.example.com/v1/models#x"}) {
    CAPTURE(url);
    CHECK(rest(url) == "ERR_UNKNOWN_ENDPOINT");
  }
}

TEST_CASE("target: the query is taken apart as it stands, and bounded") {
  const auto target = TargetUrl::parse("https://a.example/m?alt=sse&x&y=%2F..&&z=a=b");
  REQUIRE(target.ok());
  REQUIRE(target->query.size() == 5);
  CHECK(target->query[0].name == "alt");
  CHECK(target->query[0].value == "sse");
  CHECK(target->query[1].name == "x");
  CHECK(target->query[2].value == "%2F..");
  CHECK(target->query[3].name.empty());
  CHECK(target->query[4].value == "a=b");
  CHECK(TargetUrl::parse("https://a.example?x=1")->text() == "https://a.example/?x=1");
  CHECK_FALSE(TargetUrl::parse("https://a.example/?x=\"").ok());
  CHECK_FALSE(TargetUrl::parse("https://a.example/?x=%").ok());

  std::string many = "https://a.example/?a";
  for (std::size_t i = 1; i < TargetUrl::kMaxQueryPairs; ++i) many += "&a";
  CHECK(TargetUrl::parse(many).ok());
  CHECK_FALSE(TargetUrl::parse(many + "&a").ok());
  const std::string start = "https://a.example/";
  CHECK(TargetUrl::parse(start + std::string(TargetUrl::kMaxLength - start.size(), 'x')).ok());
  CHECK_FALSE(TargetUrl::parse(start + std::string(TargetUrl::kMaxLength - start.size() + 1, 'x')).ok());
}
