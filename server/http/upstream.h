// upstream: one request to a provider and its answer as it comes, over a connection that may be used again. Belongs to one
// thread's io_context; knows nothing of quota or of clients.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "providers/provider.h"
#include "server/http/tls_client.h"

namespace keyhold::server {

namespace asio = boost::asio;

/// Where a provider is, taken apart.
struct UpstreamAddress {
  bool tls;
  std::string host;
  std::string port;

  /// @param origin  "https://api.example.com" or "http://127.0.0.1:4174", as an Endpoint has it
  static UpstreamAddress of(std::string_view origin);
  std::string key() const { return (tls ? "s" : "p") + host + ":" + port; }
  /// As the Host header has it.
  std::string authority() const;
};

/// A connection, plain or in TLS.
class UpstreamConnection {
 public:
  UpstreamConnection(const asio::any_io_executor& executor, asio::ssl::context& tls, UpstreamAddress address);

  /// Resolves, connects, and shakes hands with whoever has a certificate for this very host.
  asio::awaitable<bool> open();
  asio::awaitable<bool> write(std::string_view head, std::string_view body);
  /// Waits until there is something; while it waits, there is no buffer of it, and `spare` has none either.
  /// @return what was read, valid until the next suspension; empty at the end, or if the connection failed
  asio::awaitable<std::string_view> read(std::string& spare);
  /// Everything that waits on it ends.
  void close() noexcept;
  /// Nobody has closed it, and nothing has come unasked.
  bool is_quiet();

  const UpstreamAddress& address() const noexcept { return address_; }
  /// While it waits in the pool.
  std::chrono::steady_clock::time_point idle_until;

 private:
  /// As TlsClient::read_now().
  std::optional<std::size_t> read_now();

  UpstreamAddress address_;
  asio::ip::tcp::socket socket_;
  std::unique_ptr<TlsClient> tls_;
};

/// Connections that wait for their next request, by address. One for each thread.
class UpstreamPool {
 public:
  static constexpr std::size_t kMaxIdle = 64;  // for each address
  static constexpr std::chrono::seconds kMaxIdleTime{15};
  /// Where the provider does not say how long it waits: less than what servers usually do, of which 5 s is the shortest in use.
  static constexpr std::chrono::seconds kUsualIdleTime{4};

  UpstreamPool(asio::io_context& context, asio::ssl::context& tls) : context_(context), tls_(tls) {}
  /// One that is open already, or a new one that is not yet.
  std::unique_ptr<UpstreamConnection> take(const UpstreamAddress& address, bool& open);
  /// @param waits  how long the provider leaves it open: a request that meets its end on the way would be lost
  void give_back(std::unique_ptr<UpstreamConnection> connection, std::chrono::seconds waits);
  void clear() noexcept { idle_.clear(); }

 private:
  asio::io_context& context_;
  asio::ssl::context& tls_;
  std::map<std::string, std::vector<std::unique_ptr<UpstreamConnection>>> idle_;
};

/// Bounds of an answer's head.
inline constexpr std::uint32_t kMaxAnswerHead = 32 << 10;

class AnswerParser;

/// One request and its answer.
class UpstreamCall {
 public:
  explicit UpstreamCall(UpstreamPool& pool);
  ~UpstreamCall();

  /// False: nobody could be reached, or the connection failed.
  asio::awaitable<bool> send(const UpstreamAddress& address, std::string_view head, std::string_view body);

  enum class Got { head, bytes, end, failed };
  /// What came next. `head`: status() and headers() are there, and maybe bytes(). `end`: the answer is complete, and maybe has
  /// more bytes(); its connection is kept if it may be.
  asio::awaitable<Got> read();
  int status() const noexcept;
  const Headers& headers() const noexcept;  // names in lower case
  /// Of the body, since the last read().
  std::string& bytes() noexcept;

  /// From the same thread, at any time: what waits fails.
  void cancel() noexcept;

 private:
  bool take_in(std::string_view bytes, bool ended);
  Got finish(bool open);

  UpstreamPool& pool_;
  std::unique_ptr<UpstreamConnection> connection_;
  std::unique_ptr<AnswerParser> parser_;
  std::string rest_;  // came, and cannot be read yet
  bool head_given_ = false;
  bool cancelled_ = false;
};

}  // namespace keyhold::server
