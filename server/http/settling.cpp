#include "server/http/settling.h"

#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>

#include "server/http/log.h"

namespace keyhold::server {

namespace {

asio::awaitable<bool> try_to_settle(Worker& worker, CallId call, const std::string& provider,
                                    std::optional<Charge> charge, int http_status) {
  const auto end = [call, charge, http_status](QuotaBook& book) -> Answer<Ending> {
    if (!charge) return book.release(call, http_status, now_ms());
    const Figures figures = charge->estimated ? Figures::estimated : Figures::reported;
    return book.settle(call, charge->micro_usd, figures, http_status, now_ms());
  };
  const Answer<Ending> ending = co_await worker.service.store.ask(end);
  if (!ending) {
    log_warning("a call could not be settled");
    const bool final = ending.error() != QuotaError::unavailable;
    if (final) worker.service.metrics.call_lost();
    co_return final;
  }
  if (ending.value().changed) {
    worker.service.metrics.call_ended(provider, http_status, ending.value().charged);
  } else {
    worker.service.metrics.call_lost();
  }
  if (ending.value().clamped) log_warning("a call cost more than was held for it: the bound of its provider is wrong");
  co_return true;
}

asio::awaitable<void> keep_trying(Worker& worker, CallId call, std::string provider, std::optional<Charge> charge,
                                  int http_status) {
  asio::steady_timer timer(worker.context);
  for (int tries = 1; tries < kSettleTries || !worker.service.draining; ++tries) {
    timer.expires_after(tries < kSettleTries ? kSettleAgain : kSettleLater);
    co_await timer.async_wait(asio::use_awaitable);
    const bool done = co_await try_to_settle(worker, call, provider, charge, http_status);
    if (done) break;
  }
}

asio::awaitable<void> note(Worker& worker, CallId call, std::int64_t micro_usd) {
  (void)co_await worker.service.store.ask([=](QuotaBook& book) { return book.progress(call, micro_usd); });
}

}  // namespace

asio::awaitable<void> settle_call(Worker& worker, CallId call, std::string provider, std::optional<Charge> charge,
                                  int http_status) {
  const bool done = co_await try_to_settle(worker, call, provider, charge, http_status);
  if (!done) {
    asio::co_spawn(worker.context, keep_trying(worker, call, std::move(provider), charge, http_status), asio::detached);
  }
}

void note_progress(Worker& worker, CallId call, std::int64_t micro_usd) {
  asio::co_spawn(worker.context, note(worker, call, micro_usd), asio::detached);
}

}  // namespace keyhold::server
