// Keeps pools at the size they need: once a second it tells the broker of them, hears what waits, and acts.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/broker_link.h"
#include "cli/environment.h"
#include "cli/pid_file.h"
#include "cli/pools/pool.h"
#include "cli/signal_watch.h"

namespace zonda::cli {

class PoolManager {
 public:
  // Throws Complaint, also if another manager has the directory.
  PoolManager(Environment& environment, const std::vector<PoolConfig>& pools, const std::string& state);

  // Until it is told to end: then the workers go on.
  int run();

 private:
  void turn();
  void finish_starts();
  void say_goodbye();  // others may have its pools at once, and nobody orders what it will not do
  Json report(bool ends = false) const;
  void drain(const std::string& worker);

  SignalWatch signals_;  // before the link: its threads inherit the mask
  PidFile pid_file_;
  std::string name_;  // who it is to the broker
  BrokerLink link_;
  std::vector<std::unique_ptr<Pool>> pools_;
  bool is_away_ = false;
};

std::string default_pool_directory();

}  // namespace zonda::cli
