#include "proto/lane.h"

#include <catch2/catch.hpp>
#include <random>

#include "proto/limits.h"

using namespace zonda;

namespace {

// A sender and a receiver with nothing between them but what a test does.
struct Lane {
  LaneSender sender;
  LaneReceiver receiver;

  Arrival arrive(const std::string& bytes) {
    auto decoded = decode(bytes);
    REQUIRE(std::holds_alternative<Frame>(decoded));
    return receiver.receive(std::get<Frame>(decoded));
  }
  Arrival piece(std::uint64_t total, std::uint64_t offset, std::string_view bytes) {
    return arrive(encode({1, receiver.last() + 1, 0, 0, 0}, Piece{total, offset, bytes}));
  }
};

std::string one(Lane& lane, std::uint64_t count) {
  return lane.sender.pack({}, Accepted{{}, count, false}).front();
}

struct Large {
  std::string lengths, payload;
  explicit Large(std::size_t size) : payload(size, '\0') {
    std::mt19937_64 random(size);
    for (char& byte : payload) byte = static_cast<char>(random());
    const auto length = static_cast<std::uint32_t>(size);
    lengths.assign(reinterpret_cast<const char*>(&length), 4);
  }
  Append append() const { return {{}, 7, 0, {lengths, payload}}; }
};

}  // namespace

TEST_CASE("frames are numbered from 1 and arrive in order") {
  Lane lane;
  for (std::uint64_t count = 1; count <= 3; ++count) {
    CHECK(lane.arrive(one(lane, count)) == Arrival::Complete);
    CHECK(std::get<Accepted>(lane.receiver.message()).count == count);
    CHECK(lane.receiver.last() == count);
  }
}

TEST_CASE("a frame that comes again is a duplicate, and so is one outside of the numbering") {
  Lane lane;
  const std::string first = one(lane, 1);
  CHECK(lane.arrive(first) == Arrival::Complete);
  CHECK(lane.arrive(first) == Arrival::Duplicate);
  CHECK(lane.arrive(encode({}, Goodbye{})) == Arrival::Duplicate);
  CHECK(lane.receiver.last() == 1);
}

TEST_CASE("a frame after a gap is not taken, and the lane goes on where it was") {
  Lane lane;
  const std::string first = one(lane, 1);
  const std::string second = one(lane, 2);
  CHECK(lane.arrive(second) == Arrival::Gap);
  CHECK(lane.receiver.last() == 0);
  CHECK(lane.arrive(first) == Arrival::Complete);
  CHECK(lane.arrive(second) == Arrival::Complete);
}

TEST_CASE("a message of 40 MiB travels in pieces of at most a frame") {
  Lane lane;
  const Large large(40 << 20);
  const std::vector<std::string> frames = lane.sender.pack({1, 0, 0, 0, 0}, large.append());
  REQUIRE(frames.size() == 41);
  for (std::size_t at = 0; at < frames.size(); ++at) {
    REQUIRE(frames[at].size() <= kPieceBytes + 128);
    REQUIRE(lane.arrive(frames[at]) == (at + 1 < frames.size() ? Arrival::Partial : Arrival::Complete));
    if (at == 20) CHECK(lane.arrive(frames[3]) == Arrival::Duplicate);
  }
  const auto& append = std::get<Append>(lane.receiver.message());
  CHECK(append.first == 7);
  CHECK((append.arguments.payloads == large.payload));  // in brackets: nobody wants to read it
  CHECK(lane.receiver.last() == lane.sender.last());
  CHECK(lane.arrive(one(lane, 1)) == Arrival::Complete);
}

TEST_CASE("a message of exactly a frame is not cut") {
  Lane lane;
  const std::size_t around = encode({1, 1, 0, 0, 0}, Large(1 << 20).append()).size() - (1 << 20);
  CHECK(lane.sender.pack({1, 0, 0, 0, 0}, Large(kFrameBytesMax - around).append()).size() == 1);
  CHECK(LaneSender().pack({1, 0, 0, 0, 0}, Large(kFrameBytesMax - around + 1).append()).size() == 17);
}

TEST_CASE("pieces that do not fit together break the lane") {
  const auto after_a_piece = [](std::uint64_t total, std::uint64_t offset, std::string_view bytes) {
    Lane lane;
    REQUIRE(lane.piece(100, 0, "abc") == Arrival::Partial);
    return lane.piece(total, offset, bytes);
  };
  CHECK(after_a_piece(100, 3, "def") == Arrival::Partial);
  CHECK(after_a_piece(101, 3, "def") == Arrival::Bad);                 // another total
  CHECK(after_a_piece(100, 2, "def") == Arrival::Bad);                 // they overlap
  CHECK(after_a_piece(100, 4, "def") == Arrival::Bad);                 // they leave a hole
  CHECK(after_a_piece(100, 0, "abc") == Arrival::Bad);                 // it begins again
  CHECK(after_a_piece(100, 3, "") == Arrival::Bad);                    // it never ends
  CHECK(after_a_piece(100, 3, std::string(98, 'x')) == Arrival::Bad);  // more than was said
  CHECK(after_a_piece(100, 3, std::string(97, 'x')) == Arrival::Bad);  // complete, and not a frame
}

TEST_CASE("a message is not begun that nobody could take") {
  CHECK(Lane().piece(0, 0, "x") == Arrival::Bad);
  CHECK(Lane().piece(10, 3, "x") == Arrival::Bad);
  CHECK(Lane().piece(kPayloadBytesMax + kFrameBytesMax, 0, "x") == Arrival::Partial);
  CHECK(Lane().piece(kPayloadBytesMax + kFrameBytesMax + 1, 0, "x") == Arrival::Bad);
  CHECK(Lane().piece(~0ULL, 0, "x") == Arrival::Bad);
}

TEST_CASE("pieces of pieces, and a message among pieces, break the lane") {
  const std::string inner = encode({}, Piece{5, 0, "abc"});
  CHECK(Lane().piece(inner.size(), 0, inner) == Arrival::Bad);
  Lane lane;
  REQUIRE(lane.piece(100, 0, "abc") == Arrival::Partial);
  CHECK(lane.arrive(encode({1, 2, 0, 0, 0}, Goodbye{})) == Arrival::Bad);
}

TEST_CASE("nothing is taken after what was not understood") {
  Lane lane;
  REQUIRE(lane.piece(0, 0, "x") == Arrival::Bad);
  CHECK(lane.receiver.last() == 0);
  for (std::uint64_t seq = 1; seq <= 3; ++seq)
    CHECK(lane.arrive(encode({1, seq, 0, 0, 0}, Goodbye{})) == Arrival::Bad);
}

TEST_CASE("a lane that was rewound sends the same bytes again") {
  LaneSender sender;
  const Large large(20 << 20);
  const auto first = sender.pack({1, 0, 0, 0, 0}, large.append());
  sender.rewind(0);
  CHECK((sender.pack({1, 0, 0, 0, 0}, large.append()) == first));
}
