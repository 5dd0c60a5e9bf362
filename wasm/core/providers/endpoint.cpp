#include "providers/endpoint.h"

#include <charconv>
#include <utility>

namespace keyhold {

namespace {

constexpr std::size_t kMaxHost = 253;
constexpr std::size_t kMaxLabel = 63;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  const char low = lower(c);
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = lower(c);
  return out;
}

// Four numbers 0..255 without leading zeros: the only form of an IPv4 address that every URL parser reads alike.
bool is_dotted_quad(std::string_view host) {
  int parts = 0;
  while (true) {
    const auto dot = host.find('.');
    const auto part = host.substr(0, dot);
    int value = 0;
    if (part.empty() || part.size() > 3 || (part.size() > 1 && part[0] == '0')) return false;
    for (const char c : part) {
      if (!is_digit(c)) return false;
      value = value * 10 + (c - '0');
    }
    if (value > 255) return false;
    ++parts;
    if (dot == std::string_view::npos) return parts == 4;
    host.remove_prefix(dot + 1);
  }
}

// A name, or an address in its canonical form. `host` is lower-case.
bool is_host(std::string_view host) {
  if (host == "[::1]") return true;
  if (host.empty() || host.size() > kMaxHost) return false;
  std::string_view rest = host;
  std::string_view label;
  while (true) {
    const auto dot = rest.find('.');
    label = rest.substr(0, dot);
    if (label.empty() || label.size() > kMaxLabel) return false;
    for (const char c : label) {
      if (!is_letter(c) && !is_digit(c) && c != '-' && c != '_') return false;
    }
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  // Browsers read a host whose last label is a number (also 0x7f) as an IPv4 address.
  return is_digit(label[0]) ? is_dotted_quad(host) : true;
}

bool is_loopback_host(std::string_view host) {
  constexpr std::string_view kSuffix = ".localhost";
  return host == "localhost" || host == "127.0.0.1" || host == "[::1]" ||
         (host.size() > kSuffix.size() && host.substr(host.size() - kSuffix.size()) == kSuffix);
}

// Characters that every URL parser leaves as they are.
bool is_plain(char c) {
  return is_letter(c) || is_digit(c) || std::string_view("-._~!$&()*+,;=:@").find(c) != std::string_view::npos;
}

bool is_unreserved(int byte) {
  const char c = static_cast<char>(byte);
  return is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

// The byte a percent sign at the beginning of `text` stands for, or -1.
int decoded(std::string_view text) {
  if (text.size() < 3) return -1;
  const int high = hex_digit(text[1]);
  const int low = hex_digit(text[2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

// `path` begins with '/'. The final segment may be empty, no other.
bool is_path(std::string_view path) {
  for (std::size_t i = 0; i < path.size(); ++i) {
    const char c = path[i];
    if (c == '%') {
      const int byte = decoded(path.substr(i));
      if (byte < 0x20 || byte == 0x7f || byte == '/' || byte == '\\' || byte == '%' || is_unreserved(byte))
        return false;
      i += 2;
    } else if (c == '/') {
      const auto segment = path.substr(i + 1, path.find('/', i + 1) - (i + 1));
      const bool last = i + 1 + segment.size() == path.size();
      if (segment == "." || segment == ".." || (segment.empty() && !last)) return false;
    } else if (!is_plain(c) && c != '\'') {
      return false;
    }
  }
  return true;
}

bool is_query(std::string_view query) {
  for (std::size_t i = 0; i < query.size(); ++i) {
    if (query[i] == '%') {
      if (decoded(query.substr(i)) < 0) return false;
      i += 2;
    } else if (!is_plain(query[i]) && query[i] != '/' && query[i] != '?') {
      return false;
    }
  }
  return true;
}

struct Parts {
  std::string origin;
  std::string_view path;   // "" or begins with '/'
  std::string_view query;  // without '?'
  bool has_query = false;
  bool loopback = false;
};

// Digits of a port, to be written after the host: ":8080", or "" for the scheme's own.
bool read_port(std::string_view digits, int default_port, std::string& out) {
  int port = 0;
  const auto end = digits.data() + digits.size();
  const auto read = std::from_chars(digits.data(), end, port);
  if (digits.empty() || digits.size() > 5 || !is_digit(digits[0]) || read.ec != std::errc() || read.ptr != end) {
    return false;
  }
  if (port < 1 || port > 65535) return false;
  if (port != default_port) out = ":" + std::to_string(port);
  return true;
}

bool split(std::string_view url, Parts& parts) {
  const auto colon = url.find("://");
  if (colon > 5) return false;  // too long for a scheme, or npos
  const std::string scheme = lowered(url.substr(0, colon));
  if (scheme != "https" && scheme != "http") return false;
  url.remove_prefix(colon + 3);

  const auto authority = url.substr(0, url.find_first_of("/?"));
  url.remove_prefix(authority.size());
  std::string_view host = authority;
  std::string port;
  // The colons of [::1] are not the one before a port.
  const auto port_colon = authority.find(':', authority.empty() || authority[0] != '[' ? 0 : authority.find(']'));
  if (port_colon != std::string_view::npos) {
    host = authority.substr(0, port_colon);
    if (!read_port(authority.substr(port_colon + 1), scheme == "https" ? 443 : 80, port)) return false;
  }
  const std::string name = lowered(host);
  if (!is_host(name)) return false;
  parts.loopback = is_loopback_host(name);
  if (scheme == "http" && !parts.loopback) return false;
  parts.origin = scheme;
  parts.origin.append("://").append(name).append(port);

  const auto mark = url.find('?');
  parts.path = url.substr(0, mark);
  parts.has_query = mark != std::string_view::npos;
  if (parts.has_query) parts.query = url.substr(mark + 1);
  return is_path(parts.path) && is_query(parts.query);
}

}  // namespace

Result<Endpoint> Endpoint::parse(std::string_view url) {
  Parts parts;
  if (url.size() > kMaxLength || !split(url, parts) || parts.has_query) return Errc::ERR_BAD_INPUT;
  std::string text = parts.origin;
  text += parts.path;
  if (text.size() == parts.origin.size() || text.back() != '/') text += '/';
  if (text.size() > kMaxLength) return Errc::ERR_BAD_INPUT;
  return Endpoint(std::move(text), parts.origin.size(), parts.loopback);
}

bool Endpoint::overlaps(const Endpoint& other) const noexcept {
  const auto length = std::min(text_.size(), other.text_.size());
  // Both end in '/', so the shorter one can only be cut off at a segment's end.
  return text_.compare(0, length, other.text_, 0, length) == 0;
}

Result<TargetUrl> TargetUrl::parse(std::string_view url) {
  Parts parts;
  if (url.size() > kMaxLength || !split(url, parts)) return Errc::ERR_UNKNOWN_ENDPOINT;
  TargetUrl target;
  target.origin = std::move(parts.origin);
  target.path = parts.path.empty() ? "/" : std::string(parts.path);
  std::string_view rest = parts.query;
  while (!rest.empty()) {
    if (target.query.size() == kMaxQueryPairs) return Errc::ERR_UNKNOWN_ENDPOINT;
    const auto pair = rest.substr(0, rest.find('&'));
    const auto equals = pair.find('=');
    const auto value = equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
    target.query.push_back({std::string(pair.substr(0, equals)), std::string(value)});
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
  }
  return target;
}

Result<std::string_view> TargetUrl::rest_within(const Endpoint& base) const {
  const std::string_view prefix = base.path();
  if (origin != base.origin() || std::string_view(path).substr(0, prefix.size()) != prefix) {
    return Errc::ERR_UNKNOWN_ENDPOINT;
  }
  return std::string_view(path).substr(prefix.size());
}

std::string TargetUrl::text() const {
  std::string url = origin + path;
  char separator = '?';
  for (const QueryPair& pair : query) {
    url += std::exchange(separator, '&');
    url += pair.name;
    url += '=';
    url += pair.value;
  }
  return url;
}

}  // namespace keyhold
