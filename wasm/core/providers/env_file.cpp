#include "providers/env_file.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "providers/key_format.h"
#include "providers/key_owner.h"

namespace keyhold {

namespace {

constexpr std::string_view kBlank = " \t\r";
constexpr std::string_view kExport = "export ";
constexpr std::string_view kBetween = " \t\r,;{}[]()<>\"'`";
constexpr std::string_view kNoName = "Pasted";
constexpr std::size_t kMaxVariableBytes = 128;

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

/// Without a comment behind it. In quotes a '#' is part of the value.
std::string_view without_comment(std::string_view value) {
  if (value.starts_with('"') || value.starts_with('\'')) {
    const auto end = value.find(value.front(), 1);
    return end == std::string_view::npos ? value : value.substr(1, end - 1);
  }
  const auto comment = value.find(" #");
  return trimmed(value.substr(0, comment));
}

bool is_variable(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && name.size() <= kMaxVariableBytes && std::all_of(name.begin(), name.end(), fits);
}

ProviderRef if_usable(const ProviderRef& provider) { return provider && provider->usable() ? provider : nullptr; }

/// NAME=value, as in a .env file, with no provider if it is the key of none that keys can be stored for. Nothing if it is
/// something else.
std::optional<EnvFile::Key> assigned(const Catalogue& catalogue, std::string_view line) {
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  const std::string_view name = trimmed(line.substr(0, equals));
  if (!is_variable(name)) return std::nullopt;
  const std::string_view value = without_comment(trimmed(line.substr(equals + 1)));
  auto key = clean_key(SecretBytes::copy_of(as_bytes(value)));
  if (!key) return std::nullopt;
  ProviderRef provider = owner_by_name(catalogue, name);
  if (!provider) provider = owner_by_beginning(catalogue, value);
  return EnvFile::Key{if_usable(provider), std::string(name), *std::move(key)};
}

/// What else a line may hold, each where it is recognised: bare keys, a header, "name": "value".
void listed(const Catalogue& catalogue, std::string_view line, std::vector<EnvFile::Key>& into) {
  std::string_view name;
  std::string_view previous;
  while (!line.empty() && into.size() <= kMaxEnvKeys) {
    const std::size_t end = std::min(line.find_first_of(kBetween), line.size());
    const std::string_view piece = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
    if (piece.empty()) continue;
    const KeyText found = find_key(as_bytes(piece));
    ProviderRef provider = is_key(found.key) ? owner_by_beginning(catalogue, found.key) : nullptr;
    if (!provider && !name.empty() && is_key(found.key)) provider = owner_by_name(catalogue, name);
    if (if_usable(provider)) {
      const std::string_view label = found.name.empty() ? name : found.name;
      into.push_back({std::move(provider), std::string(label.empty() ? kNoName : label),
                      SecretBytes::copy_of(as_bytes(found.key))});
    }
    const bool names_next = piece.ends_with(':');
    if (names_next && piece.size() > 1) previous = piece.substr(0, piece.size() - 1);
    name = names_next && is_variable(previous) ? previous : std::string_view();
    previous = piece;
  }
}

}  // namespace

Result<EnvFile> read_env_file(const Catalogue& catalogue, const SecretBytes& text) {
  if (text.size() > kMaxEnvBytes) return Errc::ERR_TOO_LARGE;
  EnvFile file;
  // REVEAL: read line by line; views only, but for the keys, which are SecretBytes again.
  std::string_view left = as_text(text.reveal());
  if (left.starts_with("\xef\xbb\xbf")) left.remove_prefix(3);
  for (std::int64_t number = 1; !left.empty(); ++number) {
    const std::size_t end = std::min(left.find('\n'), left.size());
    std::string_view line = trimmed(left.substr(0, end));
    left.remove_prefix(std::min(end + 1, left.size()));
    if (line.empty() || line.starts_with('#')) continue;
    if (line.starts_with(kExport)) line = trimmed(line.substr(kExport.size()));
    const std::size_t before = file.keys.size();
    if (auto key = assigned(catalogue, line)) {
      if (key->provider) file.keys.push_back(*std::move(key));
    } else {
      listed(catalogue, line, file.keys);
    }
    if (file.keys.size() > kMaxEnvKeys) return Errc::ERR_TOO_MANY;
    if (file.keys.size() == before) file.skipped.push_back(number);
  }
  return file;
}

}  // namespace keyhold
