#include "server/keys/markup.h"

#include <catch2/catch.hpp>
#include <random>

using namespace keyhold::server;

TEST_CASE("a markup is rounded up to whole micro-USD") {
  CHECK(marked_up(0, 2500) == 0);
  CHECK(marked_up(100, 0) == 100);
  CHECK(marked_up(100, 2500) == 125);
  CHECK(marked_up(1, 1) == 2);
  CHECK(marked_up(3, 3333) == 4);
  CHECK(marked_up(10'000, 1) == 10'001);
  CHECK(marked_up(kMaxMicroUsd, 0) == kMaxMicroUsd);
  CHECK(marked_up(kMaxMicroUsd, 1) == kMaxMicroUsd);
  CHECK(marked_up(kMaxMicroUsd / 2, kMaxMarkup) == kMaxMicroUsd);
}

TEST_CASE("what costs more is never marked up to less, and the cost comes out of it again exactly") {
  std::mt19937_64 random(1);
  for (int i = 0; i < 100'000; ++i) {
    const auto below = [&](MicroUsd end) {
      return static_cast<MicroUsd>(random() % static_cast<std::uint64_t>(end) >> (random() % 50));
    };
    const MicroUsd cost = below(kMaxMicroUsd / 11);
    const std::int64_t markup = static_cast<std::int64_t>(random() % (kMaxMarkup + 1));
    const MicroUsd charged = marked_up(cost, markup);
    REQUIRE(charged >= cost);
    REQUIRE(marked_up(cost + 1, markup) >= charged);
    REQUIRE(marked_up(cost, markup + 1) >= charged);
    // As the statement of usage has it.
    const std::int64_t whole = 10'000 + markup;
    REQUIRE(charged / whole * 10'000 + charged % whole * 10'000 / whole == cost);
  }
}
