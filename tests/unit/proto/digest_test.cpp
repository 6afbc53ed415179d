#include "proto/digest.h"

#include <catch2/catch.hpp>
#include <set>
#include <string>

using namespace zonda;

// A resend is compared with what came before, perhaps in an earlier process: the values are for ever.
TEST_CASE("digests of some bytes never change") {
  CHECK(digest("") == 0xbe8cab644efdda51);
  CHECK(digest("zonda") == 0xe84d0cb6b1472216);
  CHECK(digest("a text of more than eight bytes", 7) == 0x10018ddacff1128f);
}

TEST_CASE("one changed bit or another length is another digest") {
  std::string bytes(150, '\0');
  std::set<std::uint64_t> seen{digest(bytes)};
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string changed = bytes;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    seen.insert(digest(changed));
  }
  for (std::size_t word = 0; word + 8 <= bytes.size(); word += 8) {  // and where it is changed
    std::string changed = bytes;
    changed.replace(word, 8, "zondahof");
    seen.insert(digest(changed));
  }
  for (std::size_t size = 0; size < bytes.size(); ++size) seen.insert(digest(bytes.substr(0, size)));
  CHECK(seen.size() == 1 + 8 * bytes.size() + bytes.size() / 8 + bytes.size());
}

TEST_CASE("where a value ends belongs to the digest of a column") {
  using namespace std::string_view_literals;
  CHECK(digest(Column{"\1\0\0\0\2\0\0\0"sv, "abc"}) != digest(Column{"\2\0\0\0\1\0\0\0"sv, "abc"}));
  CHECK(digest(Column{"\1\0\0\0\2\0\0\0"sv, "abc"}) == digest(Column{"\1\0\0\0\2\0\0\0"sv, "abc"}));
}
