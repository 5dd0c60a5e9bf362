#include "policy/throttle.h"

#include "providers/feeding.h"

using namespace keyhold;

TEST_CASE("throttle: five checks of a provider in a minute, and not one more") {
  CheckThrottle throttle;
  for (int i = 0; i < 5; ++i) CHECK(throttle.admit("a", 1000 + i).ok());
  CHECK(throttle.admit("a", 1004).error() == Errc::ERR_CHECKED_TOO_OFTEN);
  CHECK(throttle.admit("b", 1004).ok());
}

TEST_CASE("throttle: the window slides, and a refused check does not count") {
  CheckThrottle throttle;
  for (int i = 0; i < 5; ++i) CHECK(throttle.admit("a", i * 10'000).ok());
  CHECK_FALSE(throttle.admit("a", 59'999).ok());
  CHECK(throttle.admit("a", 60'000).ok());  // the first one is a minute ago
  CHECK_FALSE(throttle.admit("a", 69'999).ok());
  CHECK(throttle.admit("a", 70'000).ok());
}

TEST_CASE("throttle: how long to wait is known to the millisecond, and asking costs nothing") {
  CheckThrottle throttle;
  CHECK(throttle.wait_ms("a", 0) == 0);
  for (int i = 0; i < 4; ++i) CHECK(throttle.admit("a", i * 10'000).ok());
  CHECK(throttle.wait_ms("a", 40'000) == 0);
  CHECK(throttle.admit("a", 40'000).ok());
  CHECK(throttle.wait_ms("a", 40'000) == 20'000);
  CHECK(throttle.wait_ms("a", 59'999) == 1);
  CHECK(throttle.wait_ms("a", 60'000) == 0);
  CHECK(throttle.wait_ms("a", 0) == 60'000);  // the clock went back
  CHECK(throttle.wait_ms("b", 40'000) == 0);
  CHECK(throttle.admit("a", 60'000).ok());
  CHECK(throttle.wait_ms("a", 60'000) == 10'000);
}

TEST_CASE("throttle: a clock that goes back neither frees a provider nor shuts it for long") {
  CheckThrottle throttle;
  const UnixMs day = 24 * 60 * kMinuteMs;
  for (int i = 0; i < 5; ++i) CHECK(throttle.admit("a", day).ok());
  CHECK_FALSE(throttle.admit("a", 0).ok());
  CHECK_FALSE(throttle.admit("a", 59'999).ok());
  CHECK(throttle.admit("a", 60'000).ok());
}

TEST_CASE("throttle: providers beyond the bound push out the one checked longest ago") {
  CheckThrottle throttle;
  for (int i = 0; i < 5; ++i) CHECK(throttle.admit("first", 0).ok());
  for (int i = 0; i < 5; ++i) CHECK(throttle.admit("second", 0).ok());
  for (std::size_t i = 2; i < CheckThrottle::kMaxProviders; ++i) CHECK(throttle.admit(std::to_string(i), 0).ok());
  CHECK_FALSE(throttle.admit("first", 0).ok());
  CHECK(throttle.admit("one more", 0).ok());
  CHECK_FALSE(throttle.admit("second", 0).ok());
  CHECK(throttle.admit("first", 0).ok());
}
