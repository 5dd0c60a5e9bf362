// key_life: bounds at n-1, n, n+1, and what is no max-age.
#include "server/token/key_life.h"

#include <catch2/catch.hpp>

using namespace keyhold::server;
using std::chrono::seconds;

TEST_CASE("key_life: max-age counts within its bounds") {
  CHECK(key_life("max-age=59") == seconds(60));
  CHECK(key_life("max-age=60") == seconds(60));
  CHECK(key_life("max-age=61") == seconds(61));
  CHECK(key_life("public, MAX-AGE=\"3600\" , must-revalidate") == seconds(3600));
  CHECK(key_life("max-age=86399") == seconds(86'399));
  CHECK(key_life("max-age=86400") == seconds(86'400));
  CHECK(key_life("max-age=86401") == seconds(86'400));
  CHECK(key_life("max-age=99999999999999999999999999") == seconds(86'400));
  CHECK(key_life("max-age=-5") == seconds(60));
}

TEST_CASE("key_life: what must not be kept is asked for again as soon as may be") {
  CHECK(key_life("no-store") == seconds(60));
  CHECK(key_life("max-age=3600, no-cache") == seconds(60));
}

TEST_CASE("key_life: without a max-age that can be read it is ten minutes") {
  for (const char* text :
       {"", ",", "public", "max-age", "max-age=", "max-age=ten", "max-age=5x", "s-maxage=5", "max-age=\""}) {
    CHECK(key_life(text) == seconds(600));
  }
}
