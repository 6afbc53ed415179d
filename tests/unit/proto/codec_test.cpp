#include <catch2/catch.hpp>
#include <limits>
#include <string>

#include "proto/frame.h"
#include "proto/limits.h"

using namespace zonda;
using namespace std::string_literals;

namespace {

const Header kHeader{1, 2, 3, 4, 5};
const std::string kHead = "\x5a\x01"s;     // magic and version
const std::string kZeros = "\0\0\0\0\0"s;  // session to credit_bytes
const std::string kJob = "\xc4\x10" + std::string(16, 'j');

// A frame by hand: the count of elements, the type, the fields.
std::string frame(int fields, MessageType type, const std::string& bytes) {
  return "\xdc\0"s + static_cast<char>(8 + fields) + "\xcc" + kHead + static_cast<char>(type) + kZeros +
         bytes;
}

std::string why_not(const std::string& bytes) {
  const auto decoded = decode(bytes);
  const BadFrame* bad = std::get_if<BadFrame>(&decoded);
  return bad == nullptr ? "it is a frame" : bad->reason;
}

std::string u32(std::uint32_t value) {
  return {static_cast<char>(value), static_cast<char>(value >> 8), static_cast<char>(value >> 16),
          static_cast<char>(value >> 24)};
}

template <class T>
T again(const std::string& bytes) {
  auto decoded = decode(bytes);
  REQUIRE(std::holds_alternative<Frame>(decoded));
  return std::get<T>(std::get<Frame>(decoded).message);
}

}  // namespace

TEST_CASE("a missing field is an error, for each field") {
  const std::string four[] = {kJob, "\x07"s, "\xc2"s,
                              "\xa5"
                              "fsync"s};
  std::string bytes;
  for (int fields = 0; fields < 4; ++fields) {
    CHECK(why_not(frame(fields, MessageType::Accepted, bytes)) == "a field is missing");
    bytes += four[fields];
  }
  CHECK(why_not(frame(4, MessageType::Accepted, bytes)) == "it is a frame");
}

TEST_CASE("fields of a newer peer are skipped, whatever they are") {
  const std::string known = kJob + "\x07\xc3\xa5" + "fsync";
  const std::string newer = "\x93\x01\xa1x\x81\xc4\x01y\xcb\0\0\0\0\0\0\0\0"s;
  const auto decoded = decode(frame(6, MessageType::Accepted, known + newer + "\xc0"));
  REQUIRE(std::holds_alternative<Frame>(decoded));
  const auto& accepted = std::get<Accepted>(std::get<Frame>(decoded).message);
  CHECK(accepted.count == 7);
  CHECK(accepted.closed);
  CHECK(why_not(frame(2, MessageType::Who, "\x01\xa1x")) == "it is a frame");
  CHECK(why_not(frame(5, MessageType::Accepted, known)) != "it is a frame");
}

TEST_CASE("nested records may grow too") {
  const std::string held = kJob + "\x01\x02\x03\x04\xc2"s;
  CHECK(why_not(frame(1, MessageType::Stop, "\x91\x96" + held)) == "it is a frame");
  CHECK(why_not(frame(1, MessageType::Stop, "\x91\x97" + held + "\xa1n")) == "it is a frame");
  CHECK(why_not(frame(1, MessageType::Stop, "\x91\x95" + held)) == "a field is missing");
}

TEST_CASE("bytes behind a frame are refused") {
  CHECK(why_not(encode(kHeader, Goodbye{}) + '\0') == "trailing bytes");
}

TEST_CASE("every proper beginning of a frame is refused") {
  const std::string bytes = encode(kHeader, Append{{}, 1, 0, {u32(1), "x"}});
  for (std::size_t size = 0; size < bytes.size(); ++size)
    CHECK(why_not(bytes.substr(0, size)) != "it is a frame");
}

TEST_CASE("what does not begin as a frame is none") {
  std::string bytes = encode(kHeader, Goodbye{});
  REQUIRE(bytes[0] == '\x98');
  CHECK(why_not(std::string(bytes).replace(1, 1, "X")) == "not a frame of ours");
  CHECK(why_not("\x97" + bytes.substr(1)) == "not a frame of ours");
  CHECK(why_not("GET / HTTP/1.1\r\n\r\n") != "it is a frame");
  CHECK(why_not("\xff\0\0\0\0\0\0\0\x01\x7f"s) != "it is a frame");
}

TEST_CASE("another version is told apart, unless the message is the same in all of them") {
  const auto in_version_2 = [](const Message& message) {
    std::string bytes = encode(kHeader, message);
    const std::size_t at = bytes.find('Z') + 1;
    REQUIRE(bytes[at] == 1);
    bytes[at] = 2;
    return decode(bytes);
  };
  const auto refused = in_version_2(Goodbye{});
  REQUIRE(std::holds_alternative<BadFrame>(refused));
  CHECK(std::get<BadFrame>(refused).wrong_version);
  for (const Message& message : {Message{Welcome{}}, Message{Refuse{}}, Message{Who{}}})
    CHECK(std::holds_alternative<Frame>(in_version_2(message)));
  CHECK(std::holds_alternative<Frame>(in_version_2(Hello{})));
}

TEST_CASE("an unknown type is refused") {
  CHECK(why_not(frame(0, static_cast<MessageType>(100), "")) == "unknown message type");
}

