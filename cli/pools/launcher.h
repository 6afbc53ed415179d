// How a pool gets a worker. Workers leave by themselves: the broker drains them.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cli/pools/pool_config.h"

namespace zonda::cli {

class Launcher {
 public:
  virtual ~Launcher() = default;

  // Names for so many more workers, none of these; fewer if there is no place for all. Names are used again,
  // so that a start that is repeated finds what is there.
  virtual std::vector<std::string> free_names(std::uint64_t count, const std::set<std::string>& taken) const;
  // Whether it could have given a worker this name: of others with the pool's label it takes no notice.
  virtual bool is_own(const std::string& worker) const;
  // Has a worker of this name started. It may take its time; called on several threads. Throws Complaint.
  virtual void start(const std::string& name) = 0;
  // Takes back the start of a worker that is not here yet, if it can; else it is drained once it comes.
  virtual void cancel(const std::string&) {}
  // The names of what was started and may still come, where somebody can be asked; what is not among them
  // will not. It may take its time.
  virtual std::optional<std::set<std::string>> awaited() { return std::nullopt; }

 protected:
  explicit Launcher(std::string pool) : pool_(std::move(pool)) {}

 private:
  std::string pool_;
};

// What all workers of a manager are given.
struct WorkersGet {
  std::string broker;
  std::string keys;   // the file of a worker's key; empty: none
  std::string state;  // the manager's directory
};

// Null for pools that are only observed. Throws Complaint (usage).
std::unique_ptr<Launcher> make_launcher(const PoolConfig& pool, const WorkersGet& get);

}  // namespace zonda::cli
