#include <zonda/bytes.h>
#include <zonda/detail/signature.h>
#include <zonda/fields.h>

#include <catch2/catch.hpp>

using namespace zonda;
using namespace zonda::detail;

namespace {

struct Point {
  double x, y;
  ZONDA_FIELDS(Point, x, y)
};
struct Tree {
  Point at;
  std::vector<Tree> children;
  ZONDA_FIELDS(Tree, at, children)
};
struct Packed {
  int n = 0;
  MSGPACK_DEFINE(n)
};
enum class Colour : std::uint8_t {};

}  // namespace

TEST_CASE("a signature is language-neutral text") {
  CHECK(signature_of<std::string, std::string, int>() == "(str, int) -> str");
  CHECK(signature_of<void>() == "() -> nil");
  CHECK(signature_of<Bytes, std::vector<unsigned char>>() == "(bytes) -> bytes");
  CHECK(signature_of<bool, float, double>() == "(float, float) -> bool");
  CHECK(signature_of<std::vector<std::map<std::string, int>>>() == "() -> list[map[str, int]]");
  CHECK(signature_of<std::set<int>, std::array<bool, 3>>() == "(list[bool]) -> list[int]");
  CHECK(signature_of<std::optional<int>, std::unique_ptr<std::string>>() == "(str?) -> int?");
  CHECK(signature_of<std::tuple<int, std::pair<bool, std::string>>>() == "() -> (int, (bool, str))");
  CHECK(signature_of<std::chrono::milliseconds, Colour>() == "(int) -> int");
  CHECK(signature_of<Packed, Packed>() == "(any) -> any");
}

TEST_CASE("every integer type is an int, and a reference to const is its value") {
  CHECK(signature_of<std::int8_t, const std::uint64_t&, char>() == "(int, int) -> int");
  CHECK(signature_of<void, const std::string&>() == signature_of<void, std::string>());
}

TEST_CASE("own types are described by their fields, and inside themselves end") {
  CHECK(signature_of<Point, Point>() == "({x: float, y: float}) -> {x: float, y: float}");
  CHECK(signature_of<void, Tree>() == "({at: {x: float, y: float}, children: list[any]}) -> nil");
}
