#include "base/result.h"

#include <memory>
#include <type_traits>

#include "base/secret.h"
#include "support.h"

using namespace keyhold;

TEST_CASE("result: carries a value or a code, and can hold what only moves") {
  Result<std::unique_ptr<int>> made(std::make_unique<int>(5));
  REQUIRE(made.ok());
  CHECK(**made == 5);
  const std::unique_ptr<int> taken = *std::move(made);
  CHECK(*taken == 5);
  const Result<int> failed(Errc::ERR_LOCKED);
  CHECK_FALSE(failed.ok());
  CHECK(failed.error() == Errc::ERR_LOCKED);
}

TEST_CASE("result: the macros hand an error on and a value over") {
  const auto half = [](int number) -> Result<int> {
    if (number % 2 != 0) return Errc::ERR_BAD_INPUT;
    return number / 2;
  };
  const auto quarter = [&](int number) -> Result<int> {
    KEYHOLD_TRY(const int once, half(number));
    return half(once);
  };
  CHECK(*quarter(12) == 3);
  CHECK(quarter(6).error() == Errc::ERR_BAD_INPUT);
}

TEST_CASE("error: every code has its own name") {
  CHECK(name(Errc::ERR_BAD_FORMAT) == "ERR_BAD_FORMAT");
  CHECK(name(Errc::ERR_CHECKED_TOO_OFTEN) == "ERR_CHECKED_TOO_OFTEN");
}

namespace {

template <class T>
concept Printable = requires(std::ostream& out, const T& value) {
  out << value;
};
template <class T>
concept Comparable = requires(const T& a, const T& b) {
  a == b;
};

}  // namespace

TEST_CASE("secret: cannot be copied, printed or compared by mistake") {
  STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<SecretBytes>);
  STATIC_REQUIRE_FALSE(std::is_copy_assignable_v<SecretBytes>);
  STATIC_REQUIRE_FALSE(Printable<SecretBytes>);
  STATIC_REQUIRE_FALSE(Comparable<SecretBytes>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<SecretBytes, Bytes>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<SecretBytes, std::string>);
  STATIC_REQUIRE(std::is_nothrow_move_constructible_v<SecretBytes>);
  // Keys of different roles do not stand in for one another.
  STATIC_REQUIRE_FALSE(std::is_convertible_v<SlotKey, RootKey>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<RootKey, SlotKey>);
}

TEST_CASE("secret: moving leaves nothing behind, and wiping leaves zeros") {
  SecretBytes first = test::secret("sk-first");
  SecretBytes second = std::move(first);
  CHECK(first.empty());  // NOLINT(bugprone-use-after-move): that is the question
  CHECK(test::text_of(second) == "sk-first");
  const ByteView view = second.reveal();
  second.wipe();
  CHECK(std::all_of(view.begin(), view.end(), [](std::uint8_t byte) { return byte == 0; }));
  second = test::secret("sk-second");
  CHECK(test::text_of(second) == "sk-second");
}
