#include "proto/report.h"

#include <catch2/catch.hpp>

using namespace zonda;

TEST_CASE("a report survives encoding") {
  TaskReport report;
  report.kind = TaskReport::crashed;
  report.type = "signal";
  report.message = "killed by SIGSEGV";
  report.signal = 11;
  report.exit_code = -1;
  report.stderr_tail = "line\nline";
  report.peak_rss_bytes = 1ULL << 40;
  report.worker = "w1";
  report.host = "h1";
  report.attempts = 2;
  report.history = {{TaskReport::failed, 1, "w0", "h0", "threw"},
                    {TaskReport::crashed, 2, "w1", "h1", "died"}};
  CHECK(decode_report(encode_report(report)) == report);
}

TEST_CASE("what a report holds beyond its members is passed on") {
  TaskReport report;
  std::string told = encode_report(report);
  REQUIRE(static_cast<unsigned char>(told[0]) == 0x8b);  // a map of 11
  told[0] = static_cast<char>(0x8c);
  told += "\xa6result\xc4\x02hi";
  report.worker = "w1";
  const std::string encoded = encode_report(report, told);
  CHECK(decode_report(encoded) == report);
  CHECK(encoded.ends_with("\xa6result\xc4\x02hi"));
  CHECK(encode_report(report, encoded) == encoded);
  CHECK(encode_report(report, "no report") == encode_report(report));
}

TEST_CASE("bytes that are no report are refused at every length") {
  const std::string bytes = encode_report(TaskReport{});
  for (std::size_t size = 0; size < bytes.size(); ++size) CHECK_FALSE(decode_report(bytes.substr(0, size)));
  CHECK_FALSE(decode_report(bytes + "x"));
}
