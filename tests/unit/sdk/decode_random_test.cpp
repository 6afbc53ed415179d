// Whatever bytes arrive, decoding gives a value or a DecodeError, and memory in proportion to the input.
// Each run has another seed and prints it when something fails; ZONDA_SEED repeats a run.
#include <zonda/bytes.h>
#include <zonda/detail/codec.h>
#include <zonda/fields.h>

#include <catch2/catch.hpp>

#include <cstdlib>
#include <memory>
#include <random>

#include "tests/unit/sdk/allocations.h"

using namespace zonda;
using namespace zonda::detail;

namespace {

struct Point {
  double x = 0;
  float y = 0;
  ZONDA_FIELDS(Point, x, y)
};
struct Tree {
  Point at;
  std::vector<Tree> children;
  std::optional<std::string> name;
  ZONDA_FIELDS(Tree, at, children, name)
};
struct Packed {
  std::vector<int> numbers;
  std::map<std::string, std::string> words;
  MSGPACK_DEFINE(numbers, words)
};
struct Huge {
  std::array<double, 512> values{};
  ZONDA_FIELDS(Huge, values)
};

using Random = std::mt19937_64;

std::size_t below(Random& random, std::size_t limit) { return random() % limit; }

std::uint64_t seed() {
  if (const char* given = std::getenv("ZONDA_SEED")) return std::strtoull(given, nullptr, 10);
  return std::random_device{}();
}

std::string random_bytes(Random& random) {
  std::string bytes(below(random, 64), '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

void mutate(Random& random, std::string& bytes) {
  const std::size_t at = below(random, bytes.size() + 1);
  switch (below(random, 5)) {
    case 0: bytes.resize(at); break;
    case 1: bytes.insert(at, 1, static_cast<char>(random())); break;
    case 2: bytes.insert(at, random_bytes(random)); break;
    case 3: bytes.erase(at, 1 + below(random, 4)); break;
    default:
      if (at < bytes.size()) bytes[at] = static_cast<char>(random());
  }
}

// In memory of exactly its size, so that the address sanitizer sees a read beyond it.
template <class T>
bool decodes(const std::string& bytes) {
  const std::unique_ptr<char[]> exact(new char[bytes.size()]);
  std::copy(bytes.begin(), bytes.end(), exact.get());
  try {
    decode_whole<T>({exact.get(), bytes.size()});
    return true;
  } catch (const DecodeError&) {
    return false;
  }
}

// A value's bytes, changed a little again and again, and bytes without any sense.
template <class T>
void torment(Random& random, const T& value) {
  Output out;
  encode(out, value);
  REQUIRE(decodes<T>(out.bytes()));
  constexpr std::uint64_t kBytesFixed = 128 << 10;  // exceptions, msgpack-cxx's zones
  constexpr std::uint64_t kBytesPerByte = 256;
  for (int round = 0; round < 3000; ++round) {
    std::string bytes = round % 4 == 0 ? random_bytes(random) : out.bytes();
    for (std::size_t left = below(random, 4); left > 0; --left) mutate(random, bytes);
    const std::uint64_t before = bytes_allocated_by_this_thread();
    decodes<T>(bytes);
    const std::uint64_t used = bytes_allocated_by_this_thread() - before;
    if (used > kBytesFixed + kBytesPerByte * bytes.size())
      FAIL("allocated " << used << " for " << bytes.size());
  }
}

}  // namespace

TEST_CASE("random and mutated bytes decode or are refused") {
  const std::uint64_t start = seed();
  INFO("ZONDA_SEED=" << start);
  Random random(start);
  torment(random, std::int64_t{1} << 40);
  torment(random, std::string("some text"));
  torment(random, Bytes(40, std::byte{7}));
  torment(random, std::vector<double>{1, 2, 3});
  torment(random, std::vector<std::vector<std::int16_t>>{{1, 2}, {}, {300}});
  torment(random, std::vector<bool>{true, false});
  torment(random, std::tuple<int, std::string, bool>{1, "a", true});
  torment(random, std::map<std::string, std::array<int, 2>>{{"a", {1, 2}}, {"b", {3, 4}}});
  torment(random, std::unordered_map<int, std::optional<float>>{{1, 2.0F}, {2, {}}});
  torment(random, Tree{{1, 2}, {{{3, 4}, {}, "leaf"}, {}}, {}});
  torment(random, std::vector<Packed>{{{1, 2, 3}, {{"a", "b"}}}, {}});
}

TEST_CASE("a count without its elements allocates little, however large an element is") {
  std::string bytes("\xdd\x00\x01\x00\x00", 5);  // a list of 65536, which as elements would take 256 MiB
  bytes.append(65'536, '\x01');
  const std::uint64_t before = bytes_allocated_by_this_thread();
  CHECK_FALSE(decodes<std::vector<Huge>>(bytes));
  CHECK(bytes_allocated_by_this_thread() - before < 32 * bytes.size());
}
