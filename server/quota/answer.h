// answer: a value of the quota's, or why there is none. Asking a failed answer for its value throws; it is never garbage.
#pragma once

#include <utility>
#include <variant>

namespace keyhold::server {

enum class QuotaError {
  /// The database is gone, locked past its timeout, full, read-only or damaged. Nothing was changed, or a commit was cut
  /// off and nobody knows; either way the call must not go on (503).
  unavailable,
  /// An id is empty, too long or has a NUL, or an amount is out of bounds.
  bad_input,
  no_such_call,
  /// The account is on a plan the caller's table does not have.
  unknown_plan,
  /// The database was written by a newer keyhold-server.
  newer_schema,
};

/// The answer of something that has nothing to tell but that it was done.
using Done = std::monostate;

template <class T>
class [[nodiscard]] Answer {
 public:
  Answer(T value) : held_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(google-explicit-constructor)
  Answer(QuotaError error) : held_(std::in_place_index<1>, error) {}    // NOLINT(google-explicit-constructor)

  bool ok() const noexcept { return held_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }

  T& value() & { return std::get<0>(held_); }
  T&& value() && { return std::get<0>(std::move(held_)); }
  const T& value() const& { return std::get<0>(held_); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  /// Only of a failed answer.
  QuotaError error() const { return std::get<1>(held_); }

 private:
  std::variant<T, QuotaError> held_;
};

}  // namespace keyhold::server
