#include "command_line/complaint.h"

#include <nlohmann/json.hpp>

using namespace zonda::cli;
using Json = nlohmann::json;

TEST_CASE("a complaint is one line, and a hint if there is one") {
  CHECK(format_complaint({ExitCode::NotFound, "no job x"}, false) == "zonda: no job x\n");
  CHECK(format_complaint({ExitCode::Unreachable, "cannot reach broker", "zonda up"}, false) ==
        "zonda: cannot reach broker\nhint: zonda up\n");
  CHECK(format_complaint({ExitCode::Failure, "a\nhint: \x1b[2J"}, false) == "zonda: a\\x0ahint: \\x1b[2J\n");
}

TEST_CASE("for programs a complaint is an object") {
  const Json error = Json::parse(format_complaint({ExitCode::Unreachable, "cannot \"reach\"", "try"}, true));
  CHECK(
      error ==
      Json{{"error",
            {{"code", "unreachable"}, {"exit_code", 6}, {"message", "cannot \"reach\""}, {"hint", "try"}}}});
}

TEST_CASE("exit codes are a contract") {
  CHECK(to_int(ExitCode::Usage) == 2);
  CHECK(to_int(ExitCode::NotFound) == 3);
  CHECK(to_int(ExitCode::Refused) == 4);
  CHECK(to_int(ExitCode::NotAuthorised) == 5);
  CHECK(to_int(ExitCode::Unreachable) == 6);
  CHECK(to_int(ExitCode::TimedOut) == 7);
  CHECK(to_int(ExitCode::TasksFailed) == 8);
  CHECK(to_int(ExitCode::Cancelled) == 9);
  CHECK(to_int(ExitCode::SomeFailed) == 10);
}
