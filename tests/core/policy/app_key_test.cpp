#include "policy/app_key.h"

#include "support.h"

using namespace keyhold;
using namespace keyhold::test;

TEST_CASE("app key: the whole table: what was decided, whether there is a key, whether a person chose just now") {
  constexpr auto ok = std::optional<Errc>();
  struct Row {
    std::optional<AppKeyUse> said;
    bool has_key;
    bool chosen;
    std::optional<Errc> refused;
  };
  using enum AppKeyUse;
  const Row rows[] = {
      // Never decided: there is no key, so it helps.
      {{}, false, false, ok},
      {{}, false, true, ok},
      {{}, true, false, Errc::ERR_WRONG_STATE},
      {{}, true, true, ok},
      // Never is never, whoever chooses what.
      {never, false, false, Errc::ERR_NO_KEY},
      {never, false, true, Errc::ERR_NO_KEY},
      {never, true, false, Errc::ERR_NO_KEY},
      {never, true, true, Errc::ERR_NO_KEY},
      {ask, false, false, Errc::ERR_ASK_FIRST},
      {ask, false, true, ok},
      {ask, true, false, Errc::ERR_WRONG_STATE},
      {ask, true, true, ok},
      {automatic, false, false, ok},
      {automatic, false, true, ok},
      {automatic, true, false, Errc::ERR_WRONG_STATE},
      {automatic, true, true, ok},
  };
  for (const auto& [said, has_key, chosen, refused] : rows) {
    CAPTURE(said ? name(*said) : "undecided", has_key, chosen);
    const Result<void> may = may_use_app_key(said, has_key, chosen);
    CHECK(may.ok() == !refused.has_value());
    if (!may && refused) CHECK(may.error() == *refused);
  }
}

TEST_CASE("app key: its words are read back as they are written, and no others are") {
  for (const auto& [use, text] :
       {std::pair{AppKeyUse::never, "never"}, {AppKeyUse::ask, "ask"}, {AppKeyUse::automatic, "auto"}}) {
    CHECK(name(use) == text);
    const auto read = parse_app_key_use(text);
    REQUIRE(read.ok());
    CHECK(*read == use);
  }
  for (const auto* other : {"", "Auto", "automatic", "ask ", " ask", "nev", "neverr", "always", "never\n"}) {
    CAPTURE(other);
    CHECK(parse_app_key_use(other).error() == Errc::ERR_BAD_INPUT);
  }
  CHECK(parse_app_key_use(std::string_view("ask\0", 4)).error() == Errc::ERR_BAD_INPUT);
}
