// A connection to the broker, for commands: what goes wrong becomes a Complaint with the right exit code.
#pragma once

#include <zonda/task_report.h>

#include <chrono>
#include <memory>
#include <string>

#include "cli/environment.h"
#include "cli/json.h"
#include "command_line/complaint.h"
#include "sdk/cpp/src/client_access.h"

namespace zonda::cli {

class BrokerLink {
 public:
  explicit BrokerLink(Environment& environment);  // does not wait yet

  void require_connected();
  // Why there is no connection within the connect timeout, or the given one; empty: there is one.
  std::optional<TaskReport> failure_to_connect();
  std::optional<TaskReport> failure_to_connect(std::chrono::milliseconds timeout);

  // Asks; a list's pages come as one array.
  Json ask(const std::string& what, const Json& arguments = Json::object(),
           std::chrono::milliseconds timeout = kAnswerWithin);
  Json ask_list(const std::string& what, const Json& arguments = Json::object(),
                std::chrono::milliseconds timeout = kAnswerWithin);

  // The same for questions that can be asked again: empty if no good answer comes in time.
  std::optional<Json> try_ask(const std::string& what, const Json& arguments,
                              std::chrono::milliseconds timeout);
  std::optional<Json> try_ask_list(const std::string& what, const Json& arguments,
                                   std::chrono::milliseconds timeout);
  // How long the broker has been away: zero while it is heard as often as it should be.
  std::chrono::milliseconds silence() const { return access_.silence(); }

  std::unique_ptr<JobChannel> open(const JobSpec& spec);
  std::unique_ptr<JobChannel> attach(const JobId& job);
  std::string address() const { return access_.address(); }
  std::optional<BrokerFacts> broker() const { return access_.broker(); }  // once connected

  // Why a job or a connection failed as a whole.
  Complaint complaint_of(const TaskReport& failure) const;

 private:
  static constexpr std::chrono::seconds kAnswerWithin{30};
  static constexpr std::chrono::milliseconds kReasonWithin{200};  // beyond the connect timeout

  std::vector<std::string> ask_pages(const std::string& what, const Json& arguments,
                                     std::chrono::milliseconds timeout);
  std::optional<std::vector<std::string>> try_ask_pages(const std::string& what, const Json& arguments,
                                                        std::chrono::milliseconds timeout);

  std::string hint_about(const TaskReport& unreachable) const;

  Environment& environment_;
  ClientAccess access_;
};

}  // namespace zonda::cli
