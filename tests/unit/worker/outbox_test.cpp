#include "worker/core/outbox.h"

#include <catch2/catch.hpp>

#include "proto/limits.h"
#include "tests/unit/worker/memory_spool.h"

using namespace zonda;

namespace {

Finished finished(std::uint64_t first, const std::string& value = "v") {
  Finished result;
  result.job.bytes[0] = 1;
  result.first = first;
  result.token = {1, 1};
  const auto length = static_cast<std::uint32_t>(value.size());
  result.lengths.assign(reinterpret_cast<const char*>(&length), 4);
  result.payloads = value;
  return result;
}

// Numbers of the frames it would send now.
std::vector<std::uint64_t> sent(Outbox& outbox) {
  std::vector<std::uint64_t> numbers;
  while (const std::string* frame = outbox.next_frame(Header{})) {
    std::variant<Frame, BadFrame> decoded = decode(*frame);
    numbers.push_back(std::get<Frame>(decoded).header.seq);
    outbox.frame_sent();
  }
  return numbers;
}

using Numbers = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("outcomes that come together leave together") {
  Outbox outbox;
  outbox.add(finished(0));
  outbox.add(finished(1));
  CHECK(sent(outbox) == Numbers{1});
  outbox.add(finished(2));
  CHECK(sent(outbox) == Numbers{2});
}

TEST_CASE("what was packed once keeps its number and its contents") {
  Outbox outbox;
  outbox.add(finished(0));
  const std::string first = *outbox.next_frame(Header{});
  outbox.frame_sent();
  outbox.resend(0);
  outbox.add(finished(1));
  CHECK(*outbox.next_frame(Header{}) == first);
  CHECK(sent(outbox) == Numbers{1, 2});
}

TEST_CASE("after a gap all that follows it is sent again under its numbers") {
  Outbox outbox;
  for (std::uint64_t n = 0; n < 4; ++n) outbox.add(finished(n)), sent(outbox);
  outbox.stored(1);
  outbox.resend(2);
  CHECK(sent(outbox) == Numbers{3, 4});
  outbox.resend(4);
  CHECK(sent(outbox).empty());
}

TEST_CASE("a message in pieces is sent again as a whole") {
  Outbox outbox;
  outbox.add(finished(0));
  sent(outbox);
  outbox.add(finished(1, std::string(17 << 20, 'x')));
  const Numbers pieces = sent(outbox);
  REQUIRE(pieces.size() == 18);
  outbox.resend(10);
  CHECK(sent(outbox) == pieces);
  outbox.stored(18);
  CHECK_FALSE(outbox.empty());  // its last piece is not stored
  outbox.stored(19);
  CHECK(outbox.empty());
}

TEST_CASE("in a new session all that is not stored is sent again, from number 1") {
  Outbox outbox;
  for (std::uint64_t n = 0; n < 3; ++n) outbox.add(finished(n)), sent(outbox);
  outbox.stored(1);
  outbox.restart();
  CHECK(sent(outbox) == Numbers{1, 2});
  CHECK(outbox.holdings().size() == 2);
  CHECK(outbox.tasks() == 2);
}

TEST_CASE("the broker's word that it stored what was not sent frees nothing") {
  Outbox outbox;
  outbox.add(finished(0));
  outbox.stored(5);
  CHECK_FALSE(outbox.empty());
  CHECK(sent(outbox) == Numbers{1});
}

TEST_CASE("what memory has no room for is spooled, and leaves in its place") {
  MemorySpool spool;
  Outbox outbox(400'000, &spool);
  std::vector<std::string> expected;
  for (std::uint64_t n = 0; n < 10; ++n) {
    outbox.add(finished(n, std::string(100'000, static_cast<char>('a' + n))));
    CHECK(outbox.bytes_in_memory() <= 400'000);
  }
  CHECK(spool.count() == 7);
  CHECK(outbox.bytes() == 10 * 100'004);
  CHECK(outbox.holdings().size() == 10);
  for (std::uint64_t n = 0; n < 10; ++n) {
    const std::string* frame = outbox.next_frame(Header{});
    REQUIRE(frame != nullptr);
    const std::variant<Frame, BadFrame> decoded = decode(*frame);
    const auto& results = std::get<WorkerResults>(std::get<Frame>(decoded).message);
    REQUIRE(results.ranges.size() == 1);
    CHECK(results.ranges[0].first == n);
    CHECK(results.ranges[0].outcomes.payloads == std::string(100'000, static_cast<char>('a' + n)));
    outbox.frame_sent();
  }
  outbox.stored(10);
  CHECK(outbox.empty());
  CHECK(spool.count() == 0);
  CHECK(outbox.bytes_in_memory() == 0);
}

TEST_CASE("small outcomes are spooled a frame's worth at a time") {
  MemorySpool spool;
  Outbox outbox(0, &spool);
  for (std::uint64_t n = 0; n < 1'000; ++n) outbox.add(finished(n, std::string(1'000, 'x')));
  CHECK(spool.count() == 7);
  CHECK(outbox.bytes_in_memory() <= kFrameBytes);
}

TEST_CASE("what is spooled keeps its number and its contents when it is sent again") {
  MemorySpool spool;
  Outbox outbox(0, &spool);
  for (std::uint64_t n = 0; n < 3; ++n) outbox.add(finished(n, std::string(kFrameBytes, 'x')));
  CHECK(sent(outbox) == Numbers{1, 2, 3});
  outbox.resend(1);
  CHECK(sent(outbox) == Numbers{2, 3});
  outbox.restart();
  CHECK(sent(outbox) == Numbers{1, 2, 3});
}

TEST_CASE("an outbox is full while its spool takes nothing, and loses nothing") {
  MemorySpool spool(300'000);
  Outbox outbox(200'000, &spool);
  for (std::uint64_t n = 0; n < 3; ++n) outbox.add(finished(n, std::string(140'000, 'x')));
  CHECK_FALSE(outbox.is_full());
  for (std::uint64_t n = 3; n < 5; ++n) outbox.add(finished(n, std::string(140'000, 'x')));
  CHECK(outbox.is_full());
  CHECK(sent(outbox) == Numbers{1, 2, 3, 4, 5});
  outbox.stored(3);
  outbox.make_room();
  CHECK_FALSE(outbox.is_full());
  outbox.restart();
  CHECK(sent(outbox) == Numbers{1, 2});
}

TEST_CASE("without a spool an outbox is full when memory is, and loses nothing") {
  Outbox outbox(200'000, nullptr);
  outbox.add(finished(0, std::string(140'000, 'x')));
  CHECK_FALSE(outbox.is_full());
  for (std::uint64_t n = 1; n < 3; ++n) outbox.add(finished(n, std::string(140'000, 'x')));
  CHECK(outbox.is_full());
  outbox.make_room();
  CHECK(outbox.is_full());
  CHECK(outbox.bytes_in_memory() == outbox.bytes());
  CHECK(sent(outbox) == Numbers{1, 2, 3});
  outbox.stored(2);
  CHECK_FALSE(outbox.is_full());
  outbox.stored(3);
  CHECK(outbox.empty());
}

TEST_CASE("what a damaged spool does not give back is not held any more, and no frame follows") {
  MemorySpool spool;
  Outbox outbox(200'000, &spool);
  for (std::uint64_t n = 0; n < 3; ++n) outbox.add(finished(n, std::string(140'000, 'x')));
  spool.is_damaged = true;
  CHECK(sent(outbox) == Numbers{1});
  CHECK(outbox.is_damaged());
  CHECK(outbox.tasks_damaged() == 1);
  CHECK(outbox.holdings().size() == 2);
  CHECK(sent(outbox).empty());
  spool.is_damaged = false;
  outbox.restart();
  CHECK(sent(outbox) == Numbers{1, 2});
}
