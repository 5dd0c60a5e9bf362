#include "server/http/server.h"

#include <openssl/rand.h>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <thread>

#include "base/base64.h"
#include "server/http/client.h"
#include "server/http/log.h"

namespace keyhold::server {

namespace {

using boost::system::error_code;
using tcp = asio::ip::tcp;

/// Beside all other clients: what is full is to be seen.
constexpr int kMaxInside = 16;
/// Steps of taking old addresses out, each time leases are renewed.
constexpr int kForgetSteps = 20;
/// Rows of the last minutes are not done with: others may be added before them.
constexpr std::int64_t kYoungMs = 10 * kMinuteMs;

asio::awaitable<void> client_of(tcp::socket socket, Worker& worker, bool inside) {
  Client client(std::move(socket), worker, inside);
  co_await client.serve();
}

void log_failure(const std::exception_ptr& failure) {
  // Its text may quote anything.
  if (failure) log_warning("a connection ended by an exception");
}

class Server {
 public:
  explicit Server(Service& service) : service_(service), workers_(made(service, tls_)) {
    tls_.set_default_verify_paths();
    for (auto& worker : workers_) guards_.push_back(asio::make_work_guard(worker->context));
  }

  bool listen() {
    const Config& config = service_.config;
    return listen_at(acceptor_, config.address, config.port) &&
           (config.metrics_address.empty() || listen_at(inside_, config.metrics_address, config.metrics_port));
  }
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  /// 0: metrics are not served.
  std::uint16_t metrics_port() const { return inside_.is_open() ? inside_.local_endpoint().port() : std::uint16_t{0}; }

  void run() {
    signals_.async_wait([this](error_code error, int) {
      if (!error) asio::co_spawn(first().context, drain(), asio::detached);
    });
    asio::co_spawn(first().context, accept(), asio::detached);
    if (inside_.is_open()) asio::co_spawn(first().context, accept_inside(), asio::detached);
    asio::co_spawn(first().context, keep_leases(), asio::detached);
    service_.tokens.start(first());
    std::vector<std::thread> threads;
    for (std::size_t i = 1; i < workers_.size(); ++i) {
      threads.emplace_back([this, i] { workers_[i]->context.run(); });
    }
    first().context.run();
    for (std::thread& thread : threads) thread.join();
  }

 private:
  static std::vector<std::unique_ptr<Worker>> made(Service& service, asio::ssl::context& tls) {
    std::vector<std::unique_ptr<Worker>> workers;
    for (int i = 0; i < service.config.threads; ++i) workers.push_back(std::make_unique<Worker>(service, tls));
    return workers;
  }
  static bool listen_at(tcp::acceptor& acceptor, const std::string& text, std::uint16_t port) {
    error_code error;
    const auto address = asio::ip::make_address(text, error);
    if (error) return false;
    const tcp::endpoint endpoint(address, port);
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    return !error;
  }
  Worker& first() { return *workers_.front(); }

  asio::awaitable<void> accept() {
    asio::steady_timer pause(first().context);
    for (std::size_t turn = 0; acceptor_.is_open(); ++turn) {
      Worker& worker = *workers_[turn % workers_.size()];
      error_code error;
      tcp::socket socket =
          co_await acceptor_.async_accept(worker.context, asio::redirect_error(asio::use_awaitable, error));
      if (!error && service_.clients < kMaxClients) {
        asio::co_spawn(worker.context, client_of(std::move(socket), worker, false), log_failure);
        continue;
      }
      // Out of file descriptors, or of what is allowed: others end soon.
      pause.expires_after(std::chrono::milliseconds(20));
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
    }
  }

  asio::awaitable<void> accept_inside() {
    asio::steady_timer pause(first().context);
    while (inside_.is_open()) {
      error_code error;
      tcp::socket socket =
          co_await inside_.async_accept(first().context, asio::redirect_error(asio::use_awaitable, error));
      if (!error && service_.clients < kMaxClients + kMaxInside) {
        asio::co_spawn(first().context, client_of(std::move(socket), first(), true), log_failure);
        continue;
      }
      pause.expires_after(std::chrono::milliseconds(20));
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
    }
  }

