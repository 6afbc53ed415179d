// Messages and records as people say them: "tasks job=1 [0,2) lease=1". Jobs are named by the order in which
// they were first heard of. For tests and scenarios.
#pragma once

#include <map>
#include <string>

#include "broker/core/records.h"
#include "proto/messages.h"

namespace zonda {

class Brief {
 public:
  std::string operator()(const Message& message);
  std::string operator()(const Record& record);
  std::string name(const JobId& job);  // "1", "2", …

 private:
  std::string text(const Held& held);
  std::string text(const std::vector<Held>& list);
  std::string text(const Tasks& tasks);
  std::string text(const Outcomes& outcomes);
  std::string text(const Accepted& accepted);
  std::string text(const record::Attempted& record);
  std::string text(const record::Released& record);
  std::string text(const record::Stopped& record);
  std::string text(const JobRefused& refused);
  std::string text(const Message& message);

  std::map<JobId, std::string> names_;
};

}  // namespace zonda
