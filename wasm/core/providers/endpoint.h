// endpoint: where a key may be sent, and whether an address lies there.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace keyhold {

/// A base: origin and path prefix, in the one form two equal bases share. What a key is sealed to.
///
/// https anywhere; http only on this computer (localhost, *.localhost, 127.0.0.1, [::1]). Refused, because a server or
/// a proxy could read them differently than we do: user names, queries, fragments, `\`, white space, control and
/// non-ASCII characters, `.` and `..` segments, empty segments, and the encodings of `/`, `\`, `%` and of characters
/// that need none, `.` among them.
class Endpoint {
 public:
  static constexpr std::size_t kMaxLength = 512;

  /// Lower-cases scheme and host, drops the default port, adds the final '/'. ERR_BAD_INPUT.
  static Result<Endpoint> parse(std::string_view url);

  /// "https://api.example.com/v1/"
  const std::string& text() const noexcept { return text_; }
  /// "https://api.example.com"
  std::string_view origin() const noexcept { return std::string_view(text_).substr(0, origin_length_); }
  /// "/v1/"
  std::string_view path() const noexcept { return std::string_view(text_).substr(origin_length_); }
  bool is_loopback() const noexcept { return loopback_; }

  /// One lies within the other, so that an address could belong to both.
  bool overlaps(const Endpoint& other) const noexcept;
  friend bool operator==(const Endpoint& a, const Endpoint& b) noexcept { return a.text_ == b.text_; }

 private:
  Endpoint(std::string text, std::size_t origin_length, bool loopback)
      : text_(std::move(text)), origin_length_(origin_length), loopback_(loopback) {}

  std::string text_;
  std::size_t origin_length_;
  bool loopback_;
};

/// The address of a request somebody wants made, as strict as Endpoint but with a query.
struct TargetUrl {
  static constexpr std::size_t kMaxLength = 2048;
  static constexpr std::size_t kMaxQueryPairs = 32;

  /// As they stand in the URL, still encoded. A pair without '=' has an empty value.
  struct QueryPair {
    std::string name;
    std::string value;
  };

  /// ERR_UNKNOWN_ENDPOINT for anything that is not such an address.
  static Result<TargetUrl> parse(std::string_view url);

  /// The path below `base`, without a leading '/': "chat/completions". Lives as long as this TargetUrl.
  /// ERR_UNKNOWN_ENDPOINT if the address is not below it.
  Result<std::string_view> rest_within(const Endpoint& base) const;
  /// The whole address again, in its canonical form.
  std::string text() const;

  std::string origin;
  std::string path;  // begins with '/'
  std::vector<QueryPair> query;
};

}  // namespace keyhold
