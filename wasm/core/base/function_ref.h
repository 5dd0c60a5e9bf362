// function_ref: a callable handed down a call, by reference. Costs two words and one shared body, where std::function
// costs an allocation and a class per lambda; that is most of a kilobyte each in WebAssembly.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace keyhold {

template <class Signature>
class FunctionRef;

/// Valid only as long as the callable it was made from: for parameters, never for members.
template <class R, class... Args>
class FunctionRef<R(Args...)> {
 public:
  // NOLINTBEGIN(google-explicit-constructor,bugprone-forwarding-reference-overload): any callable is welcome as it is.
  template <class F, class = std::enable_if_t<!std::is_same_v<std::remove_cvref_t<F>, FunctionRef>>>
  FunctionRef(F&& callable) noexcept
      : callable_(const_cast<void*>(static_cast<const void*>(std::addressof(callable)))),
        call_([](void* target, Args... args) -> R {
          return (*static_cast<std::remove_reference_t<F>*>(target))(std::forward<Args>(args)...);
        }) {}
  // NOLINTEND(google-explicit-constructor,bugprone-forwarding-reference-overload)

  R operator()(Args... args) const { return call_(callable_, std::forward<Args>(args)...); }

 private:
  void* callable_;
  R (*call_)(void*, Args...);
};

}  // namespace keyhold
