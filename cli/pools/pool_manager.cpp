#include "cli/pools/pool_manager.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <random>
#include <thread>
#include <utility>

#include "cli/deployment.h"
#include "command_line/complaint.h"
#include "command_line/escape.h"
#include "proto/host_name.h"
#include "proto/keys/private_file.h"

namespace zonda::cli {
namespace {

constexpr int kTurnMs = 1'000;
constexpr std::chrono::milliseconds kLook{200};
constexpr std::chrono::seconds kAnswerWithin{5};

std::string made(const std::string& directory) {
  std::error_code error;
  const bool is_new = std::filesystem::create_directories(directory, error);
  if (error) throw Complaint(ExitCode::Failure, "cannot make " + directory + ": " + error.message());
  if (is_new) std::filesystem::permissions(directory, std::filesystem::perms::owner_all, error);
  return directory;
}

// Machines may have the same name, and directories the same path: what is in the file is this directory's
// alone.
std::string manager_name(const std::string& state) try {
  const std::string file = state + "/manager.id";
  if (!std::filesystem::exists(file))
    create_private_file(file, std::to_string(std::random_device()()) + "\n");
  const std::string id = read_private_file(file);
  return host_name() + ":" + std::filesystem::canonical(state).string() + " (" + id.substr(0, id.find('\n')) +
         ")";
} catch (const KeyFileError& error) {
  throw Complaint(ExitCode::Failure, error.what(), error.hint);
}

// The manager's own key is an administrator's, and theirs another one.
std::string key_for_pool(const std::string& named) try {
  return key_for_workers(named);
} catch (const Complaint& complaint) {
  throw Complaint(complaint.code(), complaint.what(),
                  "--keys DIR with admin.key and worker.key, or `keys` of the pool for its workers");
}

void tell(const std::string& text) { spdlog::info(escape_line(text)); }

bool is_passing(const Complaint& complaint) {
  return complaint.code() == ExitCode::Unreachable || complaint.code() == ExitCode::TimedOut;
}

}  // namespace

std::string default_pool_directory() {
  if (const char* state = std::getenv("XDG_STATE_HOME"); state != nullptr && *state != '\0')
    return std::string(state) + "/zonda/pools";
  const char* home = std::getenv("HOME");
  return std::string(home == nullptr ? "" : home) + "/.local/state/zonda/pools";
}

PoolManager::PoolManager(Environment& environment, const std::vector<PoolConfig>& pools,
                         const std::string& state)
    : pid_file_(made(state) + "/manager.pid", "a manager of pools runs already in " + state,
                "--state DIR names another directory"),
      name_(manager_name(state)),
      link_(environment) {
  const std::string broker = broker_for_workers(link_.address());
  for (const PoolConfig& pool : pools) {
    const std::string keys = pool.keys.empty() ? environment.common.keys : pool.keys;
    const WorkersGet get{broker, pool.is_observed() ? "" : key_for_pool(keys), state};
    pools_.push_back(
        std::make_unique<Pool>(pool, make_launcher(pool, get), state + "/" + pool.name + ".json",
                               Pool::Outside{tell, [this](const std::string& worker) { drain(worker); }}));
  }
}

int PoolManager::run() {
  spdlog::info("manager-start pools={} broker={} manager={}", pools_.size(), link_.address(), name_);
  do {
    try {
      turn();
      if (std::exchange(is_away_, false)) tell("the broker is back");
    } catch (const Complaint& complaint) {
      if (complaint.code() == ExitCode::Refused)
        throw Complaint(complaint.code(), complaint.what(),
                        "a pool has one manager; one that is gone without a goodbye is forgotten after 10 s");
      if (!is_passing(complaint)) throw;
      if (!std::exchange(is_away_, true))
        spdlog::warn(escape_line(std::string(complaint.what()) + ": pools stay as they are"));
    }
  } while (!signals_.wait_for(kTurnMs));
  finish_starts();
  if (!is_away_) say_goodbye();
  spdlog::info("manager-stop workers go on");
  return 0;
}

// Whoever has the pools next would start the same again.
void PoolManager::finish_starts() {
  const auto is_busy = [](const std::unique_ptr<Pool>& pool) { return pool->is_busy(); };
  if (std::any_of(pools_.begin(), pools_.end(), is_busy)) tell("finishing what starts");
  while (!is_away_ && std::any_of(pools_.begin(), pools_.end(), is_busy)) {
    is_away_ = !link_.try_ask_list("pool.report", report(), kAnswerWithin);
    std::this_thread::sleep_for(kLook);
    for (const auto& pool : pools_) pool->collect_starts();
  }
}

void PoolManager::say_goodbye() {
  try {
    link_.ask_list("pool.report", report(true), kAnswerWithin);
  } catch (const Complaint& complaint) {
    spdlog::warn(escape_line(complaint.what()));
  }
}

Json PoolManager::report(bool ends) const {
  Json pools = Json::array();
  for (const auto& pool : pools_) pools.push_back(pool->report());
  return {{"manager", name_}, {"ends", ends}, {"pools", std::move(pools)}};
}

// What was ordered or decided is told at once: somebody may wait for it.
void PoolManager::turn() {
  const Json answers = link_.ask_list("pool.report", report(), kAnswerWithin);
  std::map<std::uint64_t, double> left;
  bool has_news = false;
  for (std::size_t at = 0; at < std::min(answers.size(), pools_.size()); ++at)
    has_news = pools_[at]->hear(answers[at], left) || has_news;
  if (has_news) link_.ask_list("pool.report", report(), kAnswerWithin);
}

// One that is gone meanwhile needs no draining.
void PoolManager::drain(const std::string& worker) {
  try {
    link_.ask("worker.drain", {{"worker", worker}}, kAnswerWithin);
  } catch (const Complaint& complaint) {
    if (complaint.code() != ExitCode::NotFound) throw;
  }
}

}  // namespace zonda::cli
