// price: what a call costs, by the list that scripts/make-prices.mjs writes (build/wasm/prices.txt) of genai-prices.
//
//   KHP1 2026-09-23                            when the prices were made
//   @google anthropic                          a provider of the catalogue; others whose models it has, too
//   =gpt-4o|~gpt-4o-####-##-##<tab>i2.5 o10    models, and what they cost
//
// Models: alternatives between '|', each of tests between '&': = equals, ^ begins, $ ends, * contains, ~ equals where #
// is any digit, < begins so; ! before one: not so. Rates: sets between ';', of which the last whose condition holds
// counts: @ from that day on (days since 1970), % between these seconds of a UTC day, none: always. A rate is a unit's
// letter and US dollars for a million; with `>start:price` for calls with more input than that.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "providers/usage.h"

namespace keyhold {

/// What is paid for the units of one model, as it stands in the list, and valid as long as that. Units: i input, o output,
/// r read from a cache, w written to one, h written to one for an hour, t reasoning, a sound in, A sound out, c sound read
/// from a cache, q one call (the price is for a thousand).
struct Rates {
  std::string_view text;
};

class PriceList {
 public:
  static constexpr std::size_t kMaxBytes = 1 << 20;

  /// ERR_BAD_FORMAT, ERR_TOO_LARGE. A line of models that is not as above is none, and prices nothing.
  static Result<PriceList> parse(ByteView file);

  /// "2026-09-23"
  std::string_view made() const { return made_; }
  /// Nothing for a model that is not in the list, or whose price is for nothing that usage counts.
  std::optional<Rates> find(std::string_view provider, std::string_view model, UnixMs now) const;

 private:
  std::string text_;
  std::string made_;
};

/// In millionths of a US dollar: the sum that genai-prices' calcPrice gives, rounded to the nearest, halves up. Nothing if a
/// figure that is paid for is unknown, or if figures contradict each other.
std::optional<std::int64_t> cost_micro_usd(Rates rates, const Usage& usage);
/// Whether text that a model writes is paid for: a model that writes none needs no bound of it.
bool pays_for_output(Rates rates);
/// What so many tokens cost at the most, whatever they turn out to be; rounded up. Nothing if there is no such bound.
std::optional<std::int64_t> most_micro_usd(Rates rates, std::int64_t input, std::int64_t output);

}  // namespace keyhold
