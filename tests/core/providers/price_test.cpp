#include "providers/price.h"

#include "providers/feeding.h"

using namespace keyhold;

namespace {

constexpr std::string_view kList =
    "KHP1 2026-09-23\n"
    "@one two\n"
    "=plain|=other-name\ti2.5 r1.25 o10\n"
    "~dated-####-##-##\ti1 o2\n"
    "<family-#\ti3 o4\n"
    "^speech-&!$-tts&!*-tts-\ti0.5 o1\n"
    "*middle*\ti9\n"
    "*inner\ti5 o5\n"
    "$-end\ti6 o6\n"
    "=tiers\ti2>100:4>200:8 r1>100:2 o10>100:20\n"
    "=sound\ti1 r0.5 a10 c5 o2 A20\n"
    "=writes\ti3 w3.75 h6 r0.3 o15\n"
    "=thinks\ti1 t3 o2\n"
    "=by-call\ti1 o1 q5\n"
    "=hours\t\n"
    "=from-a-day\ti8 o8;@20454 i4 o4;@20819 i2 o2\n"
    "=by-the-hour\ti4 o4;%1800-59400 i1 o1\n"
    "=over-night\ti4 o4;%79200-3600 i1 o1\n"
    "=thirds\ti0.08333333333333334 o0\n"
    "=broken\ti2 o1x\n"
    "=twice\ti1 o2 i3\n"
    "@two\n"
    "=plain\ti7 o7\n"
    "=elsewhere\ti11 o11\n"
    "@twofold\n"
    "=elsewhere\ti12 o12\n";

const PriceList& list() {
  static const PriceList parsed = PriceList::parse(as_bytes(kList)).value();
  return parsed;
}

/// Of a million tokens in, or -1 for a model without a price.
std::int64_t price_of(std::string_view provider, std::string_view model, UnixMs now = 0) {
  const auto rates = list().find(provider, model, now);
  return rates ? cost_micro_usd(*rates, {.input = 1'000'000, .output = 0}).value_or(-2) : -1;
}

std::optional<std::int64_t> cost(std::string_view model, const Usage& usage) {
  return cost_micro_usd(list().find("one", model, 0).value(), usage);
}

}  // namespace

