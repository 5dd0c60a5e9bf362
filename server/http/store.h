// store: the quota's books, each on a thread of its own, so that no coroutine ever waits on a disk.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "server/quota/quota.h"

namespace keyhold::server {

namespace asio = boost::asio;

class Store {
 public:
  /// At least two books. The last is for what must not wait behind decisions: ask_aside().
  explicit Store(std::vector<QuotaBook> books) {
    for (QuotaBook& book : books) desks_.push_back(std::make_unique<Desk>(std::move(book)));
  }

  /// Runs `question`, which takes a QuotaBook&, on a book's thread, and comes back to this coroutine's.
  template <class Question>
  asio::awaitable<std::invoke_result_t<Question, QuotaBook&>> ask(Question question) {
    return at(*desks_[next_++ % (desks_.size() - 1)], std::move(question));
  }
  /// How many questions the database did not answer, since the start. From any thread.
  std::int64_t failures() const {
    std::int64_t all = 0;
    for (const auto& desk : desks_) all += desk->failures;
    return all;
  }
  /// The same beside all of those, however many wait: leases that are not kept end, and living calls would count as dead.
  template <class Question>
  asio::awaitable<std::invoke_result_t<Question, QuotaBook&>> ask_aside(Question question) {
    return at(*desks_.back(), std::move(question));
  }

 private:
  struct Desk {
    explicit Desk(QuotaBook taken) : book(std::move(taken)) {}
    ~Desk() { thread.join(); }
    QuotaBook book;
    std::atomic<std::int64_t> failures = 0;
    asio::thread_pool thread{1};
  };

  template <class Question>
  static asio::awaitable<std::invoke_result_t<Question, QuotaBook&>> at(Desk& desk, Question question) {
    auto answer = co_await asio::co_spawn(desk.thread, run(desk, std::move(question)), asio::use_awaitable);
    co_return std::move(*answer);
  }
  /// co_spawn makes an empty result before it has one: an answer cannot be empty.
  template <class Question>
  static asio::awaitable<std::optional<std::invoke_result_t<Question, QuotaBook&>>> run(Desk& desk, Question question) {
    std::optional<std::invoke_result_t<Question, QuotaBook&>> answer(question(desk.book));
    desk.failures = desk.book.failures();
    co_return answer;
  }

  std::vector<std::unique_ptr<Desk>> desks_;
  std::atomic<std::size_t> next_ = 0;
};

}  // namespace keyhold::server
