#include "providers/key_owner.h"

#include <algorithm>
#include <iterator>
#include <string>

namespace keyhold {

namespace {

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

// Of OpenAI and Anthropic.
constexpr std::string_view kAdminBeginnings[] = {"sk-admin-", "sk-ant-admin01-"};

}  // namespace

std::size_t beginning_of(const Provider& provider, std::string_view key) {
  std::size_t length = 0;
  for (const std::string& prefix : provider.key_prefixes) {
    if (key.starts_with(prefix)) length = std::max(length, prefix.size());
  }
  return length;
}

ProviderRef owner_by_beginning(const Catalogue& catalogue, std::string_view key) {
  ProviderRef best;
  std::size_t length = 0;
  for (const ProviderRef& provider : catalogue.all()) {
    // An endpoint of the user's own takes keys that begin in any way.
    const std::size_t fits = provider->kind == ProviderKind::custom ? 0 : beginning_of(*provider, key);
    if (fits == 0 || fits < length) continue;
    best = fits > length ? provider : nullptr;
    length = fits;
  }
  return best;
}

ProviderRef owner_by_name(const Catalogue& catalogue, std::string_view variable) {
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

bool is_admin_key(std::string_view key) {
  return std::any_of(std::begin(kAdminBeginnings), std::end(kAdminBeginnings),
                     [&](std::string_view beginning) { return key.starts_with(beginning); });
}

}  // namespace keyhold
