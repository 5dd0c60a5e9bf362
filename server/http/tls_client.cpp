#include "server/http/tls_client.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace keyhold::server {

namespace {

using boost::system::error_code;
using tcp = asio::ip::tcp;

/// A certificate of the host is asked for, by its name (which is also said to it) or its address.
bool expect(SSL* tls, const std::string& host) {
  SSL_set_verify(tls, SSL_VERIFY_PEER, nullptr);
  error_code no_address;
  asio::ip::make_address(host, no_address);
  if (!no_address) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), host.c_str()) == 1;
  return SSL_set1_host(tls, host.c_str()) == 1 && SSL_set_tlsext_host_name(tls, host.c_str()) == 1;
}

}  // namespace

TlsClient::TlsClient(tcp::socket& socket, asio::ssl::context& context)
    : socket_(socket), tls_(SSL_new(context.native_handle())) {}

asio::awaitable<bool> TlsClient::shake_hands(const std::string& host) {
  if (!tls_ || !socket_.is_open() || SSL_set_fd(tls_.get(), static_cast<int>(socket_.native_handle())) != 1) {
    co_return false;
  }
  // Buffers only while there is something in them, filled by as few reads as it takes.
  SSL_set_mode(tls_.get(),
               SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_set_read_ahead(tls_.get(), 1);
  if (!expect(tls_.get(), host)) co_return false;
  bool open = true;
  while (open) {
    ERR_clear_error();
    const int result = SSL_connect(tls_.get());
    if (result == 1) co_return true;
    if (!must_wait(result)) co_return false;
    open = co_await wait();
  }
  co_return false;
}

asio::awaitable<bool> TlsClient::write(std::string_view bytes) {
  bool open = socket_.is_open();
  while (open && !bytes.empty()) {
    ERR_clear_error();
    std::size_t written = 0;
    const int result = SSL_write_ex(tls_.get(), bytes.data(), bytes.size(), &written);
    bytes.remove_prefix(written);
    if (result == 1) continue;
    if (!must_wait(result)) co_return false;
    open = co_await wait();
  }
  co_return open;
}

std::optional<std::size_t> TlsClient::read_now(std::span<char> into) {
  if (!socket_.is_open()) return 0;
  std::size_t size = 0;
  // A record at a time.
  while (size < into.size()) {
    ERR_clear_error();
    std::size_t more = 0;
    const int result = SSL_read_ex(tls_.get(), into.data() + size, into.size() - size, &more);
    size += more;
    if (result == 1) continue;
    // What ended it is met again by the next call.
    if (size == 0 && must_wait(result)) return std::nullopt;
    break;
  }
  return size;
}

asio::awaitable<bool> TlsClient::wait() {
  error_code error;
  co_await socket_.async_wait(lacks_, asio::redirect_error(asio::use_awaitable, error));
  co_return !error && socket_.is_open();
}

bool TlsClient::must_wait(int result) {
  const int why = SSL_get_error(tls_.get(), result);
  lacks_ = why == SSL_ERROR_WANT_WRITE ? tcp::socket::wait_write : tcp::socket::wait_read;
  return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
}

}  // namespace keyhold::server
