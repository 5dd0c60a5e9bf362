// catalogue: which providers there are, and which of their calls may be made. Default deny.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/json.h"
#include "base/result.h"
#include "providers/endpoint.h"
#include "providers/provider.h"

namespace keyhold {

/// A call that may be made. `call` points into `*provider`.
struct Match {
  ProviderRef provider;
  const Call* call;
  /// What {model} stood for in the path; empty if the path has none.
  std::string model;
};

class Catalogue {
 public:
  static constexpr std::size_t kMaxProviders = 64;  // of each kind
  static constexpr std::size_t kMaxBytes = 1 << 18;

  /// The catalogue that is built in (wasm/catalogue/providers.json).
  static Result<Catalogue> builtin();
  /// A document {"format":1, "made":"…", "providers":[…]} as wasm/catalogue/schema.json describes it.
  /// ERR_BAD_JSON for unknown, repeated, missing or ill-formed fields, for repeated ids and overlapping bases;
  /// ERR_TOO_MANY, ERR_TOO_LARGE over the bounds.
  static Result<Catalogue> parse(ByteView json, ProviderKind kind = ProviderKind::catalogue);

  /// Takes the `providers` array of keyhold.config.json, in place of any taken before. Errors as for parse(); a site
  /// may not take an id or a base of the built-in providers. On error nothing changes.
  Result<void> add_site(JsonRef providers);
  /// Replaces the user's own endpoints. Each must be admitted beside all others: errors as for admits(), ERR_TOO_MANY.
  /// On error nothing changes.
  Result<void> set_custom(std::vector<Provider> custom);
  /// Whether the user may add this endpoint: ERR_BAD_INPUT if its id is taken or its base overlaps another's.
  /// To be asked again for stored ones: a newer catalogue may have taken their base.
  Result<void> admits(const Provider& custom) const;

  /// Null if there is none.
  ProviderRef find(std::string_view id) const;
  /// Built-in ones first, then the site's, then the user's.
  const std::vector<ProviderRef>& all() const noexcept { return providers_; }

  /// ERR_UNKNOWN_ENDPOINT if no provider has this address; ERR_PATH_NOT_ALLOWED if its provider is known but the
  /// method, path or a query parameter is not one that is called.
  Result<Match> match(Method method, const TargetUrl& url) const;

 private:
  Result<void> replace(ProviderKind kind, std::vector<Provider> added, Errc clash);
  std::vector<ProviderRef> providers_;
};

}  // namespace keyhold
