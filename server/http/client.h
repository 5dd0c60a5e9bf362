// client: one connection of a client: requests come in, bounded in size and time, and answers go out.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <optional>
#include <span>

#include "server/http/request.h"
#include "server/http/worker.h"

namespace keyhold::server {

inline constexpr std::uint32_t kMaxRequestHead = 16 << 10;
inline constexpr std::chrono::seconds kHeadTime{15};  // from its first byte
inline constexpr std::chrono::seconds kBodyTime{60};
inline constexpr std::chrono::seconds kIdleTime{75};
inline constexpr std::chrono::seconds kWriteTime{60};
/// Of what a refused client still sends, this much is read past.
inline constexpr std::chrono::seconds kLingerTime{2};
inline constexpr std::size_t kLingerBytes = 16 << 20;

class Client {
 public:
  /// @param inside  it came by the listener for metrics
  Client(asio::ip::tcp::socket socket, Worker& worker, bool inside = false);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Until the connection ends.
  asio::awaitable<void> serve();

  Worker& worker() noexcept { return worker_; }
  /// Everything is written, or the client is gone or takes nothing for kWriteTime.
  asio::awaitable<bool> write(std::span<const asio::const_buffer> parts);
  asio::awaitable<bool> reply(const Request& request, Reply reply);
  /// Calls once if the client goes away. Ends with the returned object, before which nothing may be read.
  std::shared_ptr<void> when_gone(std::function<void()> gone);
  /// An answer was begun, with this status: for the log.
  void begun(int status) noexcept { status_ = status; }
  /// What is to be ended if the server must end now.
  void on_end(std::function<void()> end) { end_ = std::move(end); }

 private:
  /// Nothing: the connection is to end; an answer may have been given.
  asio::awaitable<std::optional<Request>> read();
  /// The last answer is written: waits until the client has it. Closed while there is something to read, a connection is reset, and
  /// the answer may be lost.
  asio::awaitable<void> linger();

  Worker& worker_;
  const bool inside_;
  std::string peer_;  // its address, as the system has it
  boost::beast::tcp_stream stream_;
  boost::beast::flat_buffer buffer_;
  Worker::Ends ends_;
  std::function<void()> end_;
  bool waiting_ = false;  // for a request
  int status_ = 0;
};

}  // namespace keyhold::server
