#include <zonda/detail/reader.h>

#include <catch2/catch.hpp>

using namespace zonda::detail;
using namespace std::string_literals;

TEST_CASE("integers are read in every width and refused when they do not fit") {
  CHECK(Reader("\x7f"s).integer<int>() == 127);
  CHECK(Reader("\xff"s).integer<int>() == -1);
  CHECK(Reader("\xcd\x01\x00"s).integer<std::uint16_t>() == 256);
  CHECK(Reader("\xd1\xff\x00"s).integer<int>() == -256);
  CHECK_THROWS_AS(Reader("\xcd\x01\x00"s).integer<std::uint8_t>(), DecodeError);
  CHECK_THROWS_AS(Reader("\xff"s).integer<unsigned>(), DecodeError);
}

TEST_CASE("another kind is an error, never a conversion") {
  CHECK_THROWS_AS(Reader("\xcb\x40\0\0\0\0\0\0\0"s).integer<int>(), DecodeError);  // 2.0
  CHECK_THROWS_AS(Reader("\x01"s).boolean(), DecodeError);
  CHECK_THROWS_AS(Reader("\xc4\x01x"s).text(), DecodeError);
  CHECK_THROWS_AS(Reader("\xa1x"s).binary(), DecodeError);
}

TEST_CASE("an integer is a number if a double holds it exactly") {
  CHECK(Reader("\x05"s).number() == 5.0);
  CHECK(Reader("\xca\x3f\x80\0\0"s).number() == 1.0);
  CHECK_THROWS_AS(Reader("\xcf\x7f\xff\xff\xff\xff\xff\xff\xff"s).number(), DecodeError);
}

TEST_CASE("a count larger than the bytes left is refused before anything is allocated") {
  CHECK_THROWS_AS(Reader("\xdd\xff\xff\xff\xff"s).array(), DecodeError);
  CHECK_THROWS_AS(Reader("\xdf\x00\x00\x00\x02\x01\x01\x01"s).map(), DecodeError);
  CHECK_THROWS_AS(Reader("\xdb\xff\xff\xff\xff"s).text(), DecodeError);
}

TEST_CASE("skip steps over exactly one value, however deep") {
  const std::string deep = std::string(100'000, '\x91') + "\xc0" + "\x07";
  Reader reader(deep);
  CHECK(reader.skip().size() == 100'001);
  CHECK(reader.integer<int>() == 7);
  CHECK(reader.at_end());
}
