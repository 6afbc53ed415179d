#include <zonda/bytes.h>
#include <zonda/detail/codec.h>

#include <catch2/catch.hpp>

#include <limits>

using namespace zonda;
using namespace zonda::detail;
using namespace std::string_literals;

namespace {

template <class T>
std::string bytes_of(const T& value) {
  Output out;
  encode(out, value);
  return out.bytes();
}

template <class To, class From>
To sent_as(const From& value) {
  return decode_whole<To>(bytes_of(value));
}

template <class T>
bool survives(const T& value) {
  return sent_as<T>(value) == value;
}

enum class Colour : std::int8_t { Red = -1, Blue = 7 };

struct ByMembers {
  int count = 0;
  std::string name;
  MSGPACK_DEFINE(count, name)
  friend bool operator==(const ByMembers&, const ByMembers&) = default;
};

struct ByName {
  int count = 0;
  ByMembers inner;
  MSGPACK_DEFINE_MAP(count, inner)
  friend bool operator==(const ByName&, const ByName&) = default;
};

struct ByAdaptor {
  int count = 0;
};

}  // namespace

template <>
struct msgpack::adaptor::pack<ByAdaptor> {
  template <class Stream>
  msgpack::packer<Stream>& operator()(msgpack::packer<Stream>& packer, const ByAdaptor& value) const {
    return packer.pack(value.count);
  }
};
template <>
struct msgpack::adaptor::convert<ByAdaptor> {
  const msgpack::object& operator()(const msgpack::object& object, ByAdaptor& value) const {
    value.count = object.as<int>();
    return object;
  }
};

TEST_CASE("scalars survive, at their limits too") {
  CHECK(survives(true));
  CHECK(survives(std::numeric_limits<std::int64_t>::min()));
  CHECK(survives(std::numeric_limits<std::uint64_t>::max()));
  CHECK(survives(std::numeric_limits<std::int8_t>::min()));
  CHECK(survives('x'));
  CHECK(survives(char16_t{0xffff}));
  CHECK(survives(0.1));
  CHECK(survives(std::numeric_limits<float>::max()));
  CHECK(survives(1e17));
  CHECK(survives(-1e300));
  CHECK(std::signbit(sent_as<double>(-0.0)));
  CHECK(bytes_of(2.0F) == "\xca\x40\0\0"s + '\0');
  CHECK(survives(std::numeric_limits<double>::infinity()));
  CHECK(std::isnan(sent_as<float>(std::numeric_limits<double>::quiet_NaN())));
  CHECK(survives(Colour::Red));
  CHECK(survives(std::chrono::microseconds(-5)));
  CHECK(survives(std::monostate{}));
}

TEST_CASE("a number that does not fit is an error, never another number") {
  CHECK_THROWS_AS(sent_as<std::int8_t>(128), DecodeError);
  CHECK_THROWS_AS(sent_as<char>(1000), DecodeError);
  CHECK_THROWS_AS(sent_as<unsigned>(-1), DecodeError);
  CHECK_THROWS_AS(sent_as<Colour>(128), DecodeError);
  CHECK_THROWS_AS(sent_as<std::chrono::duration<std::int32_t>>(std::chrono::seconds(1LL << 40)), DecodeError);
  CHECK_THROWS_AS(sent_as<int>(2.0), DecodeError);
  CHECK_THROWS_AS(sent_as<bool>(1), DecodeError);
  CHECK_THROWS_AS(sent_as<float>(1e39), DecodeError);
  CHECK_THROWS_AS(sent_as<float>((1 << 24) + 1), DecodeError);
  CHECK(sent_as<float>(0.1) == 0.1F);
  CHECK(sent_as<double>(7) == 7.0);
}

