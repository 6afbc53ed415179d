#include "cli/pools/launchers.h"

namespace zonda::cli {

std::vector<std::string> ConfiguredLauncher::options_of(const std::string& name,
                                                        const std::string& keys) const {
  std::vector<std::string> words{"--broker", get_.broker, "--name", name, "--label", "pool=" + pool_.name};
  if (!keys.empty()) words.insert(words.end(), {"--keys", keys});
  words.insert(words.end(), pool_.options.begin(), pool_.options.end());
  return words;
}

std::unique_ptr<Launcher> make_launcher(const PoolConfig& pool, const WorkersGet& get) {
  if (pool.launcher == "local") return std::make_unique<LocalLauncher>(pool, get);
  if (pool.launcher == "ssh") return std::make_unique<SshLauncher>(pool, get);
  if (pool.launcher == "slurm") return std::make_unique<SlurmLauncher>(pool, get);
  if (pool.launcher == "command") return std::make_unique<CommandLauncher>(pool, get);
  if (pool.launcher == "kubernetes") return std::make_unique<KubernetesLauncher>(pool, get);
  return nullptr;
}

}  // namespace zonda::cli
