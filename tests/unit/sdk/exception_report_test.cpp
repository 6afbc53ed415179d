#include <zonda/detail/exception_report.h>
#include <zonda/detail/reader.h>

#include <catch2/catch.hpp>

using namespace zonda;
using namespace zonda::detail;

namespace farm {
struct OutOfHay : std::runtime_error {
  using std::runtime_error::runtime_error;
};
}  // namespace farm

namespace {

template <class E>
TaskReport report_of(const E& thrown) {
  try {
    throw thrown;
  } catch (...) {
    return report_current_exception();
  }
}

}  // namespace

TEST_CASE("an exception arrives with its type and its text") {
  const TaskReport report = report_of(farm::OutOfHay("the barn is empty"));
  CHECK(report.kind == TaskReport::failed);
  CHECK(report.type == "farm::OutOfHay");
  CHECK(report.message == "the barn is empty");
  CHECK(report_of(std::invalid_argument("n")).type == "std::invalid_argument");
}

TEST_CASE("arguments that do not fit are a DecodeError by a short name") {
  const TaskReport report = report_of(DecodeError("argument 1: expected an integer, got a string"));
  CHECK(report.type == "DecodeError");
  CHECK(report.message == "argument 1: expected an integer, got a string");
}

TEST_CASE("anything can be thrown") {
  CHECK(report_of(42).type == "int");
  CHECK_FALSE(report_of(42).message.empty());
  CHECK(report_of(std::string("text")).message == "text");
  CHECK(report_of("text").message == "text");
  CHECK(report_of(static_cast<const char*>(nullptr)).message.empty());
}

TEST_CASE("a huge text is cut, so that the report can be sent") {
  CHECK(report_of(std::runtime_error(std::string(1 << 20, 'x'))).message.size() == 16 << 10);
}
