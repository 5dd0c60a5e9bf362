// catalogue_entries: catalogues that tests write themselves, and what one answers to an address.
#pragma once

#include <string>
#include <string_view>

#include "providers/feeding.h"

namespace keyhold::test {

inline std::string entry(std::string_view more, std::string_view id = "a",
                         std::string_view base = "https://a.example/v1/") {
  return R"({"id":")" + std::string(id) + R"(","name":"A","base":")" + std::string(base) + "\"" +
         (more.empty() ? "" : ",") + std::string(more) + "}";
}

inline Errc refusal(std::string_view entries) {
  const auto parsed = catalogue_of(entries);
  REQUIRE_FALSE(parsed.ok());
  return parsed.error();
}

inline std::string outcome(const Catalogue& catalogue, Method method, std::string_view url) {
  const auto found = match(catalogue, method, url);
  return found ? found->provider->id + " " + found->call->path : std::string(name(found.error()));
}

}  // namespace keyhold::test
