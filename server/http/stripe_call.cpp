#include "server/http/stripe_call.h"

#include <boost/asio/steady_timer.hpp>

#include "providers/endpoint.h"
#include "server/billing/stripe_request.h"

namespace keyhold::server {

namespace {

constexpr std::chrono::seconds kAgain{1};
/// A connection that waited may have been closed at the other end just now.
constexpr int kTries = 2;

/// Ends the call when its time is over.
class Deadline {
 public:
  Deadline(asio::io_context& context, UpstreamCall& call, std::chrono::steady_clock::time_point at)
      : timer_(context), call_(call) {
    wait(at);
  }
  ~Deadline() { timer_.cancel(); }
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

 private:
  void wait(std::chrono::steady_clock::time_point at) {
    timer_.expires_at(at);
    timer_.async_wait([this](boost::system::error_code error) {
      if (error) return;
      call_.cancel();
      // What was being resolved is connected to only after that.
      wait(std::chrono::steady_clock::now() + kAgain);
    });
  }
  asio::steady_timer timer_;
  UpstreamCall& call_;
};

asio::awaitable<std::optional<StripeAnswer>> try_once(Worker& worker, const UpstreamAddress& address,
                                                      std::string_view head, std::string_view form,
                                                      std::chrono::steady_clock::time_point until) {
  UpstreamCall call(worker.pool);
  const Deadline deadline(worker.context, call, until);
  const bool sent = co_await call.send(address, head, form);
  if (!sent) co_return std::nullopt;
  auto got = co_await call.read();
  if (got != UpstreamCall::Got::head) co_return std::nullopt;
  StripeAnswer answer;
  answer.status = call.status();
  for (;;) {
    if (answer.body.size() + call.bytes().size() > kMaxStripeAnswer) co_return std::nullopt;
    answer.body.append(call.bytes());
    if (got == UpstreamCall::Got::end) co_return answer;
    got = co_await call.read();
    if (got == UpstreamCall::Got::failed) co_return std::nullopt;
  }
}

std::string head_for(const Billing& billing, const Endpoint& api, const UpstreamAddress& address, std::string_view path,
                     std::size_t length, std::string_view idempotency_key) {
  std::string head = "POST " + std::string(api.path()) + std::string(path) + " HTTP/1.1\r\n";
  const auto line = [&](std::string_view name, std::string_view value) {
    head.append(name).append(": ").append(value).append("\r\n");
  };
  line("host", address.authority());
  // REVEAL: into the one header that Stripe reads it from; the head is wiped once the call is over.
  head.append("authorization: Bearer ").append(as_text(billing.key.reveal())).append("\r\n");
  line("stripe-version", kStripeVersion);
  line("idempotency-key", idempotency_key);
  line("content-type", "application/x-www-form-urlencoded");
  line("accept", "application/json");
  line("user-agent", "keyhold-server");
  line("content-length", std::to_string(length));
  return head += "\r\n";
}

}  // namespace

asio::awaitable<std::optional<StripeAnswer>> call_stripe(Worker& worker, std::string_view path, std::string form,
                                                         std::string idempotency_key) {
  const Billing& billing = *worker.service.config.billing;
  const auto api = Endpoint::parse(billing.api);
  if (!api) co_return std::nullopt;
  const UpstreamAddress address = UpstreamAddress::of(api->origin());
  std::string head = head_for(billing, *api, address, path, form.size(), idempotency_key);
  const auto until = std::chrono::steady_clock::now() + kStripeTime;
  std::optional<StripeAnswer> answer;
  for (int i = 0; i < kTries && !answer && std::chrono::steady_clock::now() < until; ++i) {
    answer = co_await try_once(worker, address, head, form, until);
  }
  wipe({reinterpret_cast<std::uint8_t*>(head.data()), head.size()});
  co_return answer;
}

}  // namespace keyhold::server
