// own_endpoint: the provider that an endpoint of the user's own is, from what is stored of it.
#pragma once

#include "providers/catalogue.h"
#include "vault/settings.h"

namespace keyhold {

/// ERR_BAD_INPUT for an address that cannot be one, ERR_UNKNOWN_PROVIDER when what it is like is not in the catalogue.
inline Result<Provider> own_provider(const CustomEndpoint& endpoint, const Catalogue& catalogue) {
  KEYHOLD_TRY(Endpoint base, Endpoint::parse(endpoint.base));
  const ProviderRef like = endpoint.like.empty() ? nullptr : catalogue.find(endpoint.like);
  if (!endpoint.like.empty() && (!like || like->kind == ProviderKind::custom || like->browser == Browser::no)) {
    return Errc::ERR_UNKNOWN_PROVIDER;
  }
  return custom_provider(endpoint.id, endpoint.name, std::move(base), like.get());
}

}  // namespace keyhold
