#include "server/relay/route.h"

#include <algorithm>
#include <array>

#include "server/billing/event.h"
#include "server/billing/stripe_request.h"

namespace keyhold::server {

namespace {

constexpr std::array kRoutes = {
    KnownRoute{"/healthz", Route::health, false},
    KnownRoute{"/readyz", Route::ready, false},
    KnownRoute{"/v1/plans", Route::plans, false},
    KnownRoute{"/v1/openapi.json", Route::document, false},
    KnownRoute{"/v1/usage", Route::usage, true},
    KnownRoute{"/v1/account", Route::account, true},
    KnownRoute{"/v1/checkout", Route::checkout, true, kMaxBillingRequest},
    KnownRoute{"/v1/portal", Route::portal, true, kMaxBillingRequest},
    // Whoever sends it has no token; its signature is over its body.
    KnownRoute{"/v1/webhooks/stripe", Route::webhook, false, kMaxEventBytes},
    KnownRoute{"/v1/receipts/keys", Route::receipt_keys, false},
};
/// Looked at after those: all addresses that begin so.
constexpr std::array kBelow = {
    KnownRoute{"/v1/relay/", Route::relay, true, kMaxRequestBody},
    KnownRoute{"/v1/receipts/", Route::receipt, true},
};

}  // namespace

const KnownRoute* route_of(std::string_view path) noexcept {
  const auto* found =
      std::find_if(kRoutes.begin(), kRoutes.end(), [&](const KnownRoute& known) { return known.path == path; });
  if (found != kRoutes.end()) return found;
  found =
      std::find_if(kBelow.begin(), kBelow.end(), [&](const KnownRoute& known) { return path.starts_with(known.path); });
  return found == kBelow.end() ? nullptr : found;
}

std::string_view below(std::string_view path) noexcept {
  const KnownRoute* known = route_of(path);
  return known == nullptr ? std::string_view{} : path.substr(known->path.size());
}

RelayTarget relay_target(std::string_view path, std::string_view query) {
  const std::string_view rest = below(path);
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  RelayTarget target{std::string(rest.substr(0, slash)), std::string(rest.substr(std::min(slash + 1, rest.size())))};
  if (!query.empty()) target.below.append("?").append(query);
  return target;
}

}  // namespace keyhold::server