TEST_CASE("a control frame has a limit, bulk has not") {
  Query query;
  const std::string large(kControlFrameBytesMax, 'x');
  query.arguments = large;
  CHECK(why_not(encode(kHeader, query)) == "control frame too large");
  query.arguments = std::string_view(large).substr(100);
  CHECK(why_not(encode(kHeader, query)) == "it is a frame");
  CHECK(why_not(encode(kHeader, Append{{}, 0, 0, {u32(static_cast<std::uint32_t>(large.size())), large}})) ==
        "it is a frame");
}

TEST_CASE("lists and texts have a limit") {
  CHECK(why_not(encode(kHeader, Stop{std::vector<Held>(kListMax)})) == "it is a frame");
  CHECK(why_not(encode(kHeader, Stop{std::vector<Held>(kListMax + 1)})) == "list too long");
  CHECK(why_not(encode(kHeader, Refuse{RefuseCode::Full, std::string(kTextBytesMax, 'x'), 0, 0})) ==
        "it is a frame");
  // No encoder of ours makes a longer one, whatever it is given.
  CHECK(encode(kHeader, Refuse{RefuseCode::Full, std::string(kTextBytesMax + 1, 'x'), 0, 0}) ==
        encode(kHeader, Refuse{RefuseCode::Full, std::string(kTextBytesMax, 'x'), 0, 0}));
  std::string longer = encode(kHeader, Refuse{RefuseCode::Full, std::string(kTextBytesMax, 'x'), 0, 0});
  const std::size_t length = longer.find('x') - 1;  // the low byte of the text's length
  ++longer[length];
  CHECK(why_not(longer) == "text too long");
  const std::string lengths(4 * (kBatchTasksMax + 1), '\0');
  CHECK(why_not(encode(kHeader, Append{{}, 0, 0, {lengths, {}}})) == "too many tasks in one frame");
  CHECK(why_not(encode(kHeader, Append{{}, 0, 0, {std::string_view(lengths).substr(4), {}}})) ==
        "it is a frame");
  CHECK(why_not(frame(1, MessageType::Stop, "\xdd\xff\xff\xff\xff")) == "count larger than the bytes left");
}

TEST_CASE("a column whose lengths do not add up is refused") {
  const std::string wrong = "the lengths of a column do not add up";
  CHECK(why_not(encode(kHeader, Append{{}, 0, 0, {u32(2), "x"}})) == wrong);
  CHECK(why_not(encode(kHeader, Append{{}, 0, 0, {u32(0), "x"}})) == wrong);
  CHECK(why_not(encode(kHeader, Append{{}, 0, 0, {u32(1) + "\1", "x"}})) == wrong);
  // Their sum is 2^32 + 1: nobody may count with 32 bits.
  CHECK(why_not(encode(kHeader, Append{{}, 0, 0, {u32(0xffffffff) + u32(2), "x"}})) == wrong);
}

TEST_CASE("there are as many kinds as outcomes, or none") {
  const std::string lengths = u32(1) + u32(0);
  const Column two{lengths, "x"};
  const std::string differ = "kinds and outcomes differ";
  CHECK(why_not(encode(kHeader, Outcomes{{}, 0, {{0, 1, "w", "\1", two}}})) == differ);
  CHECK(why_not(encode(kHeader, Outcomes{{}, 0, {{0, 1, "w", {}, two}}})) == "it is a frame");
  CHECK(why_not(encode(kHeader, WorkerResults{{{{}, 0, 1, 1, 0, "\1\1\1", two}}})) == differ);
  CHECK(why_not(encode(kHeader, WorkerResults{{{{}, 0, 1, 1, 0, "\1\1", two}}})) == "it is a frame");
}

TEST_CASE("ids have 16 bytes") {
  CHECK(why_not(frame(1, MessageType::Attach, "\xc4\x0f" + std::string(15, 'j'))) == "a field is missing");
  CHECK(why_not(frame(4, MessageType::Attach, "\xc4\x0f" + std::string(15, 'j') + std::string(3, '\0'))) ==
        "an id has 16 bytes");
}

TEST_CASE("amounts keep their value, and are finite") {
  Hello hello;
  hello.resources = {{"half", 0.5}, {"huge", 1e300}, {"whole", 4}, {"beyond 2^53", 1e17}};
  CHECK(again<Hello>(encode(kHeader, hello)).resources == hello.resources);
  for (const double odd :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    hello.resources = {{"odd", odd}};
    CHECK(why_not(encode(kHeader, hello)) == "a number that is not finite");
  }
}

TEST_CASE("a key that comes twice is refused") {
  std::string bytes = encode(kHeader, [] {
    Hello hello;
    hello.labels = {{"aa", "1"}, {"bb", "2"}};
    return hello;
  }());
  bytes[bytes.find("bb")] = 'a';
  bytes[bytes.find("ab") + 1] = 'a';
  CHECK(why_not(bytes) == "a key comes twice");
}

TEST_CASE("nesting that no field has is refused without recursion, and skipped where it may be") {
  std::string deep(50'000, '\x91');
  deep.push_back('\xc0');
  CHECK(why_not(frame(1, MessageType::Stop, deep)) != "it is a frame");
  CHECK(why_not(frame(1, MessageType::Goodbye, deep)) == "it is a frame");
}

TEST_CASE("a frame is encoded into memory of about its size") {
  const std::string payload(1 << 20, 'x');
  const std::string lengths = u32(1 << 20);
  WorkerResults results;
  for (int at = 0; at < 3; ++at) results.ranges.push_back({{}, 0, 1, 1, 0, {}, {lengths, payload}});
  const std::string bytes = encode(kHeader, results);
  CHECK(bytes.capacity() < bytes.size() + 1'024);
}
