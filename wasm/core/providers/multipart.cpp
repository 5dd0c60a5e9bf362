#include "providers/multipart.h"

namespace keyhold {

namespace {

constexpr std::string_view kType = "multipart/form-data";
constexpr std::string_view kParameter = "boundary=";
constexpr std::string_view kWhite = " \t";

bool same_but_for_case(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32 : text[i]) != lower[i]) return false;
  }
  return true;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(kWhite);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kWhite) - first + 1);
}

bool is_boundary(std::string_view text) {
  if (text.empty() || text.size() > kMaxBoundary || text.back() == ' ') return false;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!letter && std::string_view("'()+_,-./:=? ").find(c) == std::string_view::npos) return false;
  }
  return true;
}

bool starts_with(std::string_view text, std::string_view start) { return text.substr(0, start.size()) == start; }

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

}  // namespace

bool is_form_type(std::string_view content_type) {
  return same_but_for_case(trimmed(content_type.substr(0, content_type.find(';'))), kType);
}

std::optional<std::string> form_boundary(std::string_view content_type) {
  if (!is_form_type(content_type)) return std::nullopt;
  const auto semicolon = content_type.find(';');
  if (semicolon == std::string_view::npos) return std::nullopt;
  std::string_view parameter = trimmed(content_type.substr(semicolon + 1));
  if (!same_but_for_case(parameter.substr(0, kParameter.size()), kParameter)) return std::nullopt;
  parameter.remove_prefix(kParameter.size());
  const bool quoted = parameter.size() >= 2 && parameter.front() == '"' && parameter.back() == '"';
  if (quoted) parameter = parameter.substr(1, parameter.size() - 2);
  // Without quotes, what a header's value could not hold there: other servers would read another boundary than we do.
  const bool plain = parameter.find_first_of(" (),/:=?") == std::string_view::npos;
  if (!is_boundary(parameter) || (!quoted && !plain)) return std::nullopt;
  return std::string(parameter);
}

bool is_form(std::string_view boundary, ByteView begin, ByteView end) {
  const std::string line = "--" + std::string(boundary);
  const std::string_view head = as_text(begin);
  std::string_view tail = as_text(end);
  if (ends_with(tail, "\r\n")) tail.remove_suffix(2);
  if (starts_with(head, line + "--")) return tail == line + "--";
  return starts_with(head, line + "\r\n") && ends_with(tail, "\r\n" + line + "--");
}

}  // namespace keyhold
