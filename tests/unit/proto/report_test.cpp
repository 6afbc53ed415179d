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

TEST_CASE("fields of a newer report are skipped, missing ones have their defaults") {
  using namespace std::string_literals;
  const auto report = decode_report("\x83\xa4kind\x03\xa5newer\x93\x01\x02\xc0\xa6signal\x09"s);
  REQUIRE(report.has_value());
  CHECK(report->kind == TaskReport::timed_out);
  CHECK(report->signal == 9);
  CHECK(report->history.empty());
  CHECK(decode_report("\x80"s) == TaskReport{});
}

TEST_CASE("kinds that do not exist, other types and long counts are no report") {
  using namespace std::string_literals;
  for (const std::string& bytes : {"\x81\xa4kind\x00"s, "\x81\xa4kind\x09"s, "\x81\xa6signal\xa1x"s, "\xc0"s,
                                   ""s, "\x81\x01\x01"s, "\x81\xa7history\xdd\xff\xff\xff\xff"s,
                                   "\x81\xa7history\x91\x94\x01\x01\xa0\xa0"s, "\xdf\xff\xff\xff\xff"s})
    CHECK_FALSE(decode_report(bytes));
}

TEST_CASE("kinds have the numbers and names that are on the wire") {
  const char* const names[] = {"failed", "crashed",  "timed_out",   "cancelled",
                               "lost",   "rejected", "unreachable", "expired"};
  for (std::uint8_t kind = 1; kind <= 8; ++kind)
    CHECK(to_string(static_cast<TaskReport::Kind>(kind)) == std::string(names[kind - 1]));
}
