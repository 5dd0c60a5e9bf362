#include "server/quota/postgres_address.h"

#include <libpq-fe.h>

#include <algorithm>
#include <memory>
#include <vector>

namespace keyhold::server {
namespace {

std::string escaped(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const unsigned char c : text) {
    out += '%';
    out += kDigits[c >> 4];
    out += kDigits[c & 15];
  }
  return out;
}

using Parts = std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)>;

/// Null if libpq cannot read it.
Parts parts_of(const std::string& connection) {
  char* error = nullptr;  // may quote the address
  Parts parts(PQconninfoParse(connection.c_str(), &error), &PQconninfoFree);
  PQfreemem(error);
  return parts;
}

/// Shorter ones would be found in any word.
constexpr std::size_t kLeastPart = 3;

/// Each value of the address, and each of a list of hosts.
std::vector<std::string> values_of(const std::string& connection) {
  std::vector<std::string> values;
  const Parts parts = parts_of(connection);
  if (!parts) return values;
  for (const PQconninfoOption* part = parts.get(); part->keyword != nullptr; ++part) {
    for (std::string_view rest = part->val == nullptr ? "" : part->val; !rest.empty();) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      if (comma >= kLeastPart) values.emplace_back(rest.substr(0, comma));
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    if (part->val != nullptr && std::string_view(part->val).size() >= kLeastPart) values.emplace_back(part->val);
  }
  std::sort(values.begin(), values.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
  return values;
}

/// Without what stands between these; to the end, if the second never comes.
void take_out(std::string& text, char open, char close) {
  for (std::size_t at = 0; (at = text.find(open, at)) != std::string::npos; at += 2) {
    const std::size_t end = text.find(close, at + 1);
    text.replace(at, end == std::string::npos ? std::string::npos : end + 1 - at, {open, close});
  }
}

}  // namespace

bool names_postgres(std::string_view connection) {
  return connection.starts_with("postgresql://") || connection.starts_with("postgres://");
}

std::optional<std::string> postgres_address(const std::string& connection) {
  if (!names_postgres(connection)) return std::nullopt;
  const Parts parts = parts_of(connection);
  if (!parts) return std::nullopt;
  // SOCI takes an address apart at spaces and quotes, and puts it together without them: here it finds none.
  std::string address = "postgresql:///?fallback_application_name=keyhold-server";
  bool limited = false;
  for (const PQconninfoOption* part = parts.get(); part->keyword != nullptr; ++part) {
    if (part->val == nullptr) continue;
    address += std::string("&") + part->keyword + "=" + escaped(part->val);
    limited = limited || std::string_view(part->keyword) == "connect_timeout";
  }
  if (!limited) address += "&connect_timeout=" + std::to_string(kConnectSeconds);
  return address;
}

std::string said_of_connecting(std::string_view said, const std::string& connection) {
  // SOCI's own words come first, on a line of their own.
  constexpr std::string_view kOfSoci = "Cannot establish connection to the database.";
  if (said.starts_with(kOfSoci)) said.remove_prefix(kOfSoci.size());
  std::string text(said);
  for (const std::string& value : values_of(connection)) {
    for (std::size_t at = 0; (at = text.find(value, at)) != std::string::npos;) text.replace(at, value.size(), "*");
  }
  take_out(text, '"', '"');
  take_out(text, '(', ')');
  std::string line;
  for (const char c : text) {
    const bool space = static_cast<unsigned char>(c) <= ' ';
    if (space && (line.empty() || line.back() == ' ')) continue;
    line += space ? ' ' : c;
  }
  while (line.ends_with(' ')) line.pop_back();
  if (line.size() > kMaxSaidBytes) line.resize(kMaxSaidBytes);
  return line;
}

}  // namespace keyhold::server
