#include <zonda/result.h>

#include <catch2/catch.hpp>

#include <memory>
#include <string>

using namespace zonda;

namespace {

TaskReport report_of(TaskReport::Kind kind) {
  TaskReport report;
  report.kind = kind;
  report.message = "why";
  return report;
}

}  // namespace

TEST_CASE("a result with a value gives it") {
  Result<std::string> result(std::string("abc"));
  CHECK(result.has_value());
  CHECK(result);
  CHECK(*result == "abc");
  CHECK(result->size() == 3);
  *result += "d";
  CHECK(std::move(result).value() == "abcd");
}

TEST_CASE("a value may be movable only") {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(4));
  const std::unique_ptr<int> taken = *std::move(result);
  CHECK(*taken == 4);
}

TEST_CASE("a result without a value tells why, and reading it throws the same as a future") {
  const Result<int> result(report_of(TaskReport::crashed));
  CHECK_FALSE(result.has_value());
  CHECK_FALSE(result);
  CHECK(result.error() == report_of(TaskReport::crashed));
  CHECK_THROWS_AS(result.value(), TaskCrashed);
  CHECK_THROWS_AS(*result, TaskCrashed);
}

TEST_CASE("a result of nothing is there or not") {
  CHECK(Result<void>());
  CHECK_NOTHROW(Result<void>().value());
  const Result<void> bad(report_of(TaskReport::lost));
  CHECK_FALSE(bad);
  CHECK_THROWS_AS(bad.value(), TaskLost);
  CHECK_THROWS_AS(*bad, TaskLost);
  CHECK(bad.error().message == "why");
}

TEST_CASE("the error of a good result is a bug of who asks") {
  CHECK_THROWS_AS(Result<int>(1).error(), std::logic_error);
  CHECK_THROWS_AS(Result<void>().error(), std::logic_error);
}
