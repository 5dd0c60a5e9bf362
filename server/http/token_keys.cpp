#include "server/http/token_keys.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "server/http/log.h"
#include "server/http/worker.h"
#include "server/token/key_life.h"

namespace keyhold::server {

namespace {

using boost::system::error_code;
using Clock = std::chrono::steady_clock;

std::string head_of(const TargetUrl& url, const UpstreamAddress& address) {
  const std::string target = url.text().substr(url.origin.size());
  return "GET " + target + " HTTP/1.1\r\nhost: " + address.authority() +
         "\r\naccept: application/jwk-set+json, application/json\r\nuser-agent: keyhold-server\r\nconnection: "
         "close\r\n\r\n";
}

std::string_view header(const Headers& headers, std::string_view name) {
  const auto found = std::find_if(headers.begin(), headers.end(), [&](const auto& one) { return one.first == name; });
  return found == headers.end() ? std::string_view() : found->second;
}

}  // namespace

TokenKeys::TokenKeys(TokenRules rules, std::shared_ptr<const KeySet> keys) : rules_(std::move(rules)) {
  take(std::move(keys));
}

TokenKeys::TokenKeys(TokenRules rules, std::string url) : rules_(std::move(rules)), url_(std::move(url)) {}

std::shared_ptr<const TokenVerifier> TokenKeys::verifier() const {
  const std::lock_guard lock(mutex_);
  return verifier_;
}

void TokenKeys::take(std::shared_ptr<const KeySet> keys) {
  std::shared_ptr<const TokenVerifier> made;
  if (keys) {
    auto verifier = TokenVerifier::make(rules_, std::move(keys));
    if (verifier) made = std::make_shared<const TokenVerifier>(std::move(*verifier));
  }
  const std::lock_guard lock(mutex_);
  // The last user of the old one frees it, not this lock's.
  verifier_.swap(made);
}

void TokenKeys::start(Worker& worker) {
  if (url_.empty()) return;
  worker_ = &worker;
  next_ = std::make_unique<asio::steady_timer>(worker.context);
  asio::co_spawn(worker.context, keep_fresh(), asio::detached);
}

void TokenKeys::stop() noexcept {
  stopped_ = true;
  if (next_) next_->cancel();
  if (const auto call = fetching_.lock()) call->cancel();
}

asio::awaitable<void> TokenKeys::keep_fresh() {
  auto retry = kFirstKeyRetry;
  while (!stopped_) {
    const bool fetched = co_await fetch();
    auto wait = life_;
    if (fetched) {
      retry = kFirstKeyRetry;
    } else {
      wait = retry;
      retry = std::min(2 * retry, kMaxKeyRetry);
      if (verifier() && Clock::now() - fetched_at_ > kMaxKeyAge) {
        log_warning("the keys of tokens are too old, and are used no more");
        take(nullptr);
      }
    }
    if (stopped_) break;
    next_->expires_after(wait);
    error_code ignored;
    co_await next_->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  next_.reset();
}

asio::awaitable<bool> TokenKeys::look_again() {
  if (url_.empty()) co_return false;
  co_return co_await asio::co_spawn(worker_->context, look_again_here(), asio::use_awaitable);
}

asio::awaitable<bool> TokenKeys::look_again_here() {
  if (stopped_) co_return false;
  if (!busy_) {
    const auto now = Clock::now();
    if (now < next_unknown_) co_return false;
    next_unknown_ = now + kUnknownKeyEvery;
  }
  co_return co_await fetch();
}

/// One at a time: whoever comes while one is under way waits for it.
asio::awaitable<bool> TokenKeys::fetch() {
  if (busy_) {
    const auto until = Clock::now() + kKeyFetchTime;
    asio::steady_timer pause(worker_->context);
    while (busy_ && Clock::now() < until) {
      pause.expires_after(std::chrono::milliseconds(10));
      co_await pause.async_wait(asio::use_awaitable);
    }
    co_return !busy_;
  }
  busy_ = true;
  const auto call = std::make_shared<UpstreamCall>(worker_->pool);
  fetching_ = call;
  asio::steady_timer limit(worker_->context);
  limit.expires_after(kKeyFetchTime);
  limit.async_wait([call](error_code error) {
    if (!error) call->cancel();
  });
  bool good = false;
  const auto url = TargetUrl::parse(url_);
  if (url) {
    const UpstreamAddress address = UpstreamAddress::of(url->origin);
    const std::string head = head_of(*url, address);
    const std::string no_body;
    const bool sent = co_await call->send(address, head, no_body);
    if (sent) good = co_await read_answer(*call);
  }
  limit.cancel();
  if (good) fetched_at_ = Clock::now();
  if (!good && !stopped_) {
    log_warning("the keys of tokens cannot be fetched, or are no set of public keys");
    worker_->service.metrics.keys_not_fetched();
  }
  busy_ = false;
  co_return good;
}

asio::awaitable<bool> TokenKeys::read_answer(UpstreamCall& call) {
  std::string body;
  std::string cache_control;
  for (;;) {
    const auto got = co_await call.read();
    if (got == UpstreamCall::Got::failed) co_return false;
    if (got == UpstreamCall::Got::head) {
      if (call.status() != 200) co_return false;
      cache_control = header(call.headers(), "cache-control");
    }
    body += call.bytes();
    if (body.size() > kMaxKeyDocumentBytes) co_return false;
    if (got == UpstreamCall::Got::end) break;
  }
  auto set = KeySet::parse(body, KeySource::url);
  if (!set) co_return false;
  life_ = key_life(cache_control);
  take(std::make_shared<const KeySet>(std::move(set).take()));
  co_return true;
}

}  // namespace keyhold::server
