// token_keys: the keys that tokens are verified with, read by all threads; and how they are kept fresh where an address gives them.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>

#include "server/http/upstream.h"
#include "server/token/token.h"

namespace keyhold::server {

struct Worker;

/// Of one fetch, all in all.
inline constexpr std::chrono::seconds kKeyFetchTime{5};
/// While a fetch fails it is tried again after this, then after twice as long, and so on up to the second.
inline constexpr std::chrono::seconds kFirstKeyRetry{1};
inline constexpr std::chrono::seconds kMaxKeyRetry{60};
/// Tokens with an id of no key here make the keys be fetched, this often at the most: ids are made up by anybody.
inline constexpr std::chrono::seconds kUnknownKeyEvery{60};
/// Keys that could not be fetched again for this long are used no more.
inline constexpr std::chrono::hours kMaxKeyAge{24};

/// An address is the operator's own setting, so it may be in a private network; but it is https, or this machine's. Redirects are
/// not followed. A set that cannot be read changes nothing: the last good one stays.
class TokenKeys {
 public:
  /// Keys that stay as they are.
  TokenKeys(TokenRules rules, std::shared_ptr<const KeySet> keys);
  /// Keys of an address of a JWKS; none until they were fetched.
  TokenKeys(TokenRules rules, std::string url);
  TokenKeys(const TokenKeys&) = delete;
  TokenKeys& operator=(const TokenKeys&) = delete;

  /// From any thread. Null: there are no keys (yet, or any more).
  std::shared_ptr<const TokenVerifier> verifier() const;

  /// Before any other thread asks: fetches, on this worker's thread, until stop() is called there.
  void start(Worker& worker);
  void stop() noexcept;
  /// From any thread: a token names a key that is not here. True: the keys were fetched since, or their fetching was waited for; it
  /// may be among them now.
  asio::awaitable<bool> look_again();

 private:
  void take(std::shared_ptr<const KeySet> keys);
  // On the worker's thread.
  asio::awaitable<void> keep_fresh();
  asio::awaitable<bool> look_again_here();
  asio::awaitable<bool> fetch();
  asio::awaitable<bool> read_answer(UpstreamCall& call);

  const TokenRules rules_;
  const std::string url_;  // "": they stay
  mutable std::mutex mutex_;
  std::shared_ptr<const TokenVerifier> verifier_;

  Worker* worker_ = nullptr;
  std::unique_ptr<asio::steady_timer> next_;
  std::weak_ptr<UpstreamCall> fetching_;
  std::chrono::seconds life_{0};
  std::chrono::steady_clock::time_point fetched_at_{};
  std::chrono::steady_clock::time_point next_unknown_{};
  bool busy_ = false;
  bool stopped_ = false;
};

}  // namespace keyhold::server
