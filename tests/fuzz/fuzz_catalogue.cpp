// fuzz_catalogue: addresses and catalogues from anybody. What is accepted has one spelling, and a match stays below
// its provider's base.
#include <cstddef>
#include <cstdint>

#include "providers/catalogue.h"
#include "providers/own_request.h"

namespace {

using namespace keyhold;

void require(bool holds) {
  if (!holds) __builtin_trap();
}

void endpoint(std::string_view url) {
  const auto base = Endpoint::parse(url);
  if (!base) return;
  const auto again = Endpoint::parse(base->text());
  require(again.ok() && *again == *base && base->path().back() == '/');
  const auto below = TargetUrl::parse(base->text() + "x");
  require(below.ok() && *below->rest_within(*base) == "x");
}

void target(const Catalogue& catalogue, std::string_view url) {
  const auto parsed = TargetUrl::parse(url);
  if (!parsed) return;
  const auto again = TargetUrl::parse(parsed->text());
  require(again.ok() && again->text() == parsed->text());
  for (const Method method : {Method::get, Method::post, Method::del}) {
    const auto match = catalogue.match(method, *parsed);
    if (!match) continue;
    const std::string& base = match->provider->base.text();
    require(parsed->text().compare(0, base.size(), base) == 0);
    require(match->call->method == method);
  }
}

void document(ByteView json) {
  const auto catalogue = Catalogue::parse(json);
  if (!catalogue) return;
  for (const ProviderRef& provider : catalogue->all()) {
    require(catalogue->find(provider->id) == provider);
    require(Endpoint::parse(provider->base.text()).ok());
    for (const std::string& url : {check_request(*provider).url, models_request(*provider).url}) {
      require(TargetUrl::parse(url)->rest_within(provider->base).ok());
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Catalogue builtin = Catalogue::builtin().value();
  const ByteView bytes(data, size);
  if (size > 0 && data[0] == '{') {
    document(bytes);
  } else {
    endpoint(as_text(bytes));
    target(builtin, as_text(bytes));
  }
  return 0;
}
