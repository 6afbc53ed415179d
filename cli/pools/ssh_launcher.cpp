#include <algorithm>

#include "cli/pools/launchers.h"
#include "command_line/complaint.h"
#include "proto/keys/private_file.h"

namespace zonda::cli {
namespace {

std::string as_name(std::string host) {
  std::replace_if(
      host.begin(), host.end(),
      [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-'; }, '-');
  return host;
}

std::string worker_name(const std::string& pool, const Host& host, std::uint64_t number) {
  return pool + "-" + as_name(host.name) + "-" + std::to_string(number);
}

// Of its own: other pools, and what is deployed by hand, may have others.
std::string key_of(const std::string& pool) { return "pools/" + pool + ".key"; }

}  // namespace

SshLauncher::SshLauncher(const PoolConfig& pool, const WorkersGet& get)
    : ConfiguredLauncher(pool, get), hosts_(parse_hosts(pool.hosts)) {
  if (!pool.ssh.empty()) hosts_.ssh = words_of(pool.ssh);
  for (Host& host : hosts_.all) {
    if (!pool.directory.empty()) host.directory = pool.directory;
    preparing_[host.name];
    prepared_[host.name] = false;
    for (std::uint64_t number = 1; number <= pool.per_host; ++number)
      host_of_[worker_name(pool.name, host, number)] = &host;
  }
}

// One on each host before there are two on any.
std::vector<std::string> SshLauncher::free_names(std::uint64_t count,
                                                 const std::set<std::string>& taken) const {
  std::vector<std::string> names;
  for (std::uint64_t number = 1; number <= pool_.per_host; ++number) {
    for (const Host& host : hosts_.all) {
      std::string name = worker_name(pool_.name, host, number);
      if (names.size() < count && !taken.contains(name)) names.push_back(std::move(name));
    }
  }
  return names;
}

void SshLauncher::prepare(const Host& host) {
  std::call_once(tree_is_made_, [this] { tree_ = make_relocatable_tree(); });
  const std::lock_guard lock(preparing_.at(host.name));
  bool& is_prepared = prepared_.at(host.name);
  if (is_prepared) return;
  const RemoteHost there = remote(host);
  there.copy_tree(tree_);
  if (!get_.keys.empty()) there.copy_key(read_private_file(get_.keys), key_of(pool_.name));
  there.use_tree(tree_.name);
  is_prepared = true;
}

void SshLauncher::forget(const Host& host) {
  const std::lock_guard lock(preparing_.at(host.name));
  prepared_.at(host.name) = false;
}

RemoteHost SshLauncher::remote(const Host& host) const { return {hosts_.ssh, host, kStartPatience}; }

void SshLauncher::start(const std::string& name) try {
  Host host = *host_of_.at(name);
  prepare(host);
  const std::string keys = get_.keys.empty() ? "" : host.directory + "/" + key_of(pool_.name);
  std::vector<std::string> words = host.options;
  const std::vector<std::string> own = options_of(name, keys);
  words.insert(words.end(), own.begin(), own.end());  // of a name that both have, the last counts
  host.agent = "pools/" + name;
  remote(host).agent("start", words);
} catch (const Complaint& complaint) {
  if (complaint.code() == ExitCode::TimedOut) return;  // it goes on trying to get to the broker
  if (complaint.code() == ExitCode::NotFound) forget(*host_of_.at(name));  // it was made anew, perhaps
  throw Complaint(complaint.code(), host_of_.at(name)->name + ": " + complaint.what(), complaint.hint());
}

void SshLauncher::cancel(const std::string& name) {
  Host host = *host_of_.at(name);
  host.agent = "pools/" + name;
  remote(host).agent_if_any("stop");
}

}  // namespace zonda::cli
