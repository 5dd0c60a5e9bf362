#include "providers/path_template.h"

namespace keyhold {

namespace {

constexpr std::string_view kModel = "{model}";
constexpr std::string_view kAny = "{id}";

bool starts_with(std::string_view text, std::string_view start) { return text.substr(0, start.size()) == start; }

// Length of the placeholder at the beginning; 0 if there is none.
std::size_t placeholder(std::string_view text) {
  return starts_with(text, kModel) ? kModel.size() : starts_with(text, kAny) ? kAny.size() : 0;
}

}  // namespace

std::optional<std::string> match_path(std::string_view path_template, std::string_view path) {
  std::string_view model;
  while (true) {
    const auto fixed = path_template.substr(0, path_template.find('{'));
    if (!starts_with(path, fixed)) return std::nullopt;
    path.remove_prefix(fixed.size());
    path_template.remove_prefix(fixed.size());
    if (path_template.empty()) break;

    const bool is_model = starts_with(path_template, kModel);
    path_template.remove_prefix(placeholder(path_template));
    // What comes next ends the placeholder: so ':' in a template cannot be swallowed by the model before it.
    const char next = path_template.empty() ? '/' : path_template[0];
    std::size_t length = 0;
    while (length < path.size() && path[length] != next && path[length] != '/') {
      if (path[length] == '%' || (!is_model && path[length] == ':')) return std::nullopt;
      ++length;
    }
    if (length == 0) return std::nullopt;
    if (is_model && model.empty()) model = path.substr(0, length);
    path.remove_prefix(length);
  }
  if (!path.empty()) return std::nullopt;
  return std::string(model);
}

bool is_path_template(std::string_view text) {
  if (text.empty() || text[0] == '/') return false;
  while (!text.empty()) {
    if (const std::size_t length = placeholder(text)) {
      text.remove_prefix(length);
      if (starts_with(text, "{")) return false;
      continue;
    }
    const char c = text[0];
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
                       c == '-' || c == '_' || c == ':' || c == '.';
    if (!plain || starts_with(text, "//") || starts_with(text, "..")) return false;
    text.remove_prefix(1);
  }
  return true;
}

}  // namespace keyhold
