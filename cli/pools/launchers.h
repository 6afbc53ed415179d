// The ways to get a worker that are known here; see launcher.h.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <optional>

#include "cli/hosts.h"
#include "cli/pools/launcher.h"
#include "cli/relocatable_tree.h"
#include "cli/remote_host.h"

namespace zonda::cli {

// Of programs that start a worker: longer than any should take.
inline constexpr std::chrono::minutes kStartPatience{10};

// What all of them have: the pool, and what its workers are given.
class ConfiguredLauncher : public Launcher {
 public:
  ConfiguredLauncher(const PoolConfig& pool, WorkersGet get)
      : Launcher(pool.name), pool_(pool), get_(std::move(get)) {}

 protected:
  // Of worker start, for a worker of this name. `keys`: the file of its key, where it runs; empty: none.
  std::vector<std::string> options_of(const std::string& name, const std::string& keys) const;

  const PoolConfig pool_;
  const WorkersGet get_;
};

// Agents of this machine; they outlive the manager.
class LocalLauncher final : public ConfiguredLauncher {
 public:
  using ConfiguredLauncher::ConfiguredLauncher;
  void start(const std::string& name) override;
  void cancel(const std::string& name) override;
};

// Agents of other machines: as many on each as it may have.
class SshLauncher final : public ConfiguredLauncher {
 public:
  SshLauncher(const PoolConfig& pool, const WorkersGet& get);
  std::vector<std::string> free_names(std::uint64_t count, const std::set<std::string>& taken) const override;
  bool is_own(const std::string& worker) const override { return host_of_.contains(worker); }
  void start(const std::string& name) override;
  void cancel(const std::string& name) override;

 private:
  void prepare(const Host& host);  // the tree and the pool's key, once for each host
  void forget(const Host& host);   // it is not as it was
  RemoteHost remote(const Host& host) const;

  Hosts hosts_;
  std::map<std::string, const Host*> host_of_;  // worker → host
  std::once_flag tree_is_made_;
  RelocatableTree tree_;
  std::map<std::string, std::mutex> preparing_;  // by host; fixed
  std::map<std::string, bool> prepared_;         // the same, under that mutex
};

// An allocation of Slurm for each worker.
class SlurmLauncher final : public ConfiguredLauncher {
 public:
  using ConfiguredLauncher::ConfiguredLauncher;
  void start(const std::string& name) override;
  void cancel(const std::string& name) override;
  std::optional<std::set<std::string>> awaited() override;
};

// A command of the user's that starts a worker with the options it is given: ZONDA_WORKER is its name,
// ZONDA_POOL that of the pool, and `{}` in the command is replaced by the options of worker start.
class CommandLauncher final : public ConfiguredLauncher {
 public:
  using ConfiguredLauncher::ConfiguredLauncher;
  void start(const std::string& name) override;
};

// A Job of one pod for each worker: it ends when the worker was drained, and starts again if it fails.
class KubernetesLauncher final : public ConfiguredLauncher {
 public:
  using ConfiguredLauncher::ConfiguredLauncher;
  void start(const std::string& name) override;
  void cancel(const std::string& name) override;

 private:
  std::vector<std::string> kubectl(const std::vector<std::string>& words) const;
};

}  // namespace zonda::cli
