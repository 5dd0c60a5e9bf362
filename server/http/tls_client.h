// tls_client: TLS over a socket that is connected already, holding no buffer while it waits for bytes.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace keyhold::server {

namespace asio = boost::asio;

/// OpenSSL reads and writes the socket itself: SIGPIPE has to be ignored (process.h). Nothing may be asked of it once the socket is
/// closed but to end; each function looks first.
class TlsClient {
 public:
  /// `socket` must not block, and outlive this.
  TlsClient(asio::ip::tcp::socket& socket, asio::ssl::context& context);

  /// Shakes hands with whoever has a certificate for this very host, a name or an address.
  asio::awaitable<bool> shake_hands(const std::string& host);
  asio::awaitable<bool> write(std::string_view bytes);
  /// What is there, as much as fits. 0: the end, or a failure; nothing: not yet, see wait().
  std::optional<std::size_t> read_now(std::span<char> into);
  /// Until the socket has what the last read_now() lacked. False: it is closed.
  asio::awaitable<bool> wait();
  /// Something came that was not read.
  bool has_more() const { return SSL_has_pending(tls_.get()) == 1; }

 private:
  struct Free {
    void operator()(SSL* tls) const { SSL_free(tls); }
  };
  /// Whether to try again once wait() has ended; else it failed.
  bool must_wait(int result);

  asio::ip::tcp::socket& socket_;
  std::unique_ptr<SSL, Free> tls_;
  asio::ip::tcp::socket::wait_type lacks_ = asio::ip::tcp::socket::wait_read;
};

}  // namespace keyhold::server
