#include <zonda/detail/codec.h>
#include <zonda/fields.h>

#include <catch2/catch.hpp>

#include <type_traits>

using namespace zonda;
using namespace zonda::detail;
using Catch::Matchers::Contains;

namespace {

struct Point {
  double x, y;
  ZONDA_FIELDS(Point, x, y)
  friend bool operator==(const Point&, const Point&) = default;
};

struct Line {
  Point from, to;
  std::string name = "unnamed";
  int note = 0;  // stays at home
  ZONDA_FIELDS(Line, from, to, name)
};

struct Empty {
  ZONDA_FIELDS(Empty)
};

struct Tree {
  int value = 0;
  std::vector<Tree> children;
  ZONDA_FIELDS(Tree, value, children)
};

struct Wide {
  int a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9;
  int c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, d0, d1, d2, d3, d4, d5, d6, d7, d8, d9;
  ZONDA_FIELDS(Wide, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9,  //
               c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, d0, d1, d2, d3, d4, d5, d6, d7, d8, d9)
};

template <class T>
struct Box {
  T content;
  ZONDA_FIELDS(Box, content)
};

struct Derived : Point {};

using Map = std::vector<std::pair<std::string, double>>;

// Bytes of a map with exactly these entries, in this order.
std::string map_of(const Map& entries) {
  Output out;
  Packer packer(out);
  packer.pack_map(static_cast<std::uint32_t>(entries.size()));
  for (const auto& [key, value] : entries) {
    encode(out, key);
    encode(out, value);
  }
  return out.bytes();
}

template <class T>
T copy_through_bytes(const T& value) {
  Output out;
  encode(out, value);
  return decode_whole<T>(out.bytes());
}

// A tree that is one branch of so many nodes.
Tree branch(int nodes) {
  Tree tree;
  for (int i = 1; i < nodes; ++i) tree = Tree{i, {tree}};
  return tree;
}

}  // namespace

TEST_CASE("a type with fields stays an aggregate and travels as a map by name") {
  STATIC_REQUIRE(std::is_aggregate_v<Point>);
  const Point point{1, 2};
  Output out;
  encode(out, point);
  CHECK(out.bytes() == map_of({{"x", 1}, {"y", 2}}));
  CHECK(copy_through_bytes(point) == point);
}

TEST_CASE("fields may be of other own types, and only what is named is sent") {
  const Line line = copy_through_bytes(Line{{1, 2}, {3, 4}, "l", 5});
  CHECK(line.from == Point{1, 2});
  CHECK(line.to == Point{3, 4});
  CHECK(line.name == "l");
  CHECK(line.note == 0);
  CHECK(copy_through_bytes(Box<Box<Point>>{{{5, 6}}}).content.content == Point{5, 6});
  CHECK_NOTHROW(copy_through_bytes(Empty{}));
}

TEST_CASE("forty fields are not too many") {
  Wide wide{};
  wide.a0 = 1;
  wide.d9 = 2;
  CHECK(copy_through_bytes(wide).a0 == 1);
  CHECK(copy_through_bytes(wide).d9 == 2);
}

TEST_CASE("a local type may have fields") {
  struct Local {
    int n = 0;
    ZONDA_FIELDS(Local, n)
  };
  CHECK(copy_through_bytes(Local{3}).n == 3);
}

TEST_CASE("the order of the fields does not matter") {
  CHECK(decode_whole<Point>(map_of({{"y", 2}, {"x", 1}})) == Point{1, 2});
}

TEST_CASE("a field that is missing, unknown or there twice is an error that names it") {
  CHECK_THROWS_WITH(decode_whole<Point>(map_of({{"x", 1}})), Contains("missing field y"));
  CHECK_THROWS_WITH(decode_whole<Point>(map_of({{"x", 1}, {"z", 2}})), Contains("unknown field z"));
  CHECK_THROWS_WITH(decode_whole<Point>(map_of({{"x", 1}, {"y", 2}, {"z", 3}})), Contains("unknown field z"));
  CHECK_THROWS_WITH(decode_whole<Point>(map_of({{"x", 1}, {"x", 2}})), Contains("duplicate field x"));
  CHECK_THROWS_AS(decode_whole<Point>(map_of({})), DecodeError);
  CHECK_THROWS_AS(decode_whole<Empty>(map_of({{"x", 1}})), DecodeError);
}

TEST_CASE("a field of the wrong kind is an error that says where") {
  Output out;
  encode(out, Box<Box<std::string>>{{"text"}});
  CHECK_THROWS_WITH(decode_whole<Box<Box<int>>>(out.bytes()),
                    "field content: field content: expected an integer, got a string");
}

TEST_CASE("a type may contain itself, 64 deep and no deeper") {
  const Tree tree = copy_through_bytes(Tree{1, {{2, {}}, {3, {{4, {}}}}}});
  REQUIRE(tree.children.size() == 2);
  CHECK(tree.children[1].children[0].value == 4);
  CHECK_NOTHROW(copy_through_bytes(branch(64)));
  CHECK_THROWS_AS(copy_through_bytes(branch(65)), Error);

  std::string deep;  // what a peer may send all the same
  for (int i = 0; i < 100'000; ++i) {
    deep +=
        "\x82\xa5value\x01\xa8"
        "children\x91";
  }
  CHECK_THROWS_AS(decode_whole<Tree>(deep + "\xc0"), DecodeError);
}

TEST_CASE("a derived type does not pass for its base") {
  STATIC_REQUIRE(HasFields<Point>);
  STATIC_REQUIRE_FALSE(HasFields<Derived>);
}
