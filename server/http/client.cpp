#include "server/http/client.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

#include "server/address/address.h"
#include "server/http/log.h"
#include "server/http/routes.h"
#include "server/relay/route.h"

namespace keyhold::server {

namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;

constexpr std::size_t kFirstBytes = 512;
constexpr std::size_t kLingerRead = 16 << 10;

auto failing(error_code& error) { return asio::redirect_error(asio::use_awaitable, error); }

std::string text_of(beast::string_view text) { return {text.data(), text.size()}; }

/// Everything but the body.
void take_head(const http::request_header<>& head, Request& request) {
  const std::string target = text_of(head.target());
  const std::size_t question = std::min(target.find('?'), target.size());
  request.method = text_of(head.method_string());
  request.path = target.substr(0, question);
  request.query = question == target.size() ? "" : target.substr(question + 1);
  request.http11 = head.version() == 11;
  for (const auto& field : head) {
    std::string name = text_of(field.name_string());
    for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    request.headers.emplace_back(std::move(name), text_of(field.value()));
  }
}

/// A body that everyone on its way takes for equally long: by its length, or in chunks and no other coding. Beast takes a coding it
/// does not know for no body, and that body for the next request.
bool has_plain_framing(const http::request_header<>& head) {
  const auto [coding, end] = head.equal_range(http::field::transfer_encoding);
  if (coding == end) return true;
  return std::next(coding) == end && head.version() == 11 && beast::iequals(coding->value(), "chunked");
}

std::string address_of(const Config& config, std::string_view peer, const Request& request) {
  if (config.address_days == 0) return {};
  std::vector<std::string_view> forwarded;
  for (const auto& [name, value] : request.headers) {
    if (name == "x-forwarded-for") forwarded.push_back(value);
  }
  return client_address(peer, forwarded, config.trusted_proxies);
}

std::optional<ProblemType> problem_of(error_code error) {
  if (error == http::error::header_limit) return ProblemType::headers_too_large;
  if (error == http::error::body_limit) return ProblemType::too_large;
  if (error == beast::error::timeout) return ProblemType::too_slow;
  // What the parser itself objects to; all else is a connection that ended.
  if (error.category() == make_error_code(http::error::bad_version).category() && error != http::error::end_of_stream &&
      error != http::error::partial_message) {
    return ProblemType::malformed_request;
  }
  return std::nullopt;
}

}  // namespace

Client::Client(tcp::socket socket, Worker& worker, bool inside)
    : worker_(worker), inside_(inside), stream_(std::move(socket)) {
  error_code error;
  const auto peer = stream_.socket().remote_endpoint(error);
  if (!error) peer_ = peer.address().to_string();
  ends_.now = [this] {
    if (end_) end_();
    stream_.close();
  };
  ends_.when_idle = [this] {
    if (waiting_) stream_.close();
  };
  worker_.clients.insert(&ends_);
  ++worker_.service.clients;
}

Client::~Client() {
  worker_.clients.erase(&ends_);
  --worker_.service.clients;
}

asio::awaitable<void> Client::serve() {
  error_code ignored;
  stream_.socket().set_option(tcp::no_delay(true), ignored);
  for (;;) {
    auto request = co_await read();
    if (!request) break;
    const bool keep = request->keep_alive;
    const bool http11 = request->http11;
    const auto started = std::chrono::steady_clock::now();
    const std::string id = request->id;
    const std::string route = route_name(worker_.service, *request);
    const bool sent = co_await answer(*this, std::move(*request));
    log_request(id, route, status_, std::chrono::steady_clock::now() - started);
    // Without chunks, only a reset tells an answer that broke off from one that ended.
    if (!sent && !http11) {
      stream_.socket().set_option(asio::socket_base::linger(true, 0), ignored);
      co_return stream_.close();
    }
    if (!sent || !keep || worker_.service.draining) break;
  }
  stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
}