TEST_CASE("price: a model is found by each kind of test, in any letters, the first line that fits") {
  CHECK(list().made() == "2026-09-23");
  CHECK(price_of("one", "plain") == 2'500'000);
  CHECK(price_of("one", " Other-Name ") == 2'500'000);
  CHECK(price_of("one", "plainly") == -1);
  CHECK(price_of("one", "dated-2026-01-31") == 1'000'000);
  CHECK(price_of("one", "dated-2026-01-3") == -1);
  CHECK(price_of("one", "dated-2026-01-31x") == -1);
  CHECK(price_of("one", "family-5-any") == 3'000'000);
  CHECK(price_of("one", "family-x") == -1);
  CHECK(price_of("one", "speech-one") == 500'000);
  CHECK(price_of("one", "speech-one-tts") == -1);
  CHECK(price_of("one", "speech-tts-one") == -1);
  CHECK(price_of("one", "with-inner-part") == 5'000'000);
  CHECK(price_of("one", "any-end") == 6'000'000);
  CHECK(price_of("one", "end") == -1);
}

TEST_CASE("price: a provider has its own models first, then those of the providers it names, and no others") {
  CHECK(price_of("two", "plain") == 7'000'000);
  CHECK(price_of("one", "elsewhere") == 11'000'000);
  CHECK(price_of("twofold", "elsewhere") == 12'000'000);
  CHECK(price_of("two", "tiers") == -1);
  CHECK(price_of("tw", "plain") == -1);
  CHECK(price_of("", "plain") == -1);
  CHECK(price_of("two\n=plain", "plain") == -1);
}

TEST_CASE("price: a day in a name may be written with or without dashes, if it is a day") {
  CHECK(price_of("one", "dated-20260131") == 1'000'000);
  CHECK(price_of("one", "dated-20240229") == 1'000'000);
  CHECK(price_of("one", "dated-20250229") == -1);
  CHECK(price_of("one", "dated-20261301") == -1);
  CHECK(price_of("one", "dated-202601311") == -1);
}

TEST_CASE("price: what has no price, or one that cannot be read, has no cost: never 0") {
  CHECK(price_of("one", "hours") == -1);
  CHECK(price_of("one", "broken") == -2);
  CHECK(price_of("one", "twice") == -2);
  CHECK(price_of("one", "nowhere") == -1);
  CHECK_FALSE(PriceList::parse(as_bytes("KHP2 2026-09-23\n")).ok());
  CHECK_FALSE(PriceList::parse(as_bytes("")).ok());
  CHECK_FALSE(PriceList::parse(as_bytes("KHP1 2026-09-2\n")).ok());
  CHECK(PriceList::parse(as_bytes("KHP1 2026-09-23\n")).ok());
  const std::string full = "KHP1 2026-09-23\n" + std::string(PriceList::kMaxBytes - 16, 'x');
  CHECK(PriceList::parse(as_bytes(full)).ok());
  CHECK(PriceList::parse(as_bytes(full + "x")).error() == Errc::ERR_TOO_LARGE);
}

TEST_CASE("price: the last condition that holds decides, by day and by time of day") {
  constexpr UnixMs kDay = 86'400'000;
  constexpr UnixMs kSecond = 1000;
  CHECK(price_of("one", "from-a-day", 20454 * kDay - 1) == 8'000'000);
  CHECK(price_of("one", "from-a-day", 20454 * kDay) == 4'000'000);
  CHECK(price_of("one", "from-a-day", 20819 * kDay) == 2'000'000);
  CHECK(price_of("one", "by-the-hour", 9 * kDay + 1799 * kSecond) == 4'000'000);
  CHECK(price_of("one", "by-the-hour", 9 * kDay + 1800 * kSecond) == 1'000'000);
  CHECK(price_of("one", "by-the-hour", 9 * kDay + 59'400 * kSecond - 1) == 1'000'000);
  CHECK(price_of("one", "by-the-hour", 9 * kDay + 59'400 * kSecond) == 4'000'000);
  CHECK(price_of("one", "over-night", 79'200 * kSecond) == 1'000'000);
  CHECK(price_of("one", "over-night", 3599 * kSecond) == 1'000'000);
  CHECK(price_of("one", "over-night", 3600 * kSecond) == 4'000'000);
}

TEST_CASE("price: parts with a price of their own are not paid for twice") {
  CHECK(cost("plain", {.input = 1000, .output = 100}) == 2500 + 1000);
  CHECK(cost("plain", {.input = 1000, .output = 100, .cached_input = 400}) == 600 * 5 / 2 + 400 * 5 / 4 + 1000);
  // No price for writes: they are input like any other.
  CHECK(cost("plain", {.input = 1000, .output = 100, .cache_write = 400}) == 2500 + 1000);
  CHECK(cost("writes", {.input = 1000, .output = 0, .cached_input = 100, .cache_write = 400}) ==
        500 * 3 + 400 * 15 / 4 + 30);
  CHECK(cost("thinks", {.input = 0, .output = 100, .reasoning = 60}) == 60 * 3 + 40 * 2);
  CHECK(cost("sound", {.input = 100,
                       .output = 50,
                       .cached_input = 30,
                       .audio_input = 40,
                       .cached_audio_input = 10,
                       .audio_output = 20}) == (100 - 20 - 30 - 10) * 1 + 10 + 30 * 10 + 10 * 5 + 30 * 2 + 20 * 20);
  CHECK(cost("by-call", {.input = 0, .output = 0}) == 5000);
}

TEST_CASE("price: above a tier's start the whole call is at its price") {
  CHECK(cost("tiers", {.input = 100, .output = 10}) == 200 + 100);
  CHECK(cost("tiers", {.input = 101, .output = 10}) == 404 + 200);
  CHECK(cost("tiers", {.input = 201, .output = 10, .cached_input = 1}) == 1600 + 2 + 200);
}

TEST_CASE("price: figures that are missing or contradict each other give no cost") {
  CHECK_FALSE(cost("plain", {.output = 100}));
  CHECK_FALSE(cost("plain", {.input = 100}));
  CHECK_FALSE(cost("plain", {.input = 100, .output = 1, .cached_input = 101}));
  CHECK_FALSE(cost("thinks", {.input = 100, .output = 1, .reasoning = 2}));
  CHECK_FALSE(cost("sound", {.input = 100, .output = 1, .cached_input = 10, .audio_input = 10}));
  CHECK(cost("plain", {.input = std::int64_t{1} << 40, .output = 0}));
  CHECK_FALSE(cost("plain", {.input = (std::int64_t{1} << 40) + 1, .output = 0}));
  CHECK(cost_micro_usd(list().find("one", "any-middle*-one", 0).value(), {.input = 10}) == 90);  // no price for output
}

TEST_CASE("price: rounded once, at the end, halves up") {
  CHECK(cost("plain", {.input = 1, .output = 0}) == 3);                     // 2.5
  CHECK(cost("plain", {.input = 1, .output = 0, .cached_input = 1}) == 1);  // 1.25
  CHECK(cost("thirds", {.input = 6, .output = 0}) == 1);                    // 0.50000000000000004
  CHECK(cost("thirds", {.input = 5, .output = 0}) == 0);                    // 0.417
  CHECK(cost("thirds", {.input = 12'000'000, .output = 0}) == 1'000'000);
}

TEST_CASE("price: the bound takes the dearest price that tokens can have") {
  const auto most = [](std::string_view model, std::int64_t input, std::int64_t output) {
    return most_micro_usd(list().find("one", model, 0).value(), input, output);
  };
  CHECK(most("plain", 1000, 100) == 2500 + 1000 + 1);
  CHECK(most("tiers", 10, 10) == 80 + 200 + 1);
  CHECK(most("writes", 10, 0) == 60 + 1);
  CHECK(most("sound", 10, 10) == 100 + 200 + 1);
  CHECK(most("by-call", 0, 0) == 5001);
  CHECK_FALSE(most("twice", 10, 10));
  CHECK_FALSE(most("plain", -1, 0));
  CHECK_FALSE(most("plain", 0, (std::int64_t{1} << 40) + 1));
}
