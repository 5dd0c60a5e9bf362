#include "server/http/relay_call.h"

#include <algorithm>
#include <array>
#include <boost/asio/steady_timer.hpp>
#include <charconv>

#include "server/http/routes.h"
#include "server/http/settling.h"
#include "server/relay/admission.h"

namespace keyhold::server {

namespace {

using Clock = std::chrono::steady_clock;

/// Of an answer that was begun: the source is said, so that nobody takes the app's key for their own.
constexpr std::string_view kSource = "keyhold-source";
/// Which call of the ledger's it is: its receipt is asked for by this.
constexpr std::string_view kCall = "keyhold-call";

std::string request_head(ProviderExchange& call, const UpstreamAddress& address) {
  const Outgoing& out = call.request();
  const std::string_view origin = call.provider().base.origin();
  std::string head = std::string(name(out.method)) + " " + out.url.substr(origin.size()) + " HTTP/1.1\r\n";
  const auto line = [&](std::string_view name, std::string_view value) {
    head.append(name).append(": ").append(value).append("\r\n");
  };
  line("host", address.authority());
  for (const auto& [name, value] : out.headers) line(name, value);
  const SecretBytes auth = call.take_auth_value();
  // REVEAL: into the one header that the provider reads it from; the head is wiped once it is sent.
  if (!auth.empty()) line(call.provider().auth.header, as_text(auth.reveal()));
  line("content-length", std::to_string(out.body ? out.body->size() : 0));
  return head += "\r\n";
}

/// What of an answer's head may be passed on, without the provider's own framing: the answer gets another.
Result<Headers> passed_headers(ProviderExchange& call, const UpstreamCall& upstream) {
  auto headers = call.response(upstream.status(), upstream.headers());
  if (headers) std::erase_if(*headers, [](const auto& header) { return header.first == "content-length"; });
  return headers;
}

void wipe_text(std::string& text) { wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()}); }

/// No status, no place for a body where there has to be one, or a body in a form that was not asked for: neither the meter nor the
/// watch for the key could read it.
bool unreadable(int status, const Headers& headers) {
  if (status < 200 || status > 599 || status == 204 || status == 205) return true;
  return std::any_of(headers.begin(), headers.end(), [](const auto& header) {
    return header.first == "content-encoding" && header.second != "identity";
  });
}

/// Counted while it lives.
class OpenStream {
 public:
  explicit OpenStream(Metrics& metrics) : metrics_(metrics) { metrics_.stream_opened(); }
  ~OpenStream() { metrics_.stream_closed(); }
  OpenStream(const OpenStream&) = delete;
  OpenStream& operator=(const OpenStream&) = delete;

 private:
  Metrics& metrics_;
};

/// What is known of a call while it runs.
class Running {
 public:
  Running(Client& client, Admitted admitted, CallId id)
      : client_(client),
        admitted_(std::move(admitted)),
        id_(id),
        upstream_(client.worker().pool),
        timer_(client.worker().context),
        gone_(client.when_gone([this] { left(); })) {
    client_.on_end([this] { left(); });
    look_later();
  }
  ~Running() { client_.on_end({}); }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  asio::awaitable<bool> run(const Request& request);

 private:
  asio::awaitable<bool> pass_on(const Request& request);
  asio::awaitable<bool> refused(const Request& request);
  asio::awaitable<bool> stream(const Request& request);
  asio::awaitable<bool> fail(const Request& request, ProblemType type);
  asio::awaitable<bool> write_chunk(const Request& request, ByteView bytes, bool last);
  asio::awaitable<UpstreamCall::Got> more();

  std::string number() const { return std::to_string(static_cast<std::int64_t>(id_)); }
  Service& service() noexcept { return client_.worker().service; }
  void left() {
    left_ = true;
    upstream_.cancel();
  }
  void look_later();
  void look();

