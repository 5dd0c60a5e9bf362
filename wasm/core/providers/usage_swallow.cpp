#include "providers/usage_swallow.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace keyhold {

namespace {

constexpr std::string_view kWhite = " \t";
constexpr std::string_view kData = "data:";

/// Positions in a JSON text: of a member's name, of its value, and of what follows it.
struct Member {
  std::size_t name;
  std::size_t value;
  std::size_t end;
};

// Of the outermost object. Looks at brackets and strings only: of a text that is no JSON nothing is found, or something
// that leaves it as wrong as it was.
std::optional<Member> find_member(std::string_view json, std::string_view name) {
  std::optional<Member> found;
  int depth = 0;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (c == '"') {
      const std::size_t begin = i;
      while (++i < json.size() && json[i] != '"') {
        if (json[i] == '\\') ++i;
      }
      if (i >= json.size()) break;
      if (found || depth != 1 || json.substr(begin + 1, i - begin - 1) != name) continue;
      const auto colon = json.find_first_not_of(kWhite, i + 1);
      if (colon == std::string_view::npos || json[colon] != ':') continue;  // a value that reads like the name
      const auto value = json.find_first_not_of(kWhite, colon + 1);
      if (value == std::string_view::npos) break;
      found = {begin, value, 0};
      i = value - 1;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (depth == 1 && found && (c == ',' || c == '}')) {
      found->end = i;
      return found;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return std::nullopt;
}

bool reports_only(std::string_view json) {
  const auto choices = find_member(json, "choices");
  if (!choices || json[choices->value] != '[') return false;
  const auto inside = json.find_first_not_of(kWhite, choices->value + 1);
  return inside != std::string_view::npos && json[inside] == ']';
}

// Without the member, and the comma that parted it from its neighbour.
std::string without(std::string_view json, const Member& member) {
  std::size_t begin = member.name;
  std::size_t end = member.end;
  if (json[end] == ',') {
    end = json.find_first_not_of(kWhite, end + 1);
  } else if (const auto before = json.find_last_not_of(kWhite, begin - 1); json[before] == ',') {
    begin = before;
  }
  return std::string(json.substr(0, begin)).append(json.substr(std::min(end, json.size())));
}

}  // namespace

void UsageSwallow::line(std::string_view text, char end) {
  const bool rest_of_crlf = end == '\n' && std::exchange(after_cr_, false) && text.empty();
  if (rest_of_crlf) {
    if (kept_) out_ += end;
    return;
  }
  after_cr_ = end == '\r';
  kept_ = !dropping_;
  if (dropping_) {
    dropping_ = !text.empty();
    return;
  }
  if (text.substr(0, kData.size()) == kData && text.find("\"usage\"") != std::string_view::npos) {
    const auto usage = find_member(text, "usage");
    if (usage && text[usage->value] == '{' && reports_only(text)) {
      kept_ = false;
      dropping_ = true;
      return;
    }
    if (usage && text.substr(usage->value, 4) == "null" &&
        text.find_first_not_of(kWhite, usage->value + 4) == usage->end) {
      out_ += without(text, *usage);
      out_ += end;
      return;
    }
  }
  out_ += text;
  out_ += end;
}

ByteView UsageSwallow::feed(ByteView bytes) {
  out_.clear();
  for (std::string_view rest = as_text(bytes); !rest.empty();) {
    const std::size_t end = std::min(rest.find_first_of("\r\n"), rest.size());
    if (too_long_) {
      out_ += rest.substr(0, end);
    } else {
      held_ += rest.substr(0, end);
    }
    if (end == rest.size()) {
      if (held_.size() > kMaxHeld && dropping_) {
        held_.resize(1);  // all that matters of it: it is not empty
      } else if (held_.size() > kMaxHeld) {
        too_long_ = true;
        out_ += std::exchange(held_, {});
      }
      break;
    }
    if (std::exchange(too_long_, false)) {
      out_ += rest[end];
      after_cr_ = rest[end] == '\r';
      kept_ = true;
    } else {
      line(held_, rest[end]);
      held_.clear();
    }
    rest.remove_prefix(end + 1);
  }
  return as_bytes(out_);
}

ByteView UsageSwallow::finish() {
  if (!dropping_) out_ += std::exchange(held_, {});
  return as_bytes(out_);
}

}  // namespace keyhold
