#include "server/quota/postgres_address.h"

#include <libpq-fe.h>

#include <memory>

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

}  // namespace

bool names_postgres(std::string_view connection) {
  return connection.starts_with("postgresql://") || connection.starts_with("postgres://");
}

std::optional<std::string> postgres_address(const std::string& connection) {
  if (!names_postgres(connection)) return std::nullopt;
  char* error = nullptr;  // may quote the address
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> parts(PQconninfoParse(connection.c_str(), &error),
                                                                           &PQconninfoFree);
  PQfreemem(error);
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

}  // namespace keyhold::server
