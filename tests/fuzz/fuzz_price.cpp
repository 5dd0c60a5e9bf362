// fuzz_price: price lists and names of models from anybody; and rows of usage, of spending and bodies of requests. What is
// found costs what can be said, twice the same, and never less than nothing.
#include <cstddef>
#include <cstdint>

#include "providers/bound.h"
#include "providers/price.h"
#include "providers/text_bytes.h"
#include "vault/spend.h"
#include "vault/usage_day.h"

namespace {

using namespace keyhold;

void require(bool holds) {
  if (!holds) __builtin_trap();
}

void prices(std::string_view text, std::string_view model) {
  const auto list = PriceList::parse(as_bytes(text));
  if (!list) return;
  for (const char* provider : {"openai", "a", ""}) {
    const auto rates = list->find(provider, model, 1'795'000'000'000);
    if (!rates) continue;
    const auto cost = cost_micro_usd(*rates, {.input = 1000, .output = 10, .cached_input = 100, .reasoning = 5});
    require(!cost || *cost >= 0);
    const auto most = most_micro_usd(*rates, 1000, 10);
    require(!most || *most > 0);
    // A bound is one of whatever the tokens turn out to be.
    require(!most || !cost || *most + 1 >= *cost);
  }
}

void rows(ByteView bytes) {
  const auto json = Json::parse(bytes);
  if (!json) return;
  if (const auto day = parse_usage_day(json->root())) {
    const auto text = encode_usage_day(*day).dump();
    const auto again = Json::parse(as_bytes(text));
    require(again.ok() && parse_usage_day(again->root()).value() == *day);
  }
  if (const auto spend = parse_spend(json->root())) {
    const auto text = encode_spend(*spend);
    const auto again = Json::parse(as_bytes(text));
    require(again.ok() && encode_spend(parse_spend(again->root()).value()) == text);
  }
  if (const auto bound = token_bound(json->root(), bytes.size(), true)) require(bound->input > 0 && bound->output > 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text(ByteView(data, size));
  require(text_bytes(text) <= size);
  const std::size_t name = text.find('\0');
  if (name != std::string_view::npos) {
    prices(text.substr(name + 1), text.substr(0, name));
  } else {
    rows(ByteView(data, size));
  }
  return 0;
}