asio::awaitable<std::optional<Request>> Client::read() {
  error_code error;
  Request request;
  request.id = new_request_id();
  http::request_parser<http::string_body> parser;
  parser.header_limit(kMaxRequestHead);
  parser.body_limit(kMaxRequestBody);
  if (buffer_.size() == 0) {
    // Waits with a small buffer: most connections are quiet most of the time.
    buffer_.shrink_to_fit();
    waiting_ = true;
    stream_.expires_after(kIdleTime);
    const std::size_t size = co_await stream_.async_read_some(buffer_.prepare(kFirstBytes), failing(error));
    buffer_.commit(size);
    waiting_ = false;
    // A connection that is merely quiet ends without a word.
    if (error) co_return std::nullopt;
  }
  stream_.expires_after(kHeadTime);
  co_await http::async_read_header(stream_, buffer_, parser, failing(error));
  if (!error && !has_plain_framing(parser.get())) error = http::error::bad_transfer_encoding;
  if (!error) {
    take_head(parser.get(), request);
    request.keep_alive = parser.get().keep_alive();
    request.inside = inside_;
    request.address = address_of(worker_.service.config, peer_, request);
    // Whoever may not ask is not read from.
    auto refusal = co_await refuse_head(worker_.service, request);
    if (refusal) {
      request.keep_alive = false;
      log_request(request.id, route_name(worker_.service, request), refusal->status, {});
      co_await reply(request, std::move(*refusal));
      co_await linger();
      co_return std::nullopt;
    }
    parser.body_limit(max_body(request));
    stream_.expires_after(kBodyTime);
    if (beast::iequals(parser.get()[http::field::expect], "100-continue")) {
      co_await asio::async_write(stream_, asio::buffer(std::string_view("HTTP/1.1 100 Continue\r\n\r\n")),
                                 failing(error));
    }
    if (!error) co_await http::async_read(stream_, buffer_, parser, failing(error));
  }
  if (!error) {
    request.body = std::move(parser.get().body());
    co_return request;
  }
  const auto problem = problem_of(error);
  if (!problem) co_return std::nullopt;
  // A page may read that its request was too large.
  if (error == http::error::body_limit && request.headers.empty()) take_head(parser.get(), request);
  request.keep_alive = false;
  stream_.expires_after(kHeadTime);
  log_request(request.id, "none", status_of(*problem), {});
  Reply answer = Reply::of({.type = *problem}, request);
  co_await reply(request, std::move(answer));
  co_await linger();
  co_return std::nullopt;
}

asio::awaitable<void> Client::linger() {
  error_code error;
  stream_.socket().shutdown(tcp::socket::shutdown_send, error);
  waiting_ = true;
  stream_.expires_after(kLingerTime);
  for (std::size_t seen = 0; !error && seen < kLingerBytes;) {
    buffer_.clear();
    seen += co_await stream_.async_read_some(buffer_.prepare(kLingerRead), failing(error));
  }
  waiting_ = false;
}

asio::awaitable<bool> Client::write(std::span<const asio::const_buffer> parts) {
  error_code error;
  stream_.expires_after(kWriteTime);
  co_await asio::async_write(stream_, parts, failing(error));
  stream_.expires_never();
  co_return !error;
}

asio::awaitable<bool> Client::reply(const Request& request, Reply reply) {
  begun(reply.status);
  if (reply.problem && !inside_) worker_.service.metrics.refused(*reply.problem);
  add_cors(worker_.service.config, request, reply.headers);
  reply.headers.emplace_back("content-type", reply.content_type);
  const std::string head = head_of(reply.status, reply.headers, static_cast<std::int64_t>(reply.body.size()), request);
  const asio::const_buffer body = request.method == "HEAD" ? asio::const_buffer() : asio::buffer(reply.body);
  const std::array<asio::const_buffer, 2> parts = {asio::buffer(head), body};
  co_return co_await write(parts);
}

std::shared_ptr<void> Client::when_gone(std::function<void()> gone) {
  struct Watch {
    tcp::socket& socket;
    bool over = false;
  };
  auto watch = std::make_shared<Watch>(Watch{stream_.socket()});
  stream_.socket().async_wait(tcp::socket::wait_read, [watch, gone = std::move(gone)](error_code error) {
    if (watch->over || error) return;
    char byte = 0;
    error_code peeked;
    const std::size_t size = watch->socket.receive(asio::buffer(&byte, 1), asio::socket_base::message_peek, peeked);
    // Its next request waits; anything else is its end.
    if (size == 0 && peeked != asio::error::would_block) gone();
  });
  return {watch.get(), [watch](void*) {
            watch->over = true;
            error_code ignored;
            watch->socket.cancel(ignored);
          }};
}

}  // namespace keyhold::server
