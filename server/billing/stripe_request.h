// stripe_request: what is asked of Stripe, in its form encoding, and what its answer says. No network.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace keyhold::server {

/// The version of Stripe's API that requests are written for: that of the `stripe` package that the tests hold them against.
inline constexpr std::string_view kStripeVersion = "2026-10-28.endive";
inline constexpr std::string_view kCheckoutPath = "v1/checkout/sessions";
inline constexpr std::string_view kPortalPath = "v1/billing_portal/sessions";
inline constexpr std::size_t kMaxStripeAnswer = 256 << 10;
inline constexpr std::size_t kMaxReturnUrl = 2000;
/// Of a client's own request.
inline constexpr std::size_t kMaxBillingRequest = 4 << 10;

struct CheckoutForm {
  std::string user;
  std::string plan;
  std::string price;
  std::string customer;  // "": Stripe makes one
  std::string return_url;
};
/// The body of a POST to kCheckoutPath: a subscription, one of the price. User and plan are on the session and on the subscription.
std::string form_of(const CheckoutForm& checkout);
std::string portal_form(std::string_view customer, std::string_view return_url);

/// What a client asks for: {"plan":…,"return_url":…}, or the latter alone. Another member is refused.
struct CheckoutAsked {
  std::string plan;
  std::string return_url;
};
Result<CheckoutAsked> read_checkout(ByteView body);
Result<std::string> read_portal(ByteView body);

/// An address of one of these origins, without a fragment; nothing for any other.
std::optional<std::string> checked_return_url(std::string_view url, std::span<const std::string> origins);
/// With `checkout=outcome` in its query, in the place of any other of that name.
std::string with_outcome(std::string_view return_url, std::string_view outcome);

/// Where the user is to go: https, or this computer (a stand-in).
Result<std::string> url_in_answer(ByteView body);
/// Stripe's own short word for why it refused, for the log: lower-case letters and '_'. "" if it gives none.
std::string refusal_in_answer(ByteView body);

/// Stripe's Idempotency-Key for the one that a client gave: another user's is another.
std::string idempotency_key(std::string_view user, std::string_view key);

}  // namespace keyhold::server
