#include "server/address/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace keyhold::server {

namespace {

constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr std::string_view kPrivate[] = {"127.0.0.0/8",   "10.0.0.0/8",     "172.16.0.0/12", "192.168.0.0/16",
                                         "100.64.0.0/10", "169.254.0.0/16", "::1",           "fc00::/7",
                                         "fe80::/10"};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// As proxies write it: an address, some with a port: "192.0.2.1:4711", "[2001:db8::1]:4711".
std::optional<IpAddress> parse_entry(std::string_view entry) {
  entry = trimmed(entry);
  if (entry.starts_with('[')) {
    const std::size_t end = entry.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view rest = entry.substr(end + 1);
    if (!rest.empty() && !(rest.front() == ':' && is_port(rest.substr(1)))) return std::nullopt;
    return IpAddress::parse(entry.substr(1, end - 1));
  }
  const std::size_t colon = entry.find(':');
  if (colon != std::string_view::npos && entry.find(':', colon + 1) == std::string_view::npos) {
    if (!is_port(entry.substr(colon + 1))) return std::nullopt;
    entry = entry.substr(0, colon);
  }
  return IpAddress::parse(entry);
}

bool is_in(const IpAddress& address, const std::vector<Network>& networks) {
  return std::any_of(networks.begin(), networks.end(), [&](const Network& one) { return one.has(address); });
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (text.size() > INET6_ADDRSTRLEN || text.find('\0') != std::string_view::npos) return std::nullopt;
  const std::string terminated(text);
  IpAddress address;
  if (inet_pton(AF_INET, terminated.c_str(), address.bytes_.data()) == 1) {
    address.v4_ = true;
    return address;
  }
  if (inet_pton(AF_INET6, terminated.c_str(), address.bytes_.data()) != 1) return std::nullopt;
  if (std::equal(kMapped.begin(), kMapped.end(), address.bytes_.begin())) {
    IpAddress inner;
    inner.v4_ = true;
    std::copy_n(address.bytes_.begin() + kMapped.size(), 4, inner.bytes_.begin());
    return inner;
  }
  return address;
}

std::string IpAddress::text() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(v4_ ? AF_INET : AF_INET6, bytes_.data(), text.data(), text.size());
  return text.data();
}

bool IpAddress::is_private() const {
  return std::any_of(std::begin(kPrivate), std::end(kPrivate),
                     [&](std::string_view one) { return Network::parse(one)->has(*this); });
}

std::optional<Network> Network::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  Network network;
  network.first_ = *address;
  const int all = address->is_v4() ? 32 : 128;
  network.bits_ = all;
  if (slash == std::string_view::npos) return network;
  const std::string_view bits = text.substr(slash + 1);
  const auto [end, problem] = std::from_chars(bits.data(), bits.data() + bits.size(), network.bits_);
  if (problem != std::errc() || end != bits.data() + bits.size() || network.bits_ < 0 || network.bits_ > all) {
    return std::nullopt;
  }
  // "::ffff:10.0.0.0/104" is meant of IPv6's bits; nobody needs it.
  if (address->is_v4() && text.find(':') != std::string_view::npos) return std::nullopt;
  for (int bit = network.bits_; bit < all; ++bit) {
    if ((address->bytes_[static_cast<std::size_t>(bit / 8)] >> (7 - bit % 8) & 1) != 0) return std::nullopt;
  }
  return network;
}

bool Network::has(const IpAddress& address) const noexcept {
  if (address.is_v4() != first_.is_v4()) return false;
  const auto whole = static_cast<std::size_t>(bits_ / 8);
  if (!std::equal(first_.bytes_.begin(), first_.bytes_.begin() + whole, address.bytes_.begin())) return false;
  const int rest = bits_ % 8;
  return rest == 0 || (first_.bytes_[whole] ^ address.bytes_[whole]) >> (8 - rest) == 0;
}

std::string client_address(std::string_view peer, std::span<const std::string_view> forwarded,
                           const std::vector<Network>& trusted) {
  const auto own = IpAddress::parse(peer.substr(0, peer.find('%')));
  if (!own) return {};
  const std::string peers = own->text();
  if (!is_in(*own, trusted)) return peers;
  std::string found = peers;
  std::size_t seen = 0;
  for (auto line = forwarded.rbegin(); line != forwarded.rend(); ++line) {
    for (std::string_view rest = *line;;) {
      if (++seen > kMaxForwarded) return peers;
      const std::size_t comma = rest.rfind(',');
      const auto entry = parse_entry(comma == std::string_view::npos ? rest : rest.substr(comma + 1));
      if (!entry) return peers;
      found = entry->text();
      if (!is_in(*entry, trusted)) return found;
      if (comma == std::string_view::npos) break;
      rest = rest.substr(0, comma);
    }
  }
  return found;
}

}  // namespace keyhold::server
