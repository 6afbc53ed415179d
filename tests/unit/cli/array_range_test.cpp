#include "cli/array_range.h"

#include "command_line/complaint.h"

using zonda::cli::Complaint;
using zonda::cli::parse_array;
using Indices = std::vector<std::uint64_t>;

TEST_CASE("arrays are ranges, steps and lists of them") {
  CHECK(parse_array("0-3") == Indices{0, 1, 2, 3});
  CHECK(parse_array("1-10:2") == Indices{1, 3, 5, 7, 9});
  CHECK(parse_array("7") == Indices{7});
  CHECK(parse_array("0-1,20,8-9") == Indices{0, 1, 20, 8, 9});
  CHECK(parse_array("18446744073709551615") == Indices{18446744073709551615ULL});
  CHECK(parse_array("18446744073709551614-18446744073709551615").size() == 2);
  CHECK(parse_array("0-9999999").size() == 10'000'000);
}

TEST_CASE("what is not an array is refused before anything is submitted") {
  for (const char* bad : {"", "-", "a", "1-", "-1", "3-1", "1-5:0", "1-5:", "1,,2", "1,", "1 ", "1-3x",
                          "5,1-9", "0-10000000", "0-18446744073709551615", "99999999999999999999"}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(parse_array(bad), Complaint);
  }
}
