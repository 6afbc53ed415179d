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

TEST_CASE("bytes that are no report are refused at every length") {
  const std::string bytes = encode_report(TaskReport{});
  for (std::size_t size = 0; size < bytes.size(); ++size) CHECK_FALSE(decode_report(bytes.substr(0, size)));
  CHECK_FALSE(decode_report(bytes + "x"));
}
