#include "command_line/complaint.h"

#include <nlohmann/json.hpp>

#include "command_line/escape.h"

namespace zonda::cli {

const char* to_string(ExitCode code) {
  switch (code) {
    case ExitCode::Ok: return "ok";
    case ExitCode::Failure: return "failure";
    case ExitCode::Usage: return "usage";
    case ExitCode::NotFound: return "not_found";
    case ExitCode::Refused: return "refused";
    case ExitCode::NotAuthorised: return "not_authorised";
    case ExitCode::Unreachable: return "unreachable";
    case ExitCode::TimedOut: return "timed_out";
    case ExitCode::TasksFailed: return "tasks_failed";
    case ExitCode::Cancelled: return "cancelled";
    case ExitCode::SomeFailed: return "some_failed";
    case ExitCode::Interrupted: return "interrupted";
    case ExitCode::Terminated: return "terminated";
  }
  return "failure";
}

std::string format_complaint(const Complaint& complaint, bool json) {
  if (json) {
    using Json = nlohmann::ordered_json;
    Json error{{"code", to_string(complaint.code())},
               {"exit_code", to_int(complaint.code())},
               {"message", complaint.what()}};
    if (!complaint.hint().empty()) error["hint"] = complaint.hint();
    return Json{{"error", error}}.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  }
  std::string text = "zonda: " + escape_line(complaint.what()) + "\n";
  if (!complaint.hint().empty()) text += "hint: " + escape_line(complaint.hint()) + "\n";
  return text;
}

}  // namespace zonda::cli
