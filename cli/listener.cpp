#include "cli/listener.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <vector>

#include "proto/wire/address.h"

namespace zonda::cli {
namespace {

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream words(line);
  std::vector<std::string> found;
  for (std::string word; words >> word;) found.push_back(word);
  return found;
}

// From lines like "0: 0100007F:15C2 00000000:0000 0A … INODE": state 0A is listening.
void add_tcp_listeners(std::istream& table, int port, std::set<std::string>& inodes) {
  char ending[8];
  std::snprintf(ending, sizeof ending, ":%04X", static_cast<unsigned>(port));
  for (std::string line; std::getline(table, line);) {
    const std::vector<std::string> words = words_of(line);
    if (words.size() > 9 && words[1].ends_with(ending) && words[3] == "0A") inodes.insert(words[9]);
  }
}

// From lines like "…: 00000002 00000000 00010000 0001 01 INODE PATH".
void add_unix_listeners(std::istream& table, const std::string& path, std::set<std::string>& inodes) {
  for (std::string line; std::getline(table, line);) {
    const std::vector<std::string> words = words_of(line);
    if (words.size() > 6 && line.ends_with(" " + path)) inodes.insert(words[6]);
  }
}

bool has_socket(pid_t pid, const std::set<std::string>& inodes) {
  std::error_code error;
  const std::filesystem::directory_iterator open("/proc/" + std::to_string(pid) + "/fd", error);
  for (const auto& entry : open) {
    const std::string target = std::filesystem::read_symlink(entry.path(), error).string();
    if (!target.starts_with("socket:[")) continue;
    if (inodes.contains(target.substr(8, target.size() - 9))) return true;
  }
  return false;
}

}  // namespace

bool listens(pid_t pid, const std::string& address) {
  const BaseAddress base = parse_addresses(address).front();
  std::set<std::string> inodes;
  if (base.transport == BaseAddress::Transport::Ipc) {
    std::ifstream table("/proc/net/unix");
    if (!table) return true;
    const std::string endpoint = base.endpoint(Port::Front);
    add_unix_listeners(table, endpoint.substr(endpoint.find("://") + 3), inodes);
  } else {
    std::ifstream four("/proc/net/tcp"), six("/proc/net/tcp6");
    if (!four) return true;
    add_tcp_listeners(four, base.port, inodes);
    add_tcp_listeners(six, base.port, inodes);
  }
  return has_socket(pid, inodes);
}

}  // namespace zonda::cli