  Client& client_;
  Admitted admitted_;
  CallId id_;
  UpstreamCall upstream_;
  asio::steady_timer timer_;
  bool left_ = false;  // the client
  bool silent_ = false;
  bool begun_ = false;  // the client has a head
  std::int64_t noted_micro_usd_ = 0;
  Clock::time_point moved_ = Clock::now();
  std::shared_ptr<void> gone_;
};

void Running::look_later() {
  timer_.expires_after(kLookEvery);
  timer_.async_wait([this](boost::system::error_code error) {
    if (!error) look();
  });
}

void Running::look() {
  if (Clock::now() - moved_ > kUpstreamSilence) {
    silent_ = true;
    return upstream_.cancel();
  }
  const auto charge = charge_of(admitted_, service().config, now_ms());
  if (charge && charge->micro_usd > noted_micro_usd_) {
    noted_micro_usd_ = charge->micro_usd;
    note_progress(client_.worker(), id_, noted_micro_usd_);
  }
  look_later();
}

asio::awaitable<UpstreamCall::Got> Running::more() {
  const auto got = co_await upstream_.read();
  moved_ = Clock::now();
  co_return got;
}

asio::awaitable<bool> Running::run(const Request& request) {
  bool usable = co_await pass_on(request);
  timer_.cancel();
  gone_.reset();
  const auto charge = charge_of(admitted_, service().config, now_ms());
  co_await settle_call(client_.worker(), id_, admitted_.call.provider().id, charge, upstream_.status());
  co_return usable && !left_;
}

asio::awaitable<bool> Running::pass_on(const Request& request) {
  ProviderExchange& call = admitted_.call;
  const UpstreamAddress address = UpstreamAddress::of(call.provider().base.origin());
  std::string head = request_head(call, address);
  const std::string no_body;
  const auto begun_at = Clock::now();
  const bool sent = co_await upstream_.send(address, head, call.request().body ? *call.request().body : no_body);
  wipe_text(head);
  moved_ = Clock::now();
  if (!sent && !left_) call.network_failed({});
  if (!sent) co_return co_await fail(request, ProblemType::upstream_failed);
  const auto first = co_await more();
  if (first != UpstreamCall::Got::head) {
    if (!left_ && !silent_) call.network_failed({});
    co_return co_await fail(request, silent_ ? ProblemType::upstream_timeout : ProblemType::upstream_failed);
  }
  service().metrics.first_byte(Clock::now() - begun_at);
  if (unreadable(upstream_.status(), upstream_.headers())) {
    (void)call.response(upstream_.status(), upstream_.headers());  // for what it is charged
    co_return co_await fail(request, ProblemType::upstream_failed);
  }
  const bool success = upstream_.status() >= 200 && upstream_.status() < 300;
  // Nothing waits within a condition here: g++ 12 has run both arms of one, and lost its place in another.
  if (success) co_return co_await stream(request);
  co_return co_await refused(request);
}

asio::awaitable<bool> Running::fail(const Request& request, ProblemType type) {
  if (left_ || begun_) co_return false;
  begun_ = true;
  Reply reply = Reply::of({.type = type}, request);
  reply.headers.emplace_back(kCall, number());
  co_return co_await client_.reply(request, std::move(reply));
}

