#include "cli/targets.h"

#include "command_line/complaint.h"

using namespace zonda;
using namespace zonda::cli;

TEST_CASE("jobs and tasks are named exactly") {
  JobId id;
  id.bytes[15] = 7;
  const std::string text = zonda::to_string(id);
  CHECK(parse_job(text) == id);
  CHECK(parse_task(text + "/12") == TaskId{id, 12});
  for (const std::string& bad : {std::string(), text + "x", text.substr(1), std::string("last")})
    CHECK_THROWS_AS(parse_job(bad), Complaint);
  for (const std::string& bad : {text, text + "/", text + "/x", text + "/-1", text + "/1x", "/" + text})
    CHECK_THROWS_AS(parse_task(bad), Complaint);
}

TEST_CASE("one target fails as itself, some of several with a code of their own") {
  Environment environment;
  const auto act = [](const std::string& name) {
    if (name == "bad") throw Complaint(ExitCode::NotFound, "no such thing");
  };
  CHECK(for_each_target(environment, {"good", "fine"}, act) == ExitCode::Ok);
  CHECK_THROWS_AS(for_each_target(environment, {"bad"}, act), Complaint);
  CHECK(for_each_target(environment, {"bad", "good"}, act) == ExitCode::SomeFailed);
}
