// address: from where does a client come, when there may be proxies in front of the server? Pure: texts in, an address out.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace keyhold::server {

/// IPv4 or IPv6. An IPv4 address that was mapped into IPv6 (::ffff:192.0.2.1) is that IPv4 address.
class IpAddress {
 public:
  /// As it is written, without a port or a zone. Nothing for any other text.
  static std::optional<IpAddress> parse(std::string_view text);
  /// As it is usually written: IPv6 in lower case, its longest run of zeros left out.
  std::string text() const;
  bool is_v4() const noexcept { return v4_; }
  /// This machine, or a network that the internet does not reach (RFC 1918, link-local, unique local, shared).
  bool is_private() const;
  bool operator==(const IpAddress&) const = default;

 private:
  friend class Network;
  std::array<std::uint8_t, 16> bytes_{};  // of IPv4 the first four
  bool v4_ = false;
};

/// All addresses that begin with the same bits.
class Network {
 public:
  /// An address, or one with the number of its bits that count: "10.0.0.0/8". The bits after those must be 0.
  static std::optional<Network> parse(std::string_view text);
  bool has(const IpAddress& address) const noexcept;

 private:
  IpAddress first_;
  int bits_ = 0;
};

/// Entries of X-Forwarded-For that are looked at, from its end; a chain of proxies that is longer is not believed.
inline constexpr std::size_t kMaxForwarded = 32;
inline constexpr std::size_t kMaxTrustedProxies = 64;

/// The client's address as text. It is the peer's, unless that is a trusted proxy: then it is the last one in X-Forwarded-For that is
/// not a trusted proxy's itself (the first, if all are). What stands before that one is whatever a client wrote, and is not looked
/// at. If anything up to it is no address, the peer's.
/// @param peer       as the system has it; a zone after '%' does not count
/// @param forwarded  the values of the header, in the order of its lines. No other header is read: not Forwarded, not X-Real-IP.
std::string client_address(std::string_view peer, std::span<const std::string_view> forwarded,
                           const std::vector<Network>& trusted);

}  // namespace keyhold::server
