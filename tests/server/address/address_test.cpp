// address: whom a chain of proxies says a request is from, and who can lie about it.
#include "server/address/address.h"

#include <catch2/catch.hpp>

using namespace keyhold::server;

namespace {

std::vector<Network> networks(std::initializer_list<std::string_view> texts) {
  std::vector<Network> all;
  for (const std::string_view text : texts) all.push_back(Network::parse(text).value());
  return all;
}

std::string from(std::string_view peer, std::initializer_list<std::string_view> forwarded,
                 std::initializer_list<std::string_view> trusted) {
  const std::vector<std::string_view> lines(forwarded);
  return client_address(peer, lines, networks(trusted));
}

std::string as_read(std::string_view text) {
  const auto address = IpAddress::parse(text);
  return address ? address->text() : "none";
}

}  // namespace

TEST_CASE("address: written one way, however it came") {
  CHECK(as_read("192.0.2.1") == "192.0.2.1");
  CHECK(as_read("::ffff:192.0.2.1") == "192.0.2.1");
  CHECK(as_read("::FFFF:c000:0201") == "192.0.2.1");
  CHECK(as_read("2001:DB8:0:0:0:0:0:1") == "2001:db8::1");
  for (const char* wrong : {"", " ", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.4 ", "2001:db8::1::",
                            "fe80::1%eth0", "example.com", "[::1]", "1.2.3.4:80", "0x7f.1", "unknown", "_hidden"}) {
    CAPTURE(wrong);
    CHECK(as_read(wrong) == "none");
  }
  CHECK(as_read(std::string_view("1.2.3.4\0", 8)) == "none");
  CHECK(as_read(std::string(100'000, '1')) == "none");
}

TEST_CASE("address: a network has what begins as it does, and nothing else") {
  const auto has = [](std::string_view network, std::string_view address) {
    return Network::parse(network)->has(*IpAddress::parse(address));
  };
  CHECK(has("10.0.0.0/8", "10.255.0.1"));
  CHECK_FALSE(has("10.0.0.0/8", "11.0.0.1"));
  CHECK(has("192.0.2.128/25", "192.0.2.200"));
  CHECK_FALSE(has("192.0.2.128/25", "192.0.2.127"));
  CHECK(has("192.0.2.1", "192.0.2.1"));
  CHECK_FALSE(has("192.0.2.1", "192.0.2.2"));
  CHECK(has("0.0.0.0/0", "8.8.8.8"));
  CHECK_FALSE(has("0.0.0.0/0", "::1"));
  CHECK(has("::/0", "2001:db8::1"));
  CHECK(has("2001:db8::/33", "2001:db8:7fff::1"));
  CHECK_FALSE(has("2001:db8::/33", "2001:db8:8000::1"));
  CHECK(has("127.0.0.0/8", "::ffff:127.0.0.1"));
  for (const char* wrong : {"", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0.0/8 ", "10.0.0.1/8", "::/129",
                            "::1/64", "::ffff:10.0.0.0/104", "10.0.0.0/8/8", "localhost"}) {
    CAPTURE(wrong);
    CHECK_FALSE(Network::parse(wrong));
  }
}

TEST_CASE("client_address: nobody is believed who is not named, not even this machine") {
  CHECK(from("127.0.0.1", {"203.0.113.9"}, {}) == "127.0.0.1");
  CHECK(from("::1", {"203.0.113.9"}, {"127.0.0.1"}) == "::1");
  CHECK(from("198.51.100.7", {"203.0.113.9"}, {"127.0.0.1"}) == "198.51.100.7");
}

TEST_CASE(
    "client_address: of a trusted proxy it is the last that is no proxy's; what a client wrote before is not read") {
  CHECK(from("127.0.0.1", {"203.0.113.9"}, {"127.0.0.1"}) == "203.0.113.9");
  CHECK(from("::ffff:127.0.0.1", {"::ffff:203.0.113.9"}, {"127.0.0.1"}) == "203.0.113.9");
  CHECK(from("127.0.0.1", {"1.1.1.1, 203.0.113.9"}, {"127.0.0.1"}) == "203.0.113.9");
  CHECK(from("127.0.0.1", {"<script>,203.0.113.9"}, {"127.0.0.1"}) == "203.0.113.9");
  CHECK(from("127.0.0.1", {"1.1.1.1", "203.0.113.9"}, {"127.0.0.1"}) == "203.0.113.9");
  CHECK(from("127.0.0.1", {"203.0.113.9, 10.0.0.2,10.0.0.3"}, {"127.0.0.1", "10.0.0.0/8"}) == "203.0.113.9");
  CHECK(from("127.0.0.1", {"203.0.113.9", "10.0.0.2", "10.0.0.3"}, {"127.0.0.1", "10.0.0.0/8"}) == "203.0.113.9");
  CHECK(from("127.0.0.1", {"2001:db8::9"}, {"127.0.0.1"}) == "2001:db8::9");
  CHECK(from("127.0.0.1", {"203.0.113.9:4711"}, {"127.0.0.1"}) == "203.0.113.9");
  CHECK(from("127.0.0.1", {"[2001:db8::9]:4711"}, {"127.0.0.1"}) == "2001:db8::9");
  CHECK(from("fe80::1%eth0", {"203.0.113.9"}, {"fe80::/10"}) == "203.0.113.9");
  // All of them are proxies: the one that asked first.
  CHECK(from("127.0.0.1", {"10.0.0.2, 10.0.0.3"}, {"127.0.0.1", "10.0.0.0/8"}) == "10.0.0.2");
  CHECK(from("127.0.0.1", {}, {"127.0.0.1"}) == "127.0.0.1");
}

TEST_CASE("client_address: anything that is no address is the proxy's own, and there is an end to looking") {
  for (const char* wrong :
       {"", ",", "203.0.113.9,", "unknown", "203.0.113.9, x", "[2001:db8::9", "203.0.113.9:", "1.1.1.1:999999",
        "203.0.113.9;203.0.113.8", "203.0.113.9\r\nX: y", "=HYPERLINK(1)", "fe80::1%eth0"}) {
    CAPTURE(wrong);
    CHECK(from("127.0.0.1", {wrong}, {"127.0.0.1"}) == "127.0.0.1");
  }
  std::string chain = "203.0.113.9";
  for (std::size_t i = 1; i < kMaxForwarded; ++i) chain += ",10.0.0.1";
  CHECK(from("127.0.0.1", {chain}, {"127.0.0.1", "10.0.0.0/8"}) == "203.0.113.9");
  chain += ",10.0.0.1";
  CHECK(from("127.0.0.1", {chain}, {"127.0.0.1", "10.0.0.0/8"}) == "127.0.0.1");
  CHECK(from("127.0.0.1", {std::string(1'000'000, ',')}, {"127.0.0.1"}) == "127.0.0.1");
  CHECK(from("", {"203.0.113.9"}, {"127.0.0.1"}).empty());
}

TEST_CASE("address: which ones the internet does not reach") {
  for (const char* inside :
       {"127.0.0.1", "10.1.2.3", "172.31.0.1", "192.168.1.1", "100.64.0.1", "::1", "fd00::1", "fe80::1"}) {
    CHECK(IpAddress::parse(inside)->is_private());
  }
  for (const char* open : {"0.0.0.0", "172.32.0.1", "8.8.8.8", "::", "2001:db8::1"}) {
    CHECK_FALSE(IpAddress::parse(open)->is_private());
  }
}
