#include "worker/core/outbox.h"

#include <catch2/catch.hpp>

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
