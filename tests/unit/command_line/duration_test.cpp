#include "command_line/duration.h"

#include "command_line/byte_size.h"
#include "command_line/complaint.h"

using namespace zonda::cli;
using namespace std::chrono_literals;

TEST_CASE("durations are numbers with units") {
  CHECK(parse_duration("500ms", "x") == 500ms);
  CHECK(parse_duration("30s", "x") == 30s);
  CHECK(parse_duration("5m", "x") == 5min);
  CHECK(parse_duration("1h", "x") == 1h);
  CHECK(parse_duration("1h30m", "x") == 90min);
  CHECK(parse_duration("1.5s", "x") == 1500ms);
  CHECK(parse_duration("0", "x") == 0ms);
  CHECK(parse_duration("2d", "x") == 48h);
}

TEST_CASE("what is not a duration is refused") {
  for (const char* bad :
       {"", "5", "s", "-5s", "5 s", "5s5m", "5s5s", "1e3s", "inf", "infs", "nans", "5sec", "99999999h"}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(parse_duration(bad, "--timeout"), Complaint);
  }
}

TEST_CASE("durations are printed as they are read") {
  for (const char* text : {"500ms", "30s", "5m", "1h", "1h30m", "1m1s1ms", "48h", "0s"})
    CHECK(format_duration(parse_duration(text, "x")) == text);
}

TEST_CASE("ages are short") {
  CHECK(format_age(0.45) == "450ms");
  CHECK(format_age(3.21) == "3.2s");
  CHECK(format_age(59.9) == "59s");
  CHECK(format_age(192) == "3m12s");
  CHECK(format_age(5 * 3600 + 4 * 60) == "5h04m");
  CHECK(format_age(2 * 86400 + 3 * 3600) == "2d03h");
  CHECK(format_age(-1) == "-");
}

TEST_CASE("amounts of bytes have a binary unit") {
  CHECK(parse_byte_size("0", "x") == 0);
  CHECK(parse_byte_size("100", "x") == 100);
  CHECK(parse_byte_size("512MiB", "x") == std::uint64_t{512} << 20);
  CHECK(parse_byte_size("4GiB", "x") == std::uint64_t{4} << 30);
  for (const char* wrong : {"", "4G", "-1", "1.5GiB", "GiB", "9999999999TiB", "4 GiB"})
    CHECK_THROWS_AS(parse_byte_size(wrong, "x"), Complaint);
}
