#include "server/http/upstream.h"

#include <algorithm>
#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <charconv>

namespace keyhold::server {

namespace {

namespace http = boost::beast::http;
using boost::system::error_code;

constexpr std::size_t kReadBytes = 64 << 10;

// Filled and emptied without anything else running on this thread in between.
thread_local std::array<char, kReadBytes> read_buffer;

auto failing(error_code& error) { return asio::redirect_error(asio::use_awaitable, error); }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

/// From "keep-alive: timeout=5", a second less than it says: the provider began to count before the answer was here.
std::chrono::seconds waits_of(const Headers& headers) {
  constexpr std::string_view kTimeout = "timeout=";
  for (const auto& [name, value] : headers) {
    if (name != "keep-alive") continue;
    const std::size_t at = value.find(kTimeout);
    if (at == std::string::npos) continue;
    const char* begin = value.data() + at + kTimeout.size();
    int seconds = 0;
    const auto [end, error] = std::from_chars(begin, value.data() + value.size(), seconds);
    if (error == std::errc() && seconds >= 0) return std::chrono::seconds(std::max(0, seconds - 1));
  }
  return UpstreamPool::kUsualIdleTime;
}

}  // namespace

UpstreamAddress UpstreamAddress::of(std::string_view origin) {
  const bool tls = origin.starts_with("https://");
  std::string_view rest = origin.substr(origin.find("//") + 2);
  const std::size_t colon = rest.rfind(':');
  // The last colon of an IPv6 address in brackets is inside them.
  const bool has_port = colon != std::string_view::npos && rest.find(']', colon) == std::string_view::npos;
  std::string host(has_port ? rest.substr(0, colon) : rest);
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  return {tls, host, has_port ? std::string(rest.substr(colon + 1)) : tls ? "443" : "80"};
}

std::string UpstreamAddress::authority() const {
  const std::string named = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port == (tls ? "443" : "80") ? named : named + ":" + port;
}

UpstreamConnection::UpstreamConnection(const asio::any_io_executor& executor, asio::ssl::context& tls,
                                       UpstreamAddress address)
    : address_(std::move(address)), socket_(executor) {
  if (address_.tls) tls_ = std::make_unique<TlsClient>(socket_, tls);
}

asio::awaitable<bool> UpstreamConnection::open() {
  error_code error;
  asio::ip::tcp::resolver resolver(socket_.get_executor());
  const auto found = co_await resolver.async_resolve(address_.host, address_.port, failing(error));
  if (error) co_return false;
  co_await asio::async_connect(socket_, found, failing(error));
  if (error) co_return false;
  socket_.set_option(asio::ip::tcp::no_delay(true), error);
  socket_.non_blocking(true, error);
  if (error) co_return false;
  if (!tls_) co_return true;
  co_return co_await tls_->shake_hands(address_.host);
}

asio::awaitable<bool> UpstreamConnection::write(std::string_view head, std::string_view body) {
  if (tls_) {
    const bool begun = co_await tls_->write(head);
    if (!begun) co_return false;
    co_return co_await tls_->write(body);
  }
  error_code error;
  const std::array<asio::const_buffer, 2> both = {asio::buffer(head), asio::buffer(body)};
  co_await asio::async_write(socket_, both, failing(error));
  co_return !error;
}

std::optional<std::size_t> UpstreamConnection::read_now() {
  if (tls_) return tls_->read_now(read_buffer);
  error_code error;
  const std::size_t size = socket_.read_some(asio::buffer(read_buffer), error);
  if (error == asio::error::would_block) return std::nullopt;
  return error ? 0 : size;
}

asio::awaitable<std::string_view> UpstreamConnection::read(std::string& spare) {
  for (;;) {
    const auto size = read_now();
    if (size) co_return std::string_view(read_buffer.data(), *size);
    std::string().swap(spare);
    bool open = true;
    if (tls_) {
      open = co_await tls_->wait();
    } else {
      error_code error;
      co_await socket_.async_wait(asio::ip::tcp::socket::wait_read, failing(error));
      open = !error;
    }
    if (!open) co_return std::string_view();
  }
}

void UpstreamConnection::close() noexcept {
  error_code ignored;
  socket_.close(ignored);
}

bool UpstreamConnection::is_quiet() {
  char byte = 0;
  error_code error;
  socket_.receive(asio::buffer(&byte, 1), asio::socket_base::message_peek, error);
  return error == asio::error::would_block && (!tls_ || !tls_->has_more());
}

std::unique_ptr<UpstreamConnection> UpstreamPool::take(const UpstreamAddress& address, bool& open) {
  auto& waiting = idle_[address.key()];
  const auto now = std::chrono::steady_clock::now();
  while (!waiting.empty()) {
    auto connection = std::move(waiting.back());
    waiting.pop_back();
    open = now < connection->idle_until && connection->is_quiet();
    if (open) return connection;
  }
  open = false;
  return std::make_unique<UpstreamConnection>(context_.get_executor(), tls_, address);
}

void UpstreamPool::give_back(std::unique_ptr<UpstreamConnection> connection, std::chrono::seconds waits) {
  auto& waiting = idle_[connection->address().key()];
  if (waiting.size() >= kMaxIdle) return;
  connection->idle_until = std::chrono::steady_clock::now() + std::min(waits, kMaxIdleTime);
  waiting.push_back(std::move(connection));
}

/// Takes the answer apart; its body is what is left when the framing is gone.
class AnswerParser : public http::basic_parser<false> {
 public:
  AnswerParser() {
    header_limit(kMaxAnswerHead);
    body_limit(boost::none);
    eager(true);
  }

