// metrics: figures are what was counted, from many threads, and no label is anything but a word that was known before.
#include "server/metrics/metrics.h"

#include <catch2/catch.hpp>
#include <thread>
#include <vector>

using namespace keyhold::server;

namespace {

bool has_line(const std::string& text, const std::string& line) {
  CAPTURE(text);
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE("metrics: what is expected stands there with nothing, and each figure is what was counted") {
  Metrics metrics;
  metrics.expect("openai");
  CHECK(has_line(metrics.text(0, 0), R"(keyhold_calls_total{outcome="2xx",provider="openai"} 0)"));
  for (int i = 0; i < 3; ++i) metrics.call_held();
  metrics.call_ended("openai", 200, 17);
  metrics.call_ended("groq", 429, 0);
  metrics.refused(ProblemType::quota_exceeded);
  metrics.refused(ProblemType::quota_exceeded);
  metrics.webhook(WebhookResult::bad_signature);
  metrics.first_byte(std::chrono::milliseconds(700));
  metrics.calls_repaired(4);
  metrics.keys_not_fetched();
  const std::string text = metrics.text(2, 5);
  CHECK(has_line(text, R"(keyhold_calls_total{outcome="2xx",provider="openai"} 1)"));
  CHECK(has_line(text, R"(keyhold_calls_total{outcome="4xx",provider="groq"} 1)"));
  CHECK(has_line(text, R"(keyhold_charged_micro_usd_total{provider="openai"} 17)"));
  CHECK(has_line(text, "keyhold_calls_held 1"));
  CHECK(has_line(text, R"(keyhold_refusals_total{problem="quota_exceeded"} 2)"));
  CHECK(has_line(text, R"(keyhold_refusals_total{problem="unauthorized"} 0)"));
  CHECK(has_line(text, R"(keyhold_webhook_events_total{result="bad_signature"} 1)"));
  CHECK(has_line(text, R"(keyhold_upstream_first_byte_seconds_bucket{le="0.5"} 0)"));
  CHECK(has_line(text, R"(keyhold_upstream_first_byte_seconds_bucket{le="1"} 1)"));
  CHECK(has_line(text, "keyhold_calls_repaired_total 4"));
  CHECK(has_line(text, "keyhold_token_keys_failures_total 1"));
  CHECK(has_line(text, "keyhold_database_unavailable_total 2"));
  CHECK(has_line(text, "keyhold_clients 5"));
  // The sum of the books goes down with none of them: a counter never does.
  CHECK(has_line(metrics.text(1, 5), "keyhold_database_unavailable_total 2"));
}

TEST_CASE("metrics: an answer's status is one of five classes, whatever it is") {
  Metrics metrics;
  for (const int status : {-1, 0, 99, 199, 600, 10'000}) metrics.call_ended("x", status, 0);
  for (const int status : {200, 299, 300, 404, 599}) metrics.call_ended("x", status, 0);
  const std::string text = metrics.text(0, 0);
  CHECK(has_line(text, R"(keyhold_calls_total{outcome="none",provider="x"} 6)"));
  CHECK(has_line(text, R"(keyhold_calls_total{outcome="2xx",provider="x"} 2)"));
  CHECK(has_line(text, R"(keyhold_calls_total{outcome="5xx",provider="x"} 1)"));
}

TEST_CASE("metrics: many threads count while others read, and nothing is lost") {
  Metrics metrics;
  constexpr int kThreads = 4;
  constexpr int kEach = 2000;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&metrics] {
      for (int i = 0; i < kEach; ++i) {
        metrics.call_held();
        metrics.decided(std::chrono::microseconds(i));
        metrics.refused(ProblemType::rate_limited);
        metrics.call_ended("openai", 200, 3);
      }
    });
  }
  for (int i = 0; i < 20; ++i) CHECK_FALSE(metrics.text(0, 0).empty());
  for (std::thread& thread : threads) thread.join();
  const std::string text = metrics.text(0, 0);
  CHECK(has_line(text, R"(keyhold_calls_total{outcome="2xx",provider="openai"} 8000)"));
  CHECK(has_line(text, R"(keyhold_charged_micro_usd_total{provider="openai"} 24000)"));
  CHECK(has_line(text, "keyhold_quota_decision_seconds_count 8000"));
  CHECK(has_line(text, "keyhold_calls_held 0"));
}