// A provider's refusal is looked at as a whole: that of the app's key is none of the user's.
asio::awaitable<bool> Running::refused(const Request& request) {
  ProviderExchange& call = admitted_.call;
  auto headers = passed_headers(call, upstream_);
  if (!headers) co_return co_await fail(request, ProblemType::key_reflected);
  std::string body;
  for (auto got = UpstreamCall::Got::head;; got = co_await more()) {
    if (got == UpstreamCall::Got::failed || body.size() + upstream_.bytes().size() > kMaxRefusal) {
      co_return co_await fail(request, ProblemType::upstream_failed);
    }
    const auto released = call.feed(as_bytes(upstream_.bytes()));
    if (!released) co_return co_await fail(request, ProblemType::key_reflected);
    body.append(as_text(*released));
    if (got == UpstreamCall::Got::end) break;
  }
  const auto rest = call.end();
  if (!rest) co_return co_await fail(request, ProblemType::key_reflected);
  body.append(as_text(*rest));
  begun_ = true;
  if (auto problem = app_key_problem(admitted_)) {
    service().keys.expire();
    problem->add_key = service().config.add_key_url;
    Reply reply = Reply::of(*problem, request);
    reply.headers.emplace_back(kCall, number());
    co_return co_await client_.reply(request, std::move(reply));
  }
  Reply reply{upstream_.status(), std::move(body), "application/json", {}};
  for (auto& [name, value] : *headers) {
    if (name == "content-type") {
      reply.content_type = std::move(value);
    } else {
      reply.headers.emplace_back(std::move(name), std::move(value));
    }
  }
  reply.headers.emplace_back(kSource, "app");
  reply.headers.emplace_back(kCall, number());
  co_return co_await client_.reply(request, std::move(reply));
}

asio::awaitable<bool> Running::stream(const Request& request) {
  ProviderExchange& call = admitted_.call;
  auto headers = passed_headers(call, upstream_);
  if (!headers) co_return co_await fail(request, ProblemType::key_reflected);
  add_cors(service().config, request, *headers);
  headers->emplace_back(kSource, "app");
  headers->emplace_back(kCall, number());
  const std::string head = head_of(upstream_.status(), *headers, -1, request);
  begun_ = true;
  const OpenStream open(service().metrics);
  client_.begun(upstream_.status());
  const std::array<asio::const_buffer, 1> parts = {asio::buffer(head)};
  bool written = co_await client_.write(parts);
  if (!written) co_return false;
  for (auto got = UpstreamCall::Got::head;; got = co_await more()) {
    // A client sees that the answer is not whole: its last chunk never comes.
    if (got == UpstreamCall::Got::failed) co_return false;
    const auto released = call.feed(as_bytes(upstream_.bytes()));
    if (!released) co_return false;
    written = co_await write_chunk(request, *released, false);
    if (!written) co_return false;
    if (got == UpstreamCall::Got::end) break;
  }
  const auto rest = call.end();
  if (!rest) co_return false;
  co_return co_await write_chunk(request, *rest, true);
}

asio::awaitable<bool> Running::write_chunk(const Request& request, ByteView bytes, bool last) {
  std::array<char, 20> size{};
  char* end = std::to_chars(size.data(), size.data() + 16, bytes.size(), 16).ptr;
  *end++ = '\r';
  *end++ = '\n';
  const std::string_view text = as_text(bytes);
  const std::string_view none;
  const bool framed = request.http11;
  const std::array<asio::const_buffer, 4> parts = {
      asio::buffer(framed && !bytes.empty() ? std::string_view(size.data(), static_cast<std::size_t>(end - size.data()))
                                            : none),
      asio::buffer(text), asio::buffer(framed && !bytes.empty() ? std::string_view("\r\n") : none),
      asio::buffer(framed && last ? std::string_view("0\r\n\r\n") : none)};
  if (bytes.empty() && !(framed && last)) co_return true;
  const bool written = co_await client_.write(parts);
  moved_ = Clock::now();
  co_return written;
}

