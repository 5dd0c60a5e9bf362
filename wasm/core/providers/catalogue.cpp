#include "providers/catalogue.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "providers/path_template.h"
#include "providers/provider_json.h"

namespace keyhold {

// Made from wasm/catalogue/providers.json when the library is built.
extern const unsigned char kCatalogueJson[];
extern const unsigned long kCatalogueJsonSize;

namespace {

constexpr std::size_t kMaxCustomText = 128;  // id or name of a user's endpoint

/// `known`: providers that entries may be like, beside those before them in the list.
Result<std::vector<Provider>> read_providers(JsonRef list, ProviderKind kind, const Catalogue& known) {
  if (list.size() > Catalogue::kMaxProviders) return Errc::ERR_TOO_MANY;
  std::vector<Provider> providers;
  providers.reserve(list.size());
  KEYHOLD_CHECK(list.each([&](JsonRef entry) -> Result<void> {
    ProviderRef other;
    const Provider* like = nullptr;
    if (const auto field = entry.find("like")) {
      KEYHOLD_TRY(const auto id, field->text(kMaxProviderId));
      other = known.find(id);
      like = other.get();
      for (const Provider& before : providers) {
        if (before.id == id) like = &before;
      }
      if (like == nullptr) return Errc::ERR_BAD_JSON;
    }
    KEYHOLD_TRY(auto provider, parse_provider(entry, kind, like));
    providers.push_back(std::move(provider));
    return {};
  }));
  return providers;
}

bool is_date(std::string_view text) {
  constexpr std::string_view kForm = "0000-00-00";
  if (text.size() != kForm.size()) return false;
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    if (kForm[i] == '-' ? text[i] != '-' : text[i] < '0' || text[i] > '9') return false;
  }
  return true;
}

bool clashes(const Provider& a, const Provider& b) {
  return a.id == b.id || (!a.example && !b.example && a.base.overlaps(b.base));
}

bool contains(const std::vector<std::string>& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

bool starts_with(std::string_view text, std::string_view start) { return text.substr(0, start.size()) == start; }

// What is left of the path below the base, or below what stands beside it.
std::optional<std::string_view> path_below(const Provider& provider, const TargetUrl& url) {
  if (const auto rest = url.rest_within(provider.base)) return *rest;
  for (const std::string& prefix : provider.beside) {
    if (starts_with(url.path, prefix)) return std::string_view(url.path).substr(prefix.size());
  }
  return std::nullopt;
}

// A template that begins with '/' is for the whole path of the origin, every other one for what is below the base.
std::optional<std::string> match_call(const Call& call, const TargetUrl& url,
                                      const std::optional<std::string_view>& rest) {
  if (call.path[0] == '/') return match_path(call.path, url.path);
  return rest ? match_path(call.path, *rest) : std::nullopt;
}

}  // namespace

Result<Catalogue> Catalogue::builtin() { return parse({kCatalogueJson, kCatalogueJsonSize}); }

Result<Catalogue> Catalogue::parse(ByteView json, ProviderKind kind) {
  KEYHOLD_TRY(const auto document, Json::parse(json, {.max_bytes = kMaxBytes}));
  const JsonRef root = document.root();
  KEYHOLD_CHECK(root.only({"$schema", "format", "made", "providers"}));
  KEYHOLD_TRY(const auto format, root.field("format"));
  KEYHOLD_CHECK(format.integer(1, 1));
  KEYHOLD_TRY(const auto made, root.field("made"));
  KEYHOLD_TRY(const auto date, made.text(10));
  if (!is_date(date)) return Errc::ERR_BAD_JSON;
  KEYHOLD_TRY(const auto list, root.field("providers"));
  Catalogue catalogue;
  KEYHOLD_TRY(auto providers, read_providers(list, kind, catalogue));
  KEYHOLD_CHECK(catalogue.replace(kind, std::move(providers), Errc::ERR_BAD_JSON));
  return catalogue;
}

Result<void> Catalogue::add_site(JsonRef providers) {
  KEYHOLD_TRY(auto site, read_providers(providers, ProviderKind::site, *this));
  return replace(ProviderKind::site, std::move(site), Errc::ERR_BAD_JSON);
}

Result<void> Catalogue::set_custom(std::vector<Provider> custom) {
  if (custom.size() > kMaxProviders) return Errc::ERR_TOO_MANY;
  for (const Provider& provider : custom) {
    if (provider.id.empty() || provider.id.size() > kMaxCustomText || provider.name.size() > kMaxCustomText) {
      return Errc::ERR_BAD_INPUT;
    }
  }
  return replace(ProviderKind::custom, std::move(custom), Errc::ERR_BAD_INPUT);
}

Result<void> Catalogue::admits(const Provider& custom) const {
  for (const ProviderRef& other : providers_) {
    if (clashes(custom, *other)) return Errc::ERR_BAD_INPUT;
  }
  return {};
}

Result<void> Catalogue::replace(ProviderKind kind, std::vector<Provider> added, Errc clash) {
  // Kinds stay in their order, so the added ones belong before the first of a later kind.
  std::vector<ProviderRef> next;
  std::size_t place = 0;
  for (const ProviderRef& old : providers_) {
    if (old->kind != kind) next.push_back(old);
    if (old->kind < kind) place = next.size();
  }
  for (Provider& provider : added) {
    for (const ProviderRef& other : next) {
      if (clashes(provider, *other)) return clash;
    }
    provider.kind = kind;
    next.insert(next.begin() + static_cast<std::ptrdiff_t>(place++),
                std::make_shared<const Provider>(std::move(provider)));
  }
  providers_ = std::move(next);
  return {};
}

ProviderRef Catalogue::find(std::string_view id) const {
  for (const ProviderRef& provider : providers_) {
    if (provider->id == id) return provider;
  }
  return nullptr;
}

Result<Match> Catalogue::match(Method method, const TargetUrl& url) const {
  for (const ProviderRef& provider : providers_) {
    if (provider->example || url.origin != provider->base.origin()) continue;
    const auto rest = path_below(*provider, url);
    for (const Call& call : provider->calls) {
      if (call.method != method) continue;
      auto model = match_call(call, url, rest);
      if (!model) continue;
      for (const TargetUrl::QueryPair& pair : url.query) {
        if (!contains(provider->query, pair.name)) return Errc::ERR_PATH_NOT_ALLOWED;
      }
      return Match{provider, &call, std::move(*model)};
    }
    if (rest) return Errc::ERR_PATH_NOT_ALLOWED;  // bases do not overlap: no other provider can have this address
  }
  return Errc::ERR_UNKNOWN_ENDPOINT;
}

}  // namespace keyhold
