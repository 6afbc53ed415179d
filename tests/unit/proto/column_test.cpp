#include "proto/column.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace zonda;

namespace {

const std::string kLengths("\x01\0\0\0\x00\0\0\0\x03\0\0\0", 12);
const Column kColumn{kLengths, "abcd"};

}  // namespace

TEST_CASE("a column whose lengths add up is consistent") {
  CHECK(kColumn.consistent());
  CHECK_FALSE(Column{kLengths, "abc"}.consistent());
  CHECK_FALSE(Column{std::string_view(kLengths).substr(0, 11), "abcd"}.consistent());
}

TEST_CASE("a slice of a column holds the values asked for and nothing else") {
  CHECK(kColumn.slice(1, 2) == Column{std::string_view(kLengths).substr(4), "bcd"});
  CHECK(kColumn.slice(3, 0).count() == 0);
}

TEST_CASE("values of a column are visited in order") {
  std::vector<std::string> seen;
  for_each_value(kColumn, [&](std::uint32_t, std::string_view bytes) { seen.emplace_back(bytes); });
  CHECK(seen == std::vector<std::string>{"a", "", "bcd"});
}
