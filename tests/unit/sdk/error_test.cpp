#include <zonda/error.h>

#include <catch2/catch.hpp>

using namespace zonda;

namespace {

TaskReport report_of(TaskReport::Kind kind) {
  TaskReport report;
  report.kind = kind;
  report.type = "std::invalid_argument";
  report.message = "n must be positive";
  report.worker = "w1";
  report.host = "h";
  report.attempts = 1;
  return report;
}

}  // namespace

TEST_CASE("the text of a task's exception is one clear sentence") {
  CHECK(describe(report_of(TaskReport::failed)) ==
        "failed: std::invalid_argument: n must be positive (worker w1 on host h, attempt 1)");
  CHECK(TaskFailed(report_of(TaskReport::failed)).what() == describe(report_of(TaskReport::failed)));
  TaskReport bare;
  bare.kind = TaskReport::cancelled;
  CHECK(describe(bare) == "cancelled");
  bare.attempts = 2;
  bare.message = "first line\nsecond\x1b[2J\n";
  CHECK(describe(bare) == "cancelled: first line second [2J (attempt 2)");
}

TEST_CASE("each kind of report is thrown as its exception, and the report comes along") {
  CHECK_THROWS_AS(throw_report(report_of(TaskReport::failed)), TaskFailed);
  CHECK_THROWS_AS(throw_report(report_of(TaskReport::crashed)), TaskCrashed);
  CHECK_THROWS_AS(throw_report(report_of(TaskReport::timed_out)), TaskTimedOut);
  CHECK_THROWS_AS(throw_report(report_of(TaskReport::cancelled)), TaskCancelled);
  CHECK_THROWS_AS(throw_report(report_of(TaskReport::lost)), TaskLost);
  try {
    throw_report(report_of(TaskReport::expired));
    FAIL("nothing was thrown");
  } catch (const TaskTimedOut& error) {
    CHECK(error.report() == report_of(TaskReport::expired));
  }
}

TEST_CASE("what the broker refused or left unanswered has no task to report") {
  CHECK_THROWS_AS(throw_report(report_of(TaskReport::unreachable)), Unreachable);
  CHECK_THROWS_WITH(throw_report(report_of(TaskReport::rejected)), "n must be positive");
  TaskReport report = report_of(TaskReport::rejected);
  CHECK_THROWS_AS(throw_report(report), Rejected);
  report.type = "unauthorized";
  CHECK_THROWS_AS(throw_report(report), Unauthorized);
}

TEST_CASE("a kind from the future is still a task's error") {
  CHECK_THROWS_AS(throw_report(report_of(static_cast<TaskReport::Kind>(99))), TaskError);
}
