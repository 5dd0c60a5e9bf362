// fuzz_webhook: webhooks and answers from anybody. Nothing that is not signed is taken, and all that is and is in time; an event
// that is read has only what fits into a row; taken twice, or with another in either order, it ends in the same state. Of an answer
// or a page's address, users are only sent where they may be.
//
//   s<seconds> NUL <body>, which is signed here     e<event> NUL <event>     anything else: <header> NUL <body>
#include <openssl/evp.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "server/billing/event.h"
#include "server/billing/signature.h"
#include "server/billing/stripe_request.h"

namespace {

using namespace keyhold;
using namespace keyhold::server;

constexpr UnixMs kNow = 1'795'000'000'000;
constexpr std::string_view kSecret = "whsec_of_forty_bytes_and_for_tests_only!";

void require(bool holds) {
  if (!holds) __builtin_trap();
}

const std::vector<SecretBytes>& secrets() {
  static const std::vector<SecretBytes> all = [] {
    std::vector<SecretBytes> made;
    made.push_back(SecretBytes::copy_of(as_bytes(kSecret)));
    return made;
  }();
  return all;
}

std::string_view plan_of(std::string_view price) { return price == "price_1" ? "pro" : ""; }

void signed_here(std::string_view time, std::string_view body) {
  std::int64_t seconds = -1;
  const auto [end, problem] = std::from_chars(time.data(), time.data() + time.size(), seconds);
  const bool is_time = problem == std::errc() && end == time.data() + time.size() && seconds >= 0 && time.size() <= 12;
  const std::string input = std::string(time) + "." + std::string(body);
  std::array<std::uint8_t, 32> mac{};
  std::size_t size = 0;
  const ByteView bytes = as_bytes(input);
  require(EVP_Q_mac(nullptr, "HMAC", nullptr, "SHA256", nullptr, kSecret.data(), kSecret.size(), bytes.data(),
                    bytes.size(), mac.data(), mac.size(), &size) != nullptr);
  std::string header = "t=" + std::string(time) + ",v1=";
  for (const std::uint8_t byte : mac) {
    header += "0123456789abcdef"[byte >> 4];
    header += "0123456789abcdef"[byte & 15];
  }
  const auto fault = check_signature(header, as_bytes(body), secrets(), kNow);
  if (!is_time) return require(fault.has_value());
  const std::int64_t apart = seconds * 1000 - kNow;
  require(fault.has_value() == (apart < -kSignatureToleranceMs || apart > kSignatureToleranceMs));
}

void fits(std::string_view id, bool may_be_empty = false) {
  require((may_be_empty || !id.empty()) && id.size() <= kMaxStripeId);
  for (const char c : id) require(c > ' ' && c <= '~');
}

void fits_user(std::string_view user) {
  require(user.size() <= kMaxBilledUser);
  for (const char c : user) require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
}

Result<BillingEvent> read(std::string_view text) {
  auto event = read_event(as_bytes(text), plan_of);
  if (!event) return event;
  fits(event->id);
  require(event->created >= 0 && event->type.size() <= 100);
  if (const auto* checkout = std::get_if<CheckoutDone>(&event->what)) {
    fits(event->subscription);
    fits(checkout->customer, true);
    fits_user(checkout->user);
  }
  if (const auto* change = std::get_if<SubscriptionChange>(&event->what)) {
    fits(event->subscription);
    fits(change->customer, true);
    fits_user(change->user);
    require(change->status != SubscriptionStatus::none && change->period_end >= 0 && change->ends_at >= 0);
    require(change->plan.empty() || change->plan == "pro");
  }
  return event;
}

bool take_any(Subscription& one, const BillingEvent& event) {
  if (const auto* checkout = std::get_if<CheckoutDone>(&event.what)) return take(one, *checkout);
  if (const auto* change = std::get_if<SubscriptionChange>(&event.what)) return take(one, *change);
  return false;
}

void two_events(std::string_view first, std::string_view second) {
  const auto a = read(first);
  const auto b = read(second);
  if (!a || !b) return;
  Subscription one;
  Subscription other;
  take_any(one, *a);
  take_any(one, *b);
  require(!take_any(one, *a) && !take_any(one, *b));
  take_any(other, *b);
  take_any(other, *a);
  require(one == other);
}

void addresses(std::string_view text) {
  static const std::vector<std::string> origins = {"https://app.example.com"};
  if (const auto url = checked_return_url(text, origins)) {
    require(url->starts_with("https://app.example.com/"));
    require(with_outcome(*url, "done").starts_with("https://app.example.com/"));
  }
  const auto answer = url_in_answer(as_bytes(text));
  if (answer) {
    // Schemes are read without regard to case.
    std::string scheme = answer->substr(0, answer->find("://"));
    for (char& c : scheme) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    require(scheme == "https" || scheme == "http");
    for (const char c : *answer) require(c > ' ' && c <= '~' && c != '"' && c != '<');
  }
  for (const char c : refusal_in_answer(as_bytes(text))) require((c >= 'a' && c <= 'z') || c == '_');
  (void)read_checkout(as_bytes(text));
  (void)read_portal(as_bytes(text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text(ByteView(data, size));
  (void)read(text);
  addresses(text);
  const std::size_t cut = text.find('\0');
  if (text.empty() || cut == std::string_view::npos || cut == 0) return 0;
  const std::string_view second = text.substr(cut + 1);
  require(check_signature(text.substr(0, cut), as_bytes(second), secrets(), kNow).has_value());
  if (text[0] == 's') signed_here(text.substr(1, cut - 1), second);
  if (text[0] == 'e') two_events(text.substr(1, cut - 1), second);
  return 0;
}
