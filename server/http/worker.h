// worker: what the connections of one thread share, and what all threads share.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <functional>
#include <set>

#include "server/config/config.h"
#include "server/http/rate.h"
#include "server/http/store.h"
#include "server/http/token_keys.h"
#include "server/http/upstream.h"
#include "server/keys/key_ring.h"
#include "server/metrics/metrics.h"

namespace keyhold::server {

/// What is read by all threads, and counted by them.
struct Service {
  const Config& config;
  const PlanTable plans;
  TokenKeys tokens;
  KeyRing keys;
  Store store;
  CallRate rate;
  std::atomic<bool> draining = false;
  std::atomic<int> clients = 0;
  Metrics metrics;
};

/// One thread's.
struct Worker {
  Worker(Service& of, asio::ssl::context& tls) : service(of), pool(context, tls) {}

  Service& service;
  asio::io_context context{1};
  UpstreamPool pool;
  /// Of each client: ends it at once; and only if it is not in the middle of a request.
  struct Ends {
    std::function<void()> now;
    std::function<void()> when_idle;
  };
  std::set<Ends*> clients;
};

/// Wall clock.
UnixMs now_ms();
/// 16 random bytes as text: names a request, in answers and in the log.
std::string new_request_id();

}  // namespace keyhold::server
