#include "session/access.h"

#include <algorithm>

#include "session/exchange.h"

namespace keyhold {

namespace {

struct Scope {
  CallClass call_class;
  std::string_view name;
};
constexpr Scope kScopes[] = {
    {CallClass::files, "files"},
    {CallClass::images, "images"},
    {CallClass::audio, "audio"},
    {CallClass::batch, "batch"},
};

bool fits(std::string_view pattern, std::string_view model) {
  if (!pattern.ends_with('*')) return pattern == model;
  pattern.remove_suffix(1);
  return model.starts_with(pattern);
}

bool is_pattern(std::string_view text) {
  const std::size_t star = text.find('*');
  return !text.empty() && text.size() <= kMaxGrantModelBytes && (star == text.npos || star + 1 == text.size()) &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

bool is_twice(const std::vector<std::string>& texts, const std::string& text) {
  return std::count(texts.begin(), texts.end(), text) > 1;
}

bool contains(const std::vector<std::string>& texts, std::string_view text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

}  // namespace

bool is_host_origin(std::string_view origin) {
  if (origin.size() > kMaxOriginBytes) return false;
  const std::string root = std::string(origin) + "/";
  const auto url = TargetUrl::parse(root);
  // The one way to write it, and nothing behind it.
  return url && url->query.empty() && url->text() == root && std::count(root.begin(), root.end(), '/') == 3;
}

Result<void> check_terms(const GrantTerms& terms, const Catalogue& catalogue, UnixMs now) {
  if (terms.providers.empty() || terms.providers.size() > kMaxGrantProviders) return Errc::ERR_BAD_INPUT;
  for (const std::string& id : terms.providers) {
    if (!catalogue.find(id)) return Errc::ERR_UNKNOWN_PROVIDER;
    if (is_twice(terms.providers, id)) return Errc::ERR_BAD_INPUT;
  }
  if (terms.models.size() > kMaxGrantModels || !std::all_of(terms.models.begin(), terms.models.end(), is_pattern)) {
    return Errc::ERR_BAD_INPUT;
  }
  for (const std::string& scope : terms.scopes) {
    const bool known =
        std::any_of(std::begin(kScopes), std::end(kScopes), [&](const Scope& one) { return one.name == scope; });
    if (!known || is_twice(terms.scopes, scope)) return Errc::ERR_BAD_INPUT;
  }
  if (!terms.caps.in_bounds()) return Errc::ERR_BAD_INPUT;
  if (terms.expires_at && *terms.expires_at <= now) return Errc::ERR_BAD_INPUT;
  return {};
}

bool covers(const GrantTerms& terms, const GrantTerms& wish) {
  const auto all_in = [](const std::vector<std::string>& some, const std::vector<std::string>& all) {
    return std::all_of(some.begin(), some.end(), [&](const std::string& one) { return contains(all, one); });
  };
  const bool models = terms.models.empty() || (!wish.models.empty() && all_in(wish.models, terms.models));
  return models && all_in(wish.providers, terms.providers) && all_in(wish.scopes, terms.scopes);
}

Result<void> check_access(const Grant& grant, const Match& match, const Outgoing& request) {
  const GrantTerms& terms = grant.terms;
  if (!contains(terms.providers, match.provider->id)) return Errc::ERR_NOT_GRANTED;
  const CallClass asked = match.call->call_class;
  for (const Scope& scope : kScopes) {
    if (scope.call_class == asked && !contains(terms.scopes, scope.name)) return Errc::ERR_NOT_GRANTED;
  }
  // A list of models names none, and nor does a file; a call that does what a model costs has to say which.
  const bool of_model = asked != CallClass::models && asked != CallClass::files;
  if (terms.models.empty() || !of_model) return {};
  const std::string model = match.model.empty() ? model_in(request) : match.model;
  const bool allowed = std::any_of(terms.models.begin(), terms.models.end(),
                                   [&](const std::string& pattern) { return fits(pattern, model); });
  return allowed ? Result<void>() : Errc::ERR_NOT_GRANTED;
}

}  // namespace keyhold
