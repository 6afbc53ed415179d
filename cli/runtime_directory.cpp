#include "cli/runtime_directory.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "command_line/complaint.h"

namespace zonda::cli {
namespace {

bool is_directory(const std::string& path) {
  struct stat facts {};
  return stat(path.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode);
}

std::string choose() {
  const char* named = std::getenv("XDG_RUNTIME_DIR");
  if (named != nullptr && is_directory(named)) return std::string(named) + "/zonda";
  const std::string user = std::to_string(getuid());
  const std::string usual = "/run/user/" + user;
  return is_directory(usual) ? usual + "/zonda" : "/tmp/zonda-" + user;
}

}  // namespace

std::string runtime_directory() {
  const std::string path = choose();
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    throw Complaint(ExitCode::Failure, "cannot make " + path + ": " + std::strerror(errno));
  struct stat facts {};
  const bool ours = lstat(path.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode) && facts.st_uid == getuid() &&
                    (facts.st_mode & 077) == 0;
  if (!ours) throw Complaint(ExitCode::Refused, path + " is not a directory of this user alone", "remove it");
  return path;
}

}  // namespace zonda::cli
