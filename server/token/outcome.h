// outcome: a value, or what is wrong with what was given. As the core's Result, but with a problem of a part's own: the
// core's codes speak to the person whose keys these are, the server's to a developer or an operator.
#pragma once

#include <utility>
#include <variant>

namespace keyhold::server {

/// Taking the value where there is a problem, or the problem where there is none, stops the program at once.
template <class T, class Problem>
class [[nodiscard]] Outcome {
 public:
  Outcome(T value) : held_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(google-explicit-constructor)
  Outcome(Problem problem) : held_(std::in_place_index<1>, problem) {}   // NOLINT(google-explicit-constructor)

  bool ok() const noexcept { return held_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }

  T& operator*() & noexcept { return checked<0>(held_); }
  const T& operator*() const& noexcept { return checked<0>(held_); }
  T* operator->() noexcept { return &checked<0>(held_); }
  const T* operator->() const noexcept { return &checked<0>(held_); }
  /// The value, moved out.
  T take() && noexcept { return std::move(checked<0>(held_)); }
  Problem problem() const noexcept { return checked<1>(held_); }

 private:
  template <std::size_t kIndex, class Held>
  static auto& checked(Held& held) noexcept {
    if (held.index() != kIndex) __builtin_trap();
    return *std::get_if<kIndex>(&held);
  }

  std::variant<T, Problem> held_;
};

}  // namespace keyhold::server
