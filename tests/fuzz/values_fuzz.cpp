// Strict decoding of user values: a value or a DecodeError, and a value survives another round.
#include <zonda/bytes.h>
#include <zonda/detail/codec.h>
#include <zonda/fields.h>

#include "tests/fuzz/input.h"

using namespace zonda;
using namespace zonda::detail;

namespace {

struct Tree {
  double x = 0;
  float y = 0;
  std::vector<Tree> children;
  std::optional<std::string> name;
  ZONDA_FIELDS(Tree, x, y, children, name)
};
struct Packed {
  std::vector<int> numbers;
  std::map<std::string, std::string> words;
  MSGPACK_DEFINE(numbers, words)
};
enum class Colour : std::int8_t { Red };

template <class T>
void check(std::string_view bytes) {
  try {
    const T value = decode_whole<T>(bytes);
    Output once, twice;
    encode(once, value);
    encode(twice, decode_whole<T>(once.bytes()));
    ZONDA_ASSERT(once.bytes() == twice.bytes());
  } catch (const DecodeError&) {
  }
}

using Check = void (*)(std::string_view);
constexpr Check kChecks[] = {
    check<std::int64_t>,
    check<std::uint8_t>,
    check<double>,
    check<float>,
    check<bool>,
    check<std::string>,
    check<Bytes>,
    check<Colour>,
    check<Tree>,
    check<Packed>,
    check<std::vector<double>>,
    check<std::vector<std::vector<std::int16_t>>>,
    check<std::vector<bool>>,
    check<std::set<std::string>>,
    check<std::tuple<int, std::string, bool>>,
    check<std::map<std::string, std::array<int, 2>>>,
    check<std::unordered_map<int, std::optional<float>>>,
    check<std::chrono::system_clock::time_point>,
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const Check one = kChecks[input.below(std::size(kChecks))];
  one(input.rest());
  return 0;
}