Problem problem_of(const ReserveOutcome& outcome, const Config& config) {
  if (const auto* over = std::get_if<QuotaExceeded>(&outcome)) {
    Problem problem{.type = ProblemType::quota_exceeded, .add_key = config.add_key_url};
    problem.needed_micro_usd = over->needed;
    problem.available_micro_usd = over->available;
    if (over->resets_at != 0) problem.resets_at = over->resets_at;
    return problem;
  }
  if (const auto* held = std::get_if<QuotaHeld>(&outcome)) {
    return {.type = ProblemType::quota_held, .available_micro_usd = held->available, .retry_after_s = 1};
  }
  if (std::holds_alternative<TooManyRunning>(outcome)) {
    return {.type = ProblemType::too_many_running, .retry_after_s = 1};
  }
  if (const auto* first = std::get_if<Duplicate>(&outcome)) {
    constexpr std::string_view kStates[] = {"held", "settled", "released"};
    Problem problem{.type = ProblemType::idempotent_replay};
    problem.first_call = std::to_string(static_cast<std::int64_t>(first->call));
    problem.first_state = kStates[static_cast<int>(first->state)];
    if (first->http_status != 0) problem.first_status = first->http_status;
    if (first->state != CallState::held) problem.first_charged_micro_usd = first->charged;
    return problem;
  }
  return {.type = ProblemType::plan_lapsed, .add_key = config.add_key_url};
}

}  // namespace

namespace {

/// A call for which money is held, or why there is none.
struct Begun {
  std::optional<Problem> problem;
  std::optional<Admitted> admitted;
  CallId id{};
};

/// All that is decided before a call is sent, on the book's own thread: going there and back costs more than what is done there.
Begun begin(QuotaBook& book, Service& service, const Request& request, std::string_view provider,
            std::string_view rest) {
  const Problem unavailable{.type = ProblemType::unavailable, .retry_after_s = 1};
  const auto account = book.account(request.user, service.plans, now_ms());
  if (!account) return {unavailable, {}};
  const Plan* plan = service.config.plan(account.value().plan);
  if (plan == nullptr) {
    return {Problem{.type = ProblemType::plan_lapsed, .add_key = service.config.add_key_url}, {}};
  }
  if (const auto wait = service.rate.admit(request.user, plan->calls_per_minute, now_ms())) {
    return {Problem{.type = ProblemType::rate_limited, .retry_after_s = *wait}, {}};
  }
  service.keys.refresh([&] { return read_keys(book); }, now_ms());
  const KeyRing::Found found = service.keys.find(provider, request.organisation);
  const std::int64_t markup = found.managed ? plan->markup : 0;
  const AskedCall asked{request.method,         provider,        rest,  request.headers,
                        as_bytes(request.body), found.key.get(), markup};
  auto admitted = admit(service.config, *plan, asked, now_ms());
  if (auto* problem = std::get_if<Problem>(&admitted)) return {std::move(*problem), {}};
  Admitted& ready = std::get<Admitted>(admitted);

  const Reservation wanted{request.user,
                           std::string(request.header("idempotency-key")),
                           std::string(provider),
                           ready.model,
                           ready.most_micro_usd,
                           request.address,
                           request.id,
                           found.managed ? request.organisation : "",
                           markup};
  const auto outcome = book.reserve(wanted, service.plans, now_ms());
  if (!outcome) {
    const bool bad = outcome.error() == QuotaError::bad_input;
    return {bad ? Problem{.type = ProblemType::malformed_request} : unavailable, {}};
  }
  const auto* held = std::get_if<Held>(&outcome.value());
  if (held == nullptr) return {problem_of(outcome.value(), service.config), {}};
  return {{}, std::move(ready), held->call};
}

}  // namespace

asio::awaitable<bool> relay(Client& client, const Request& request, std::string_view provider, std::string_view rest) {
  Service& service = client.worker().service;
  Begun begun;
  if (service.draining) {
    begun.problem = Problem{.type = ProblemType::shutting_down, .retry_after_s = 5};
  } else {
    const auto decide = [&](QuotaBook& book) { return begin(book, service, request, provider, rest); };
    const auto asked_at = Clock::now();
    begun = co_await service.store.ask(decide);
    service.metrics.decided(Clock::now() - asked_at);
  }
  if (begun.problem) {
    Reply reply = Reply::of(*begun.problem, request);
    co_return co_await client.reply(request, std::move(reply));
  }
  service.metrics.call_held();
  Running running(client, std::move(*begun.admitted), begun.id);
  co_return co_await running.run(request);
}

}  // namespace keyhold::server
