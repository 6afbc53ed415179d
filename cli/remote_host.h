// A host that ssh gets to, and what a deployment does there: a tree of the program, a key, an agent.
//
//   DIR/releases/NAME/bin/zonda   each tree once
//   DIR/current                   the one that runs: a link
//   DIR/worker.key                pools have others: DIR/pools/POOL.key
//   DIR/agent.pid, agent.log, agent.words
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "cli/hosts.h"
#include "cli/json.h"
#include "cli/relocatable_tree.h"

namespace zonda::cli {

class RemoteHost {
 public:
  // `patience`: for each thing that is done there. A worker that is stopped may take long.
  RemoteHost(std::vector<std::string> ssh, Host host,
             std::chrono::milliseconds patience = std::chrono::hours(24))
      : ssh_(std::move(ssh)), host_(std::move(host)), patience_(patience) {}

  // All throw Complaint, with what the host said.
  bool copy_tree(const RelocatableTree& tree) const;  // false: it is there already
  void copy_key(const std::string& text, const std::string& file = "worker.key") const;
  void use_tree(const std::string& name) const;
  // `zonda agent` there; its answer.
  Json agent(const std::string& order, const std::vector<std::string>& words = {}) const;

  // The same; a host where nothing is deployed says that it is stopped.
  Json agent_if_any(const std::string& order, const std::vector<std::string>& words = {}) const;

  const Host& host() const { return host_; }

 private:
  std::string run(const std::string& script, std::string_view input = {}) const;

  std::vector<std::string> ssh_;
  Host host_;
  std::chrono::milliseconds patience_;
};

}  // namespace zonda::cli
