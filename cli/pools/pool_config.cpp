#include "cli/pools/pool_config.h"

#include <algorithm>
#include <functional>
#include <set>

#include "cli/hosts.h"
#include "command_line/command.h"
#include "command_line/complaint.h"
#include "command_line/configuration.h"
#include "command_line/duration.h"
#include "command_line/number.h"
#include "command_line/suggestion.h"
#include "proto/names.h"
#include "worker/worker_command.h"

namespace zonda::cli {
namespace {

using Values = std::vector<std::string>;
using Setter = std::function<void(const Values&)>;

const std::vector<std::string> kLaunchers{"local", "ssh", "slurm", "command", "kubernetes", "none"};

// What does not change what a worker is started with.
const std::set<std::string> kManagersOwn{"min",      "max",           "target-wait",
                                         "cooldown", "start-timeout", "per-host"};

// What only some launchers know what to do with.
const std::map<std::string, std::set<std::string>> kOnlyOf{
    {"hosts", {"ssh"}},         {"per-host", {"ssh"}},     {"ssh", {"ssh"}},
    {"directory", {"ssh"}},     {"sbatch", {"slurm"}},     {"program", {"slurm", "kubernetes"}},
    {"command", {"command"}},   {"image", {"kubernetes"}}, {"namespace", {"kubernetes"}},
    {"secret", {"kubernetes"}},
};

// Allocations may be waited for; machines and images may have to come first.
std::chrono::milliseconds usual_start_timeout(const std::string& launcher) {
  using namespace std::chrono_literals;
  if (launcher == "slurm") return 24h;
  return launcher == "local" || launcher == "ssh" ? 1min : 10min;
}

Setter text_into(std::string& target) {
  return [&target](const Values& values) { target = values.empty() ? "" : values.front(); };
}
Setter words_into(std::vector<std::string>& target) {
  return [&target](const Values& values) { target = values.size() == 1 ? words_of(values.front()) : values; };
}
Setter number_into(std::uint64_t& target, std::string what, std::uint64_t max) {
  return [&target, what, max](const Values& values) {
    target = parse_number_within(values.empty() ? "" : values.front(), what, max);
  };
}
Setter duration_into(std::chrono::milliseconds& target, std::string what) {
  return [&target, what](const Values& values) {
    target = parse_duration(values.empty() ? "" : values.front(), what);
  };
}

std::map<std::string, Setter> setters_of(PoolConfig& pool, const std::string& at) {
  return {{"launcher", text_into(pool.launcher)},
          {"min", number_into(pool.size.min, at + ".min", kPoolWorkersMax)},
          {"max", number_into(pool.size.max, at + ".max", kPoolWorkersMax)},
          {"target-wait", duration_into(pool.size.target_wait, at + ".target-wait")},
          {"cooldown", duration_into(pool.cooldown, at + ".cooldown")},
          {"start-timeout", duration_into(pool.start_timeout, at + ".start-timeout")},
          {"keys", text_into(pool.keys)},
          {"hosts", [&pool](const Values& values) { pool.hosts = values; }},
          {"per-host", number_into(pool.per_host, at + ".per-host", kPoolWorkersMax)},
          {"ssh", text_into(pool.ssh)},
          {"directory", text_into(pool.directory)},
          {"program", text_into(pool.program)},
          {"sbatch", words_into(pool.sbatch)},
          {"command", words_into(pool.command)},
          {"image", text_into(pool.image)},
          {"namespace", text_into(pool.name_space)},
          {"secret", text_into(pool.secret)}};
}

// What tells the scheduler which tasks fit; the rest is the worker's own.
void note_offer(PoolConfig& pool, const std::string& key, const Values& values, const std::string& at) {
  if (key == "slots" && !values.empty())
    pool.slots = parse_number_within(values.front(), at + ".slots", kSlotsMax, 1);
  if (key == "queue") pool.queues = values;
  for (const std::string& value : values) {
    if (key == "label") pool.labels.insert(split_pair(value, at + ".label"));
    if (key == "resource") option::amount("resource", "", pool.resources).set(value);
  }
}

void require(bool good, const std::string& what) {
  if (!good) throw Complaint(ExitCode::Usage, what);
}

void check(const PoolConfig& pool, const std::string& at) {
  if (std::find(kLaunchers.begin(), kLaunchers.end(), pool.launcher) == kLaunchers.end())
    throw Complaint(ExitCode::Usage, at + ".launcher: there is no '" + pool.launcher + "'",
                    suggestion_hint(pool.launcher, kLaunchers));
  require(pool.size.min <= pool.size.max, at + ": min is more than max");
  require(pool.size.target_wait.count() > 0, at + ".target-wait: it must be more than nothing");
  require(pool.launcher != "ssh" || !pool.hosts.empty(), at + ": launcher ssh needs 'hosts'");
  require(pool.launcher != "command" || !pool.command.empty(), at + ": launcher command needs 'command'");
  require(pool.launcher != "kubernetes" || !pool.image.empty(), at + ": launcher kubernetes needs 'image'");
  for (const std::string& word : pool.sbatch) {
    const bool is_ours = word.starts_with("-J") || word.starts_with("--job-name") || word.starts_with("-M") ||
                         word.starts_with("--cluster");
    require(!is_ours,
            at + ".sbatch: '" + word + "': by its name, on this cluster, the pool knows a job again");
  }
  require(!pool.labels.contains("pool"), at + ".label: 'pool' is given by the pool");
}

void check_setting(const std::string& setting, const std::string& launcher, const std::string& at) {
  const auto known = kOnlyOf.find(setting);
  if (known == kOnlyOf.end() || known->second.contains(launcher)) return;
  throw Complaint(ExitCode::Usage, at + "." + setting + ": launcher " + launcher + " has no use for it",
                  "it is for launcher " + *known->second.begin());
}

void set(PoolConfig& pool, const std::string& key, const Values& values, const std::string& at) {
  std::map<std::string, Setter> setters = setters_of(pool, at);
  if (const auto setter = setters.find(key); setter != setters.end()) return setter->second(values);
  note_offer(pool, key, values, at);
  for (const std::string& value : values) pool.options.push_back("--" + key + "=" + value);
}

}  // namespace

std::vector<PoolConfig> read_pools(const std::string& path) {
  std::map<std::string, PoolConfig> pools;
  std::map<std::string, std::vector<std::string>> settings;
  for (const auto& [key, values] : read_toml(path)) {
    const std::size_t dot = key.rfind('.');
    const std::string name = dot == std::string::npos ? "" : key.substr(0, dot);
    if (name.empty())
      throw Complaint(ExitCode::Usage, path + ": '" + key + "' is in no pool", "[NAME] begins a pool");
    if (!is_name(name) || name == "log")
      throw Complaint(ExitCode::Usage, path + ": a pool cannot be called '" + name + "'");
    PoolConfig& pool = pools[name];
    pool.name = name;
    const std::string setting = key.substr(dot + 1);
    settings[name].push_back(setting);
    if (!kManagersOwn.contains(setting)) {
      pool.section += setting;
      for (const std::string& value : values) pool.section += '\n' + value;
      pool.section += '\n';
    }
    set(pool, setting, values, path + ": " + name);
  }
  if (pools.empty()) throw Complaint(ExitCode::Usage, path + ": no pool", "[NAME] begins one");
  std::vector<PoolConfig> all;
  for (auto& [name, pool] : pools) {
    check(pool, path + ": " + name);
    for (const std::string& setting : settings[name])
      check_setting(setting, pool.launcher, path + ": " + name);
    if (pool.start_timeout.count() == 0) pool.start_timeout = usual_start_timeout(pool.launcher);
    all.push_back(std::move(pool));
  }
  return all;
}

}  // namespace zonda::cli