TEST_CASE("text and bytes are two kinds") {
  CHECK(survives("a\0b"s));
  CHECK(survives(Bytes{std::byte{0}, std::byte{255}}));
  CHECK(survives(std::vector<char>{'a', 'b'}));
  CHECK(survives(std::vector<unsigned char>(70'000, 9)));
  CHECK(survives(std::array<std::byte, 2>{std::byte{1}, std::byte{2}}));
  CHECK(bytes_of(Bytes{std::byte{'a'}}) ==
        "\xc4\x01"
        "a");
  CHECK_THROWS_AS(sent_as<Bytes>("text"s), DecodeError);
  CHECK_THROWS_AS(sent_as<std::string>(std::vector<char>{'a'}), DecodeError);
  CHECK_THROWS_AS((sent_as<std::array<std::byte, 3>>(Bytes(2))), DecodeError);
}

TEST_CASE("containers survive") {
  CHECK(survives(std::vector<int>{}));
  CHECK(survives(std::vector<std::vector<std::string>>{{"a"}, {}, {"b", "c"}}));
  CHECK(survives(std::vector<bool>{true, false, true}));
  CHECK(survives(std::deque<std::int8_t>{-1, 2}));
  CHECK(survives(std::list<std::string>{"a", "b"}));
  CHECK(survives(std::array<double, 3>{1, 2, 3}));
  CHECK(survives(std::pair<int, std::string>{1, "a"}));
  CHECK(survives(std::tuple<int, std::tuple<>, std::tuple<bool>>{1, {}, {true}}));
  CHECK(survives(std::set<std::string>{"a", "b"}));
  CHECK(survives(std::map<std::string, std::vector<int>>{{"a", {1}}, {"b", {}}}));
  CHECK(survives(std::unordered_map<int, double>{{1, 2.5}, {3, 4}}));
  CHECK(survives(std::multimap<int, int>{{1, 2}, {1, 3}}));
  CHECK(survives(std::optional<int>{}));
  CHECK(survives(std::optional<std::string>{"a"}));
  CHECK(*sent_as<std::unique_ptr<int>>(5) == 5);
  CHECK_FALSE(sent_as<std::shared_ptr<int>>(std::monostate{}));
}

TEST_CASE("a large vector of numbers survives and has the bytes that its elements have") {
  std::vector<std::int64_t> numbers;
  for (int i = 0; i < 100'000; ++i) numbers.push_back((std::int64_t{1} << (i % 63)) * (i % 2 == 0 ? 1 : -1));
  CHECK(survives(numbers));
  std::string expected("\xdd\x00\x01\x86\xa0", 5);
  for (const std::int64_t number : numbers) expected += bytes_of(number);
  CHECK((bytes_of(numbers) == expected));
  CHECK(survives(std::vector<float>(1000, 1.5F)));
}

TEST_CASE("another number of elements is an error") {
  const std::vector<int> three{1, 2, 3};
  CHECK_THROWS_AS((sent_as<std::pair<int, int>>(three)), DecodeError);
  CHECK_THROWS_AS((sent_as<std::tuple<int, int, int, int>>(three)), DecodeError);
  CHECK_THROWS_AS((sent_as<std::array<int, 2>>(three)), DecodeError);
  CHECK_THROWS_AS((sent_as<std::array<int, 4>>(three)), DecodeError);
  CHECK((sent_as<std::tuple<int, int, int>>(three) == std::tuple{1, 2, 3}));
}

TEST_CASE("what a container would drop silently is an error") {
  CHECK_THROWS_AS(sent_as<std::set<int>>(std::vector{1, 1}), DecodeError);
  CHECK_THROWS_AS((sent_as<std::map<int, int>>(std::multimap<int, int>{{1, 2}, {1, 3}})), DecodeError);
  CHECK_THROWS_AS((sent_as<std::unordered_map<int, int>>(std::multimap<int, int>{{1, 2}, {1, 3}})),
                  DecodeError);
}

TEST_CASE("equal hashed containers have equal bytes, whatever their history") {
  std::unordered_set<int> grown;
  for (int i = 0; i < 1000; ++i) grown.insert(i * 7919);
  std::unordered_set<int> reversed(4096);
  for (int i = 999; i >= 0; --i) reversed.insert(i * 7919);
  CHECK((bytes_of(grown) == bytes_of(reversed)));
}

TEST_CASE("bytes behind the value are an error") {
  CHECK_THROWS_AS(decode_whole<int>("\x01\x02"s), DecodeError);
  CHECK_THROWS_AS(decode_whole<void>("\xc0\xc0"s), DecodeError);
  CHECK_NOTHROW(decode_whole<void>("\xc0"s));
}

TEST_CASE("what msgpack-cxx packs by itself is sent too, and its errors are decode errors") {
  CHECK(survives(ByMembers{3, "a"}));
  CHECK(survives(std::vector<ByMembers>{{3, "a"}, {4, "b"}}));
  CHECK(sent_as<ByAdaptor>(ByAdaptor{5}).count == 5);

  CHECK_THROWS_AS(sent_as<ByMembers>("text"s), DecodeError);
  CHECK_THROWS_AS(decode_whole<ByMembers>("\x92\x01"s), DecodeError);
  CHECK_THROWS_AS(decode_whole<ByMembers>(std::string(100, '\x91') + "\x01"), DecodeError);
}

TEST_CASE("points in time survive, and do not overflow or lose digits silently") {
  using namespace std::chrono;
  CHECK(survives(system_clock::time_point(nanoseconds(1'700'000'000'123'456'789))));
  CHECK(survives(system_clock::time_point(nanoseconds(-1))));
  CHECK(survives(sys_seconds(seconds(1LL << 40))));
  CHECK_THROWS_AS(sent_as<system_clock::time_point>(sys_seconds(seconds(1LL << 40))), DecodeError);
  CHECK_THROWS_AS(sent_as<sys_seconds>(system_clock::time_point(nanoseconds(1))), DecodeError);
}

TEST_CASE("msgpack-cxx's own types get no silent defaults either") {
  CHECK_THROWS_AS(sent_as<ByMembers>(std::tuple(3)), DecodeError);
  CHECK_THROWS_AS(sent_as<ByMembers>(std::tuple("a"s, 3, 4)), DecodeError);
  CHECK_THROWS_AS(sent_as<ByMembers>(std::tuple(3, "a"s, 4)), DecodeError);
  CHECK_THROWS_AS((sent_as<ByName>(std::map<std::string, int>{{"count", 3}})), DecodeError);
  CHECK_THROWS_AS(sent_as<std::forward_list<ByMembers>>(std::vector{std::tuple(3)}), DecodeError);
  CHECK(survives(ByName{3, {4, "a"}}));
  CHECK(sent_as<ByMembers>(std::tuple(3, "a"s)) == ByMembers{3, "a"});
}
