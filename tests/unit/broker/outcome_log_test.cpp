#include "broker/core/outcome_log.h"

#include <catch2/catch.hpp>

#include "tests/unit/broker/broker_fixture.h"

using namespace zonda;

namespace {

LogChunk chunk_of(std::uint64_t first, std::uint64_t count) {
  const Values values(count, "xy");
  LogChunk chunk;
  chunk.first = first;
  chunk.slab = Slab(values.lengths, values.payloads);
  const std::string_view bytes = chunk.slab.view();
  chunk.outcomes = {bytes.substr(0, values.lengths.size()), bytes.substr(values.lengths.size())};
  return chunk;
}

}  // namespace

TEST_CASE("the log numbers outcomes in the order in which they came") {
  OutcomeLog log;
  CHECK(log.append(chunk_of(7, 2)).position == 0);
  CHECK(log.append(chunk_of(0, 3)).position == 2);
  CHECK(log.end() == 5);
  CHECK(log.at(1).first == 7);
  CHECK(log.at(2).first == 0);
  CHECK(log.at(4).first == 0);
}

TEST_CASE("a release frees whole chunks and keeps the numbers") {
  OutcomeLog log;
  log.append(chunk_of(0, 2));
  log.append(chunk_of(2, 3));
  CHECK(log.release(1) == 0);  // its chunk is still needed
  CHECK(log.release(4) == 12);
  CHECK(log.begin() == 2);
  CHECK(log.release(5) == 18);
  CHECK(log.begin() == 5);
  CHECK(log.append(chunk_of(5, 1)).position == 5);
}

TEST_CASE("bytes between two positions are their difference, also at the end of the log") {
  OutcomeLog log;
  log.append(chunk_of(0, 2));
  log.append(chunk_of(2, 3));
  CHECK(log.bytes_before(0) == 0);
  CHECK(log.bytes_before(2) == 12);
  CHECK(log.bytes_before(5) == 30);
}
