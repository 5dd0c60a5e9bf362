// plain_json: an object just as JsonOut writes it, read in place with nothing set up for it. A short cut, never a
// judgement: what is written in any other way, valid or not, is for Json.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace keyhold {

class PlainJson {
 public:
  /// Digits of a number that is read here; every such number fits.
  static constexpr std::size_t kMaxDigits = 15;

  explicit PlainJson(std::string_view text) noexcept : rest_(text) {}

  /// The next member, if it has this name and is a text of printable ASCII without escapes. If not, nothing is read:
  /// the next call may ask for another name.
  std::optional<std::string_view> text(std::string_view name) noexcept;
  /// The same for a whole number from 0 up.
  std::optional<std::int64_t> count(std::string_view name) noexcept;
  /// There is nothing left but the end of the object.
  bool ended() const noexcept { return begun_ && rest_ == "}"; }

 private:
  /// What follows the next member's name and colon, if that is its name.
  std::optional<std::string_view> value_of(std::string_view name) const noexcept;
  void go_on(std::string_view rest) noexcept;

  std::string_view rest_;
  bool begun_ = false;
};

}  // namespace keyhold