  asio::awaitable<void> forget_addresses() {
    const UnixMs before = now_ms() - std::max(service_.config.address_days * kDayMs, kYoungMs);
    for (int step = 0; step < kForgetSteps && !over_; ++step) {
      const auto forgotten =
          co_await service_.store.ask([before](QuotaBook& book) { return book.forget_addresses(before); });
      if (!forgotten || !forgotten.value().more) break;
    }
  }

  asio::awaitable<void> keep_leases() {
    error_code error;
    // While the database was away nobody could renew: for a lease after that, what looks dead may live.
    UnixMs trusted_from = 0;
    while (!over_) {
      std::string trouble;
      const auto renewed = co_await service_.store.ask_aside([&trouble](QuotaBook& book) {
        auto answer = book.renew(now_ms());
        if (!answer) trouble = book.trouble();
        return answer;
      });
      if (!renewed) trusted_from = now_ms() + service_.config.lease_ms;
      const bool trusted = now_ms() >= trusted_from;
      const auto repaired = co_await service_.store.ask([trusted, &trouble](QuotaBook& book) -> Answer<RepairReport> {
        if (!trusted) return RepairReport{};
        auto answer = book.repair(now_ms());
        if (!answer) trouble = book.trouble();
        return answer;
      });
      if (!renewed || !repaired) log_warning("the database does not answer: " + trouble);
      if (repaired && repaired.value().repaired > 0) {
        log_info("calls that a crash left behind were settled");
        service_.metrics.calls_repaired(repaired.value().repaired);
      }
      if (renewed && repaired) co_await forget_addresses();
      leases_.expires_after(std::chrono::milliseconds(service_.config.lease_ms / 3));
      if (!over_) co_await leases_.async_wait(asio::redirect_error(asio::use_awaitable, error));
    }
  }

  void each_client(std::function<void(Worker::Ends&)> act) {
    for (auto& worker : workers_) {
      asio::post(worker->context, [&worker = *worker, act] {
        for (Worker::Ends* ends : worker.clients) act(*ends);
      });
    }
  }

  asio::awaitable<bool> quiet(std::chrono::steady_clock::duration within) {
    asio::steady_timer timer(first().context);
    const auto until = std::chrono::steady_clock::now() + within;
    while (service_.clients > 0 && std::chrono::steady_clock::now() < until) {
      timer.expires_after(std::chrono::milliseconds(20));
      co_await timer.async_wait(asio::use_awaitable);
    }
    co_return service_.clients == 0;
  }

  asio::awaitable<void> drain() {
    log_info("shutting down: no new calls");
    service_.draining = true;
    error_code ignored;
    acceptor_.close(ignored);
    inside_.close(ignored);
    each_client([](Worker::Ends& ends) { ends.when_idle(); });
    const bool in_time = co_await quiet(kDrainTime);
    if (!in_time) {
      each_client([](Worker::Ends& ends) { ends.now(); });
      co_await quiet(std::chrono::seconds(5));
    }
    over_ = true;
    service_.tokens.stop();
    leases_.cancel();
    guards_.clear();
  }

  Service& service_;
  asio::ssl::context tls_{asio::ssl::context::tls_client};
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<asio::executor_work_guard<asio::io_context::executor_type>> guards_;
  tcp::acceptor acceptor_{first().context};
  tcp::acceptor inside_{first().context};  // of metrics
  asio::signal_set signals_{first().context, SIGTERM, SIGINT};
  asio::steady_timer leases_{first().context};
  bool over_ = false;
};

}  // namespace

UnixMs now_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

std::string new_request_id() {
  std::array<std::uint8_t, 16> bytes{};
  RAND_bytes(bytes.data(), static_cast<int>(bytes.size()));
  return encode_base64url(bytes);
}

bool serve(Service& service, const std::function<void(std::uint16_t, std::uint16_t)>& listening) {
  Server server(service);
  if (!server.listen()) return false;
  listening(server.port(), server.metrics_port());
  server.run();
  return true;
}

}  // namespace keyhold::server
