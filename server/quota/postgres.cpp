#include "server/quota/postgres.h"

#include <libpq-fe.h>
#include <sys/socket.h>

#include <memory>

namespace keyhold::server {
namespace {

PGconn* raw(soci::session& session) {
  return static_cast<soci::postgresql_session_backend*>(session.get_backend())->conn_;
}

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

Remedy remedy_of(soci::session& session, const soci::soci_error& error) {
  if (PQstatus(raw(session)) == CONNECTION_BAD) return Remedy::reconnect;
  const auto* said = dynamic_cast<const soci::postgresql_soci_error*>(&error);
  const std::string state = said == nullptr ? "" : said->sqlstate();
  return state == "40P01" || state == "40001" ? Remedy::repeat : Remedy::none;
}

std::string postgres_trouble(const soci::soci_error& error) {
  const auto* said = dynamic_cast<const soci::postgresql_soci_error*>(&error);
  const std::string state = said == nullptr ? "" : said->sqlstate();
  if (state.empty() || state.front() == ' ') return "PostgreSQL: the connection was lost";
  return "PostgreSQL: SQLSTATE " + state;
}

Patience::~Patience() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Patience::watch(soci::session& session, std::chrono::milliseconds within) {
  {
    const std::lock_guard lock(mutex_);
    socket_ = PQsocket(raw(session));
    until_ = std::chrono::steady_clock::now() + within;
    fired_ = false;
  }
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  changed_.notify_one();
}

bool Patience::rest() noexcept {
  const std::lock_guard lock(mutex_);
  socket_ = -1;
  return fired_;
}

void Patience::run() {
  std::unique_lock lock(mutex_);
  while (!over_) {
    if (socket_ < 0) {
      changed_.wait(lock);
    } else if (std::chrono::steady_clock::now() < until_) {
      changed_.wait_for(lock, until_ - std::chrono::steady_clock::now());
    } else {
      shutdown(socket_, SHUT_RDWR);
      socket_ = -1;
      fired_ = true;
    }
  }
}

}  // namespace keyhold::server
