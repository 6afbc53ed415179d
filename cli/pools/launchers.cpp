#include "cli/pools/launchers.h"

namespace zonda::cli {

std::unique_ptr<Launcher> make_launcher(const PoolConfig& pool, const WorkersGet& get) {
  if (pool.launcher == "local") return std::make_unique<LocalLauncher>(pool, get);
  if (pool.launcher == "ssh") return std::make_unique<SshLauncher>(pool, get);
  if (pool.launcher == "slurm") return std::make_unique<SlurmLauncher>(pool, get);
  if (pool.launcher == "command") return std::make_unique<CommandLauncher>(pool, get);
  if (pool.launcher == "kubernetes") return std::make_unique<KubernetesLauncher>(pool, get);
  return nullptr;
}

}  // namespace zonda::cli
