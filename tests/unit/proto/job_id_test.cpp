#include <zonda/job_id.h>

#include <catch2/catch.hpp>
#include <random>

using namespace zonda;

TEST_CASE("a job id survives the way through its text, and texts sort like ids") {
  std::mt19937_64 random(7);
  JobId previous;
  std::string previous_text = to_string(previous);
  for (int round = 0; round < 1000; ++round) {
    JobId id;
    for (auto& byte : id.bytes) byte = static_cast<std::uint8_t>(random());
    const std::string text = to_string(id);
    REQUIRE(text.size() == 26);
    REQUIRE(parse_job_id(text) == id);
    REQUIRE((id < previous) == (text < previous_text));
    previous = id;
    previous_text = text;
  }
}

TEST_CASE("what is not the text of a job id is refused") {
  CHECK_FALSE(parse_job_id(""));
  CHECK_FALSE(parse_job_id("0123456789"));
  CHECK_FALSE(parse_job_id("u0000000000000000000000000"));
  CHECK_FALSE(parse_job_id("80000000000000000000000000"));  // 129 bits
}
