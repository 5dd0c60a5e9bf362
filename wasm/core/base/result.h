// result: a value or an error code. Taking the value of a failed result stops the program at once:
// without exceptions tl::expected would read garbage instead.
#pragma once

#include <tl/expected.hpp>
#include <type_traits>
#include <utility>

#include "base/error.h"

namespace keyhold {

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : held_(std::move(value)) {}             // NOLINT(google-explicit-constructor)
  Result(Errc code) : held_(tl::make_unexpected(code)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const noexcept { return held_.has_value(); }
  explicit operator bool() const noexcept { return ok(); }
  /// Only of a failed result.
  Errc error() const noexcept {
    if (ok()) __builtin_trap();
    return held_.error();
  }

  T& value() & noexcept { return checked(); }
  T&& value() && noexcept { return std::move(checked()); }
  const T& value() const& noexcept {
    if (!ok()) __builtin_trap();
    return *held_;
  }
  T& operator*() & noexcept { return checked(); }
  T&& operator*() && noexcept { return std::move(checked()); }
  const T& operator*() const& noexcept { return value(); }
  T* operator->() noexcept { return &checked(); }
  const T* operator->() const noexcept { return &value(); }

 private:
  T& checked() noexcept {
    if (!ok()) __builtin_trap();
    return *held_;
  }
  tl::expected<T, Errc> held_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Errc code) : held_(tl::make_unexpected(code)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const noexcept { return held_.has_value(); }
  explicit operator bool() const noexcept { return ok(); }
  Errc error() const noexcept {
    if (ok()) __builtin_trap();
    return held_.error();
  }

 private:
  tl::expected<void, Errc> held_;
};

/// Returns the error of `expression` from the enclosing function, if it has one.
#define KEYHOLD_CHECK(expression)                                         \
  do {                                                                    \
    if (auto checked_ = (expression); !checked_) return checked_.error(); \
  } while (false)

/// `KEYHOLD_TRY(auto x, f())`: x is the value of f(), or its error is returned.
#define KEYHOLD_TRY(declaration, expression) KEYHOLD_TRY_(declaration, expression, KEYHOLD_NAME_(__LINE__))
#define KEYHOLD_TRY_(declaration, expression, temporary) KEYHOLD_TRY__(declaration, expression, temporary)
#define KEYHOLD_TRY__(declaration, expression, temporary) \
  auto temporary = (expression);                          \
  if (!temporary) return temporary.error();               \
  declaration = std::move(temporary).value()
#define KEYHOLD_NAME_(line) KEYHOLD_NAME__(line)
#define KEYHOLD_NAME__(line) try_##line##_

}  // namespace keyhold
