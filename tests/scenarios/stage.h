// Plays a scenario: commands of clients, workers and time to a broker core, and what it says and records.
//
//   c1: submit f tasks=3 [retries=1] [detached] [key=k:7] …     w1: join [slots=2] [drops]
//   w1: results job=1 tasks=[0,1) lease=1                         w1: fails job=1 tasks=[0,1) lease=1
//   w1: silent | alive | cut | back [holds=[0,1)/1] | drain | goodbye | lost-results … | heartbeat sent=1
//   after 15s
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/unit/broker/broker_fixture.h"

namespace zonda {

class Stage {
 public:
  // Throws std::runtime_error if it does not understand the line.
  std::string play(const std::string& command);

 private:
  struct Command {
    std::string who;
    std::string what;
    std::map<std::string, std::string> with;
  };
  static Command parse(const std::string& line);
  Peer peer(const std::string& name);
  void client_does(Peer client, const Command& command);
  void worker_does(Peer worker, const Command& command);
  void join(const Command& command);
  std::string what_was_said();

  BrokerFixture broker_;
  std::map<std::string, Peer> peers_;  // by name, c1 and w1 among them
  std::vector<JobId> jobs_;
};

}  // namespace zonda
