#include "server/config/fields.h"

#include <algorithm>
#include <cmath>

namespace keyhold::server {

namespace {

std::string range(std::int64_t min, std::int64_t max) {
  return "a whole number from " + std::to_string(min) + " to " + std::to_string(max) + " is expected";
}

}  // namespace

Fields::Fields(JsonRef object, std::string place, Fault& fault, std::initializer_list<std::string_view> known)
    : place_(std::move(place)), fault_(fault) {
  if (!object.is_object()) {
    fault.note(place_.empty() ? "the configuration" : place_, "an object is expected");
    return;
  }
  object_ = object;
  (void)object.each_member([&](std::string_view name, JsonRef) -> Result<void> {
    if (std::find(known.begin(), known.end(), name) == known.end()) this->fault(name, "there is no such setting");
    return {};
  });
}

std::string Fields::place_of(std::string_view name) const {
  return (place_.empty() ? "" : place_ + ".") + std::string(name);
}

std::optional<JsonRef> Fields::value(std::string_view name) const {
  return object_ ? object_->find(name) : std::nullopt;
}

std::string Fields::text(std::string_view name, std::size_t max, std::optional<std::string> otherwise) const {
  const auto found = value(name);
  if (!found && otherwise) return *otherwise;
  const auto text = found ? found->text(max) : Result<std::string_view>(Errc::ERR_BAD_JSON);
  if (text && !text->empty() && text->find('\0') == std::string_view::npos) return std::string(*text);
  fault(name, "a text of 1 to " + std::to_string(max) + " bytes is expected");
  return {};
}

std::int64_t Fields::whole(std::string_view name, std::int64_t min, std::int64_t max,
                           std::optional<std::int64_t> otherwise) const {
  const auto found = value(name);
  if (!found && otherwise) return *otherwise;
  const auto number = found ? found->integer(min, max) : Result<std::int64_t>(Errc::ERR_BAD_JSON);
  if (number) return *number;
  fault(name, range(min, max));
  return min;
}

std::int64_t Fields::micro_usd(std::string_view name, double max, std::optional<std::int64_t> otherwise) const {
  return scaled(name, "a number of US dollars", max, 1e6, otherwise);
}

std::int64_t Fields::hundredths(std::string_view name, double max, std::optional<std::int64_t> otherwise) const {
  return scaled(name, "a number", max, 100, otherwise);
}

std::int64_t Fields::scaled(std::string_view name, const std::string& what, double max, double scale,
                            std::optional<std::int64_t> otherwise) const {
  const auto found = value(name);
  if (!found && otherwise) return *otherwise;
  const auto number = found ? found->number() : Result<double>(Errc::ERR_BAD_JSON);
  if (number && *number >= 0 && *number <= max) return std::llround(*number * scale);
  fault(name, what + " from 0 to " + std::to_string(static_cast<std::int64_t>(max)) + " is expected");
  return 0;
}

void each_of(JsonRef list, const std::string& place, std::size_t max, Fault& fault,
             const std::function<void(JsonRef, const std::string&)>& visit) {
  if (!list.is_array() || list.size() > max) {
    return fault.note(place, "a list of at most " + std::to_string(max) + " is expected");
  }
  std::size_t at = 0;
  (void)list.each([&](JsonRef element) -> Result<void> {
    visit(element, place + "[" + std::to_string(at++) + "]");
    return {};
  });
}

void Fields::each(std::string_view name, std::size_t max,
                  const std::function<void(JsonRef, const std::string&)>& visit) const {
  if (const auto found = value(name)) each_of(*found, place_of(name), max, fault_, visit);
}

void Fields::each_member(std::string_view name, std::size_t max,
                         const std::function<void(std::string_view, JsonRef, const std::string&)>& visit) const {
  const auto found = value(name);
  if (!found) return;
  if (!found->is_object() || found->size() > max) {
    return fault(name, "an object of at most " + std::to_string(max) + " members is expected");
  }
  (void)found->each_member([&](std::string_view member, JsonRef element) -> Result<void> {
    visit(member, element, place_of(name) + "." + std::string(member));
    return {};
  });
}

}  // namespace keyhold::server
