#include "providers/env_file.h"

#include <algorithm>

#include "providers/key_format.h"

namespace keyhold {

namespace {

constexpr std::string_view kBlank = " \t\r";
constexpr std::string_view kExport = "export ";
constexpr std::size_t kMaxVariableBytes = 128;

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

/// In small letters and digits, everything else left out: OPEN_ROUTER and openrouter are one word.
std::string word_of(std::string_view text) {
  std::string word;
  for (const char c : text) {
    if (c >= 'A' && c <= 'Z') word += static_cast<char>(c + 32);
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) word += c;
  }
  return word;
}

// What some call a provider whose id is another word.
struct OtherName {
  std::string_view word;
  std::string_view provider;
};
constexpr OtherName kOtherNames[] = {{"gemini", "google"}, {"claude", "anthropic"}, {"grok", "xai"},
                                     {"kimi", "moonshot"}, {"dashscope", "qwen"},   {"zhipu", "zai-cn"}};

/// The provider whose name is longest among those the variable's name holds, so that openrouter is not openai.
ProviderRef by_name(const Catalogue& catalogue, std::string_view variable) {
  const std::string word = word_of(variable);
  ProviderRef best;
  std::size_t length = 0;
  const auto consider = [&](const ProviderRef& provider, std::string_view name) {
    if (provider && name.size() > length && word.find(name) != std::string::npos) {
      best = provider;
      length = name.size();
    }
  };
  for (const ProviderRef& provider : catalogue.all()) consider(provider, word_of(provider->id));
  for (const OtherName& other : kOtherNames) consider(catalogue.find(other.provider), other.word);
  return best;
}

/// The provider with the longest beginning that fits; none if two fit equally well.
ProviderRef by_beginning(const Catalogue& catalogue, std::string_view key) {
  ProviderRef best;
  std::size_t length = 0;
  for (const ProviderRef& provider : catalogue.all()) {
    for (const std::string& prefix : provider->key_prefixes) {
      if (!key.starts_with(prefix) || prefix.size() < length) continue;
      best = prefix.size() > length ? provider : nullptr;
      length = prefix.size();
    }
  }
  return best;
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
    const std::size_t equals = line.find('=');
    const std::string_view name = trimmed(line.substr(0, equals));
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view() : without_comment(trimmed(line.substr(equals + 1)));
    auto key = clean_key(SecretBytes::copy_of(as_bytes(value)));
    ProviderRef provider;
    if (key && is_variable(name)) {
      provider = by_name(catalogue, name);
      if (!provider) provider = by_beginning(catalogue, value);
    }
    if (!provider || !provider->usable()) {
      file.skipped.push_back(number);
      continue;
    }
    if (file.keys.size() == kMaxEnvKeys) return Errc::ERR_TOO_MANY;
    file.keys.push_back({std::move(provider), std::string(name), *std::move(key)});
  }
  return file;
}

}  // namespace keyhold
