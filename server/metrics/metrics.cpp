#include "server/metrics/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>

namespace keyhold::server {

namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::Registry;

constexpr std::array<const char*, 5> kOutcomes = {"none", "2xx", "3xx", "4xx", "5xx"};
constexpr std::array<const char*, 8> kResults = {"changed",  "counted",    "duplicate",     "older",
                                                 "not_ours", "unreadable", "bad_signature", "unavailable"};
/// Seconds.
const Histogram::BucketBoundaries kFirstByte = {0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120};
const Histogram::BucketBoundaries kDecision = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5};

std::size_t outcome_of(int http_status) {
  return http_status < 200 || http_status > 599 ? 0 : static_cast<std::size_t>(http_status / 100 - 1);
}

double seconds(std::chrono::steady_clock::duration took) { return std::chrono::duration<double>(took).count(); }

Counter& counter(Registry& to, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(to).Add({});
}
Gauge& gauge(Registry& to, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(to).Add({});
}
Histogram& histogram(Registry& to, const char* name, const char* help, const Histogram::BucketBoundaries& buckets) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(to).Add({}, buckets);
}
Family<Counter>& counters(Registry& to, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(to);
}

}  // namespace

struct Metrics::All {
  struct Provider {
    std::array<Counter*, kOutcomes.size()> calls{};
    Counter* charged = nullptr;
  };

  Registry registry;
  Family<Counter>& calls =
      counters(registry, "keyhold_calls_total", "Calls that ended, by provider and the class of its answer's status.");
  Family<Counter>& charged =
      counters(registry, "keyhold_charged_micro_usd_total", "What calls were charged, in millionths of a US dollar.");
  Counter& repaired = counter(registry, "keyhold_calls_repaired_total",
                              "Calls that a process left behind, settled at what was noted of them.");
  Gauge& held = gauge(registry, "keyhold_calls_held", "Calls of this process for which money is held.");
  Gauge& streams = gauge(registry, "keyhold_streams_open", "Answers that are being passed on.");
  Gauge& clients = gauge(registry, "keyhold_clients", "Connections of clients.");
  Family<Counter>& refusals =
      counters(registry, "keyhold_refusals_total", "Answers of the server's own that refuse, by their problem.");
  Histogram& first_byte = histogram(registry, "keyhold_upstream_first_byte_seconds",
                                    "From the sending of a call to the head of the provider's answer.", kFirstByte);
  Histogram& decision = histogram(registry, "keyhold_quota_decision_seconds",
                                  "From asking whether a call may be made to the answer.", kDecision);
  Counter& database = counter(registry, "keyhold_database_unavailable_total",
                              "Questions that the database did not answer, or not in time.");
  Counter& keys = counter(registry, "keyhold_token_keys_failures_total",
                          "Fetches of the keys of tokens that brought no set of keys.");
  Family<Counter>& webhooks =
      counters(registry, "keyhold_webhook_events_total", "Events of Stripe, by what became of them.");

  std::array<Counter*, kResults.size()> of_webhooks{};
  std::map<ProblemType, Counter*> of_problems;
  std::mutex mutex;  // of the providers
  std::map<std::string, Provider, std::less<>> providers;

  Provider& of(std::string_view provider) {
    const std::lock_guard lock(mutex);
    const auto found = providers.find(provider);
    if (found != providers.end()) return found->second;
    const std::string name(provider);
    Provider& made = providers[name];
    for (std::size_t i = 0; i < kOutcomes.size(); ++i) {
      made.calls[i] = &calls.Add({{"provider", name}, {"outcome", kOutcomes[i]}});
    }
    made.charged = &charged.Add({{"provider", name}});
    return made;
  }
};

Metrics::Metrics() : all_(std::make_unique<All>()) {
  for (std::size_t i = 0; i < kResults.size(); ++i)
    all_->of_webhooks[i] = &all_->webhooks.Add({{"result", kResults[i]}});
#define KEYHOLD_PROBLEM(name, status, sentence) \
  all_->of_problems[ProblemType::name] = &all_->refusals.Add({{"problem", #name}});
#include "server/relay/problem.def"
#undef KEYHOLD_PROBLEM
  prometheus::BuildGauge()
      .Name("keyhold_build_info")
      .Help("Always 1; the label has the version.")
      .Register(all_->registry)
      .Add({{"version", KEYHOLD_VERSION}})
      .Set(1);
}

Metrics::~Metrics() = default;

void Metrics::expect(std::string_view provider) { all_->of(provider); }

void Metrics::call_held() { all_->held.Increment(); }

void Metrics::call_ended(std::string_view provider, int http_status, std::int64_t charged_micro_usd) {
  const All::Provider& of = all_->of(provider);
  of.calls[outcome_of(http_status)]->Increment();
  of.charged->Increment(static_cast<double>(charged_micro_usd));
  all_->held.Decrement();
}

void Metrics::call_lost() { all_->held.Decrement(); }
void Metrics::calls_repaired(int calls) { all_->repaired.Increment(calls); }
void Metrics::stream_opened() { all_->streams.Increment(); }
void Metrics::stream_closed() { all_->streams.Decrement(); }
void Metrics::refused(ProblemType type) { all_->of_problems.at(type)->Increment(); }
void Metrics::first_byte(std::chrono::steady_clock::duration took) { all_->first_byte.Observe(seconds(took)); }
void Metrics::decided(std::chrono::steady_clock::duration took) { all_->decision.Observe(seconds(took)); }
void Metrics::keys_not_fetched() { all_->keys.Increment(); }
void Metrics::webhook(WebhookResult result) { all_->of_webhooks[static_cast<std::size_t>(result)]->Increment(); }

std::string Metrics::text(std::int64_t database_failures, int clients) {
  all_->database.Increment(std::max(0.0, static_cast<double>(database_failures) - all_->database.Value()));
  all_->clients.Set(clients);
  return prometheus::TextSerializer().Serialize(all_->registry.Collect());
}

}  // namespace keyhold::server
