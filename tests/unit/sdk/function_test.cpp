#include <zonda/function.h>

#include <catch2/catch.hpp>

using namespace zonda;

namespace {

struct Point {
  double x, y;
  ZONDA_FIELDS(Point, x, y)
};

namespace fn {
inline constexpr Function<std::int64_t(std::int64_t)> square{"math.square"};
inline constexpr Function<std::string(std::string, int)> repeat{"text.repeat"};
inline constexpr Function<double(const std::vector<Point>&)> length{"geo.length"};
inline constexpr Function<void()> touch{"touch"};
}  // namespace fn

template <class... T>
std::string array_of(const T&... element) {
  detail::Output out;
  detail::encode(out, std::tuple<T...>(element...));
  return out.bytes();
}

}  // namespace

TEST_CASE("a function is a name and a signature, in a constant") {
  STATIC_REQUIRE(fn::square.name() == "math.square");
  CHECK(fn::repeat.signature() == "(str, int) -> str");
  CHECK(fn::touch.signature() == "() -> nil");
  CHECK(fn::length.signature() == "(list[{x: float, y: float}]) -> float");
}

TEST_CASE("a call holds the function and its arguments in one array") {
  const Call<std::int64_t> call = fn::square(7);
  CHECK(call.function() == "math.square");
  CHECK(call.signature() == "(int) -> int");
  CHECK(call.arguments() == array_of(7));
  CHECK(fn::touch().arguments() == "\x90");
}

TEST_CASE("arguments convert as in a normal call") {
  const std::string_view view = "ab";
  const char* pointer = "ab";
  CHECK(fn::repeat("ab", 3L).arguments() == array_of(std::string("ab"), 3));
  CHECK(fn::repeat(std::string("ab"), 3.9).arguments() == array_of(std::string("ab"), 3));
  CHECK(fn::repeat(std::string(view), 'a').arguments() == array_of(std::string("ab"), 97));
  CHECK(fn::repeat(pointer, true).arguments() == array_of(std::string("ab"), 1));
  CHECK(fn::square(std::uint8_t{200}).arguments() == array_of(200));
}

TEST_CASE("arguments in braces have the declared type") {
  CHECK(fn::length({{1, 2}, {3, 4}}).arguments() ==
        fn::length(std::vector<Point>{{1, 2}, {3, 4}}).arguments());
  CHECK(fn::square({}).arguments() == array_of(0));
}

TEST_CASE("arguments are encoded at once") {
  std::vector<Point> points{{1, 2}};
  const auto call = fn::length(points);
  points.clear();
  CHECK(call.arguments() != fn::length(points).arguments());
}

TEST_CASE("a name that is not allowed is refused") {
  CHECK_THROWS_AS(Function<void()>{""}, Error);
  CHECK_THROWS_AS(Function<void()>{"a b"}, Error);
  CHECK_THROWS_AS(Function<void()>{"ümlaut"}, Error);
  const std::string longest(128, 'n');
  CHECK(Function<void()>{longest}.name() == longest);
  const std::string too_long(129, 'n');
  CHECK_THROWS_AS(Function<void()>{too_long}, Error);
}
