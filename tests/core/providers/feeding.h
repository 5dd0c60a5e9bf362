// feeding: what the tests of the providers share: bytes fed whole, one by one and cut at random, and a catalogue.
#pragma once

#include <algorithm>
#include <concepts>
#include <string>
#include <string_view>
#include <vector>

#include "providers/catalogue.h"
#include "support.h"

namespace keyhold::test {

/// Ways to cut `bytes`: whole, byte by byte, and `random` ways at random places.
inline std::vector<std::vector<std::string_view>> cuts(std::string_view bytes, std::size_t random = 40) {
  std::vector<std::vector<std::string_view>> ways;
  ways.push_back({bytes});
  ways.emplace_back();
  for (std::size_t i = 0; i < bytes.size(); ++i) ways.back().push_back(bytes.substr(i, 1));
  TestRng rng(bytes.size());
  for (std::size_t n = 0; n < random; ++n) {
    ways.emplace_back();
    const std::size_t most = 1 + rng.below(n % 2 == 0 ? 8 : 400);
    for (std::size_t at = 0; at < bytes.size();) {
      ways.back().push_back(bytes.substr(at, rng.below(most + 1)));  // an empty chunk now and then
      at += ways.back().back().size();
    }
  }
  return ways;
}

/// The pieces are views: what they look at must stay.
template <std::same_as<std::string> Temporary>
void cuts(Temporary&& bytes, std::size_t random = 40) = delete;

inline const Catalogue& builtin() {
  static const Catalogue catalogue = Catalogue::builtin().value();
  return catalogue;
}

inline ProviderRef provider(std::string_view id) {
  ProviderRef found = builtin().find(id);
  REQUIRE(found != nullptr);
  return found;
}

inline Endpoint endpoint(std::string_view url) { return Endpoint::parse(url).value(); }

inline Result<Match> match(const Catalogue& catalogue, Method method, std::string_view url) {
  const auto target = TargetUrl::parse(url);
  if (!target) return target.error();
  return catalogue.match(method, *target);
}

/// A catalogue with these entries, as text of the array's inside.
inline Result<Catalogue> catalogue_of(std::string_view entries) {
  const std::string json = R"({"format":1,"made":"2026-11-23","providers":[)" + std::string(entries) + "]}";
  return Catalogue::parse(as_bytes(json));
}

}  // namespace keyhold::test