  int status = 0;
  Headers headers;
  std::string body;

 private:
  void on_request_impl(http::verb, boost::beast::string_view, boost::beast::string_view, int, error_code&) override {}
  void on_response_impl(int code, boost::beast::string_view, int, error_code&) override {
    status = code;
    headers.clear();
  }
  void on_field_impl(http::field, boost::beast::string_view name, boost::beast::string_view value,
                     error_code&) override {
    std::string lowered(name.data(), name.size());
    for (char& c : lowered) c = lower(c);
    headers.emplace_back(std::move(lowered), std::string(value.data(), value.size()));
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(boost::beast::string_view bytes, error_code&) override {
    body.append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_chunk_header_impl(std::uint64_t, boost::beast::string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, boost::beast::string_view bytes, error_code&) override {
    body.append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_finish_impl(error_code&) override {}
};

UpstreamCall::UpstreamCall(UpstreamPool& pool) : pool_(pool), parser_(std::make_unique<AnswerParser>()) {}
UpstreamCall::~UpstreamCall() = default;

int UpstreamCall::status() const noexcept { return parser_->status; }
const Headers& UpstreamCall::headers() const noexcept { return parser_->headers; }
std::string& UpstreamCall::bytes() noexcept { return parser_->body; }

void UpstreamCall::cancel() noexcept {
  cancelled_ = true;
  if (connection_) connection_->close();
}

asio::awaitable<bool> UpstreamCall::send(const UpstreamAddress& address, std::string_view head, std::string_view body) {
  bool open = false;
  connection_ = pool_.take(address, open);
  if (!open) open = co_await connection_->open();
  if (!open || cancelled_) co_return false;
  const bool written = co_await connection_->write(head, body);
  co_return written && !cancelled_;
}

asio::awaitable<UpstreamCall::Got> UpstreamCall::read() {
  parser_->body.clear();
  if (head_given_ && parser_->is_done()) co_return finish(true);
  for (;;) {
    const std::string_view more = co_await connection_->read(parser_->body);
    if (cancelled_ || !take_in(more, more.empty())) co_return Got::failed;
    // 1xx: an answer before the answer, or several.
    while (parser_->is_header_done() && parser_->status >= 100 && parser_->status < 200) {
      parser_ = std::make_unique<AnswerParser>();
      if (!take_in(std::string_view(), false)) co_return Got::failed;
    }
    const bool new_head = parser_->is_header_done() && !head_given_;
    if (new_head) {
      head_given_ = true;
      co_return Got::head;
    }
    if (parser_->is_done()) co_return finish(!more.empty());
    if (!parser_->body.empty()) co_return Got::bytes;
    if (more.empty()) co_return Got::failed;
  }
}

UpstreamCall::Got UpstreamCall::finish(bool open) {
  if (open && parser_->keep_alive() && rest_.empty())
    pool_.give_back(std::move(connection_), waits_of(parser_->headers));
  return Got::end;
}

/// False: this is no HTTP, or it broke off.
bool UpstreamCall::take_in(std::string_view bytes, bool ended) {
  error_code error;
  std::string joined;
  if (!rest_.empty()) {
    joined = std::move(rest_);
    joined.append(bytes);
    bytes = joined;
  }
  rest_.clear();
  parser_->body.reserve(parser_->body.size() + bytes.size());
  while (!bytes.empty() && !parser_->is_done()) {
    const std::size_t used = parser_->put(asio::buffer(bytes), error);
    bytes.remove_prefix(used);
    if (error == http::error::need_more) break;
    if (error) return false;
    if (used == 0) break;
  }
  rest_ = bytes;
  if (rest_.size() > kReadBytes + kMaxAnswerHead) return false;
  if (!ended || parser_->is_done()) return true;
  if (!parser_->got_some()) return false;
  error = {};
  parser_->put_eof(error);
  return !error && parser_->is_done();
}

}  // namespace keyhold::server
