// held: things that JavaScript has under a number. A number is never used twice, so a late one finds nothing.
#pragma once

#include <cstdint>
#include <map>
#include <utility>

namespace keyhold::bindings {

using Number = std::uint32_t;

class Numbers {
 public:
  /// Never 0, which is the engine itself.
  Number next() noexcept { return ++last_; }

 private:
  Number last_ = 0;
};

template <class Thing>
class Held {
 public:
  explicit Held(Numbers& numbers) noexcept : numbers_(numbers) {}

  Number hold(Thing thing) {
    const Number number = numbers_.next();
    things_.emplace(number, std::move(thing));
    return number;
  }
  /// Null for a number that is not, or no longer, one of these.
  Thing* find(Number number) noexcept {
    const auto found = things_.find(number);
    return found == things_.end() ? nullptr : &found->second;
  }
  void release(Number number) noexcept { things_.erase(number); }
  void release_all() noexcept { things_.clear(); }

 private:
  Numbers& numbers_;
  std::map<Number, Thing> things_;
};

}  // namespace keyhold::bindings
