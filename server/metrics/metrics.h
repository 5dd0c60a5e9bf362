// metrics: what is counted and measured, for Prometheus. Every label's values are known beforehand: ids of the catalogue's providers,
// names of problems, classes of statuses. Never a user, a model, a key or anything else that comes with a request.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "server/relay/problem.h"

namespace keyhold::server {

/// What became of a webhook.
enum class WebhookResult { changed, counted, duplicate, older, not_ours, unreadable, bad_signature, unavailable };

/// From any thread. Counters are atomic; nothing here waits for a scrape, but for the microsecond in which one copies a histogram.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// Counts of this provider stand there with 0 before its first call.
  void expect(std::string_view provider);

  /// A call is held; each is ended once, in the ledger.
  void call_held();
  /// @param http_status  the provider's; 0: it gave no answer
  void call_ended(std::string_view provider, int http_status, std::int64_t charged_micro_usd);
  /// Another process took it for dead, and ended it.
  void call_lost();
  /// Of calls whose process died, or lost them.
  void calls_repaired(int calls);
  void stream_opened();
  void stream_closed();
  void refused(ProblemType type);
  /// From the sending of a call to the head of the provider's answer.
  void first_byte(std::chrono::steady_clock::duration took);
  /// From asking whether a call may be made to the answer, with the waiting for the database.
  void decided(std::chrono::steady_clock::duration took);
  void keys_not_fetched();
  void webhook(WebhookResult result);

  /// In Prometheus' text format. One thread at a time.
  /// @param database_failures  all since the start
  std::string text(std::int64_t database_failures, int clients);
  static constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";

 private:
  struct All;
  std::unique_ptr<All> all_;
};

}  // namespace keyhold::server
