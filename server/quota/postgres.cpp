#include "server/quota/postgres.h"

#include <libpq-fe.h>
#include <sys/socket.h>

namespace keyhold::server {
namespace {

PGconn* raw(soci::session& session) {
  return static_cast<soci::postgresql_session_backend*>(session.get_backend())->conn_;
}

}  // namespace

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
