#include "server/billing/stripe_request.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>

#include "base/base64.h"
#include "base/json.h"
#include "providers/endpoint.h"

namespace keyhold::server {

namespace {

constexpr std::string_view kOutcome = "checkout";
constexpr std::size_t kMaxPlan = 64;
constexpr std::size_t kMaxAnswerUrl = 4096;
constexpr std::size_t kMaxWord = 64;

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

/// One field of the form; names are our own, values anybody's.
void field(std::string& form, std::string_view name, std::string_view value) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  if (!form.empty()) form += '&';
  form.append(name).append("=");
  for (const char c : value) {
    if (is_unreserved(c)) {
      form += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    form.append("%").append(1, kHex[byte >> 4]).append(1, kHex[byte & 15]);
  }
}

Result<std::string> text_in(JsonRef object, std::string_view name, std::size_t max) {
  KEYHOLD_TRY(const JsonRef value, object.field(name));
  KEYHOLD_TRY(const std::string_view text, value.text(max));
  return std::string(text);
}

}  // namespace

std::string form_of(const CheckoutForm& checkout) {
  std::string form;
  field(form, "mode", "subscription");
  field(form, "line_items[0][price]", checkout.price);
  field(form, "line_items[0][quantity]", "1");
  field(form, "client_reference_id", checkout.user);
  for (const std::string of : {"metadata", "subscription_data[metadata]"}) {
    field(form, of + "[user]", checkout.user);
    field(form, of + "[plan]", checkout.plan);
  }
  if (!checkout.customer.empty()) field(form, "customer", checkout.customer);
  field(form, "success_url", with_outcome(checkout.return_url, "done"));
  field(form, "cancel_url", with_outcome(checkout.return_url, "cancelled"));
  return form;
}

std::string portal_form(std::string_view customer, std::string_view return_url) {
  std::string form;
  field(form, "customer", customer);
  field(form, "return_url", return_url);
  return form;
}

Result<CheckoutAsked> read_checkout(ByteView body) {
  KEYHOLD_TRY(const Json json, Json::parse(body, {.max_bytes = kMaxBillingRequest}));
  KEYHOLD_CHECK(json.root().only({"plan", "return_url"}));
  CheckoutAsked asked;
  KEYHOLD_TRY(asked.plan, text_in(json.root(), "plan", kMaxPlan));
  KEYHOLD_TRY(asked.return_url, text_in(json.root(), "return_url", kMaxReturnUrl));
  return asked;
}

Result<std::string> read_portal(ByteView body) {
  KEYHOLD_TRY(const Json json, Json::parse(body, {.max_bytes = kMaxBillingRequest}));
  KEYHOLD_CHECK(json.root().only({"return_url"}));
  return text_in(json.root(), "return_url", kMaxReturnUrl);
}

std::optional<std::string> checked_return_url(std::string_view url, std::span<const std::string> origins) {
  const auto target = TargetUrl::parse(url);
  if (!target || url.size() > kMaxReturnUrl) return std::nullopt;
  if (std::find(origins.begin(), origins.end(), target->origin) == origins.end()) return std::nullopt;
  return target->text();
}

std::string with_outcome(std::string_view return_url, std::string_view outcome) {
  const std::size_t question = std::min(return_url.find('?'), return_url.size());
  std::string url(return_url.substr(0, question));
  char joint = '?';
  std::string_view rest = return_url.substr(question);
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(pair.size());
    if (pair.empty() || pair.substr(0, pair.find('=')) == kOutcome) continue;
    url.append(1, joint).append(pair);
    joint = '&';
  }
  return url.append(1, joint).append(kOutcome).append("=").append(outcome);
}

Result<std::string> url_in_answer(ByteView body) {
  KEYHOLD_TRY(const Json json, Json::parse(body, {.max_bytes = kMaxStripeAnswer}));
  KEYHOLD_TRY(std::string url, text_in(json.root(), "url", kMaxAnswerUrl));
  // Stripe's has a fragment, which no Endpoint has: only where it leads is looked at, and that nothing in it is odd.
  const std::size_t scheme = url.find("://");
  if (scheme == std::string::npos) return Errc::ERR_BAD_INPUT;
  const bool plain = std::all_of(url.begin(), url.end(), [](char c) {
    return c > ' ' && c <= '~' && c != '\\' && c != '"' && c != '<' && c != '>' && c != '`';
  });
  KEYHOLD_TRY(const Endpoint endpoint, Endpoint::parse(url.substr(0, url.find_first_of("/?#", scheme + 3))));
  if (!plain) return Errc::ERR_BAD_INPUT;
  return url;
}

std::string refusal_in_answer(ByteView body) {
  const auto json = Json::parse(body, {.max_bytes = kMaxStripeAnswer});
  const auto error = json ? json->root().find("error") : std::nullopt;
  if (!error) return {};
  for (const std::string_view name : {"code", "type"}) {
    const auto value = error->find(name);
    const auto text = value ? value->text(kMaxWord) : Result<std::string_view>(Errc::ERR_BAD_JSON);
    if (text && !text->empty() &&
        std::all_of(text->begin(), text->end(), [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; })) {
      return std::string(*text);
    }
  }
  return {};
}

std::string idempotency_key(std::string_view user, std::string_view key) {
  std::string both(user);
  // No user's name has a NUL.
  both.append(1, '\0').append(key);
  std::array<std::uint8_t, SHA256_DIGEST_LENGTH> digest{};
  std::size_t size = 0;
  if (EVP_Q_digest(nullptr, "SHA256", nullptr, both.data(), both.size(), digest.data(), &size) != 1) return {};
  return "keyhold-" + encode_base64url(digest);
}

}  // namespace keyhold::server
