// fields: reads one object of the configuration, and says of the first thing wrong with it where it is and what is expected.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"

namespace keyhold::server {

/// What is wrong first: "plans[1].limitUsd: a number from 0 to 1000000 is expected". Empty: nothing.
class Fault {
 public:
  void note(const std::string& place, std::string_view expected) {
    if (text_.empty()) text_ = place + ": " + std::string(expected);
  }
  bool any() const noexcept { return !text_.empty(); }
  const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
};

/// Calls for each element of an array, with its place; notes a fault for anything else, and for more than `max` of them.
void each_of(JsonRef list, const std::string& place, std::size_t max, Fault& fault,
             const std::function<void(JsonRef, const std::string& place)>& visit);

/// Reading never fails: what cannot be read gets its default, and the fault says so.
class Fields {
 public:
  /// Notes a member that is not in `known`: a slip of the pen must not be a setting left out.
  Fields(JsonRef object, std::string place, Fault& fault, std::initializer_list<std::string_view> known);

  bool has(std::string_view name) const { return object_ && object_->find(name).has_value(); }
  /// Text of 1 to `max` bytes. Without `otherwise` it must be there.
  std::string text(std::string_view name, std::size_t max, std::optional<std::string> otherwise = {}) const;
  std::int64_t whole(std::string_view name, std::int64_t min, std::int64_t max,
                     std::optional<std::int64_t> otherwise = {}) const;
  /// US dollars, given as a number; in millionths.
  std::int64_t micro_usd(std::string_view name, double max, std::optional<std::int64_t> otherwise = {}) const;
  /// A number, in its hundredths.
  std::int64_t hundredths(std::string_view name, double max, std::optional<std::int64_t> otherwise = {}) const;
  /// Calls for each element of an array, or each member of an object, with its place. Neither need be there.
  void each(std::string_view name, std::size_t max,
            const std::function<void(JsonRef, const std::string& place)>& visit) const;
  void each_member(std::string_view name, std::size_t max,
                   const std::function<void(std::string_view, JsonRef, const std::string& place)>& visit) const;
  /// Null if it is not there.
  std::optional<JsonRef> value(std::string_view name) const;

  std::string place_of(std::string_view name) const;
  void fault(std::string_view name, std::string_view expected) const { fault_.note(place_of(name), expected); }

 private:
  std::int64_t scaled(std::string_view name, const std::string& what, double max, double scale,
                      std::optional<std::int64_t> otherwise) const;

  std::optional<JsonRef> object_;
  std::string place_;
  Fault& fault_;
};

}  // namespace keyhold::server
