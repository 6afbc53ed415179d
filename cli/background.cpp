#include "cli/background.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

#include "cli/pid_file.h"
#include "cli/signal_watch.h"
#include "command_line/complaint.h"
#include "proto/unique_fd.h"

namespace zonda::cli {

void become_background(const std::string& log, LogFile how) {
  setsid();
  const int fresh = how == LogFile::New ? O_TRUNC : 0;
  const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  const int file = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | fresh, 0600);
  if (null < 0 || file < 0) _exit(to_int(ExitCode::Failure));
  dup2(null, 0);
  dup2(file, 1);
  dup2(file, 2);
}

// Asked again and again, it does not hurry.
std::optional<pid_t> end_holder(const std::string& pid_file,
                                std::optional<std::chrono::milliseconds> timeout) {
  const std::optional<pid_t> pid = PidFile::holder(pid_file);
  if (!pid) return std::nullopt;
  const UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, *pid, 0)));
  if (!process || PidFile::holder(pid_file) != pid) return pid;  // it ended meanwhile
  ask_to_end(*pid);
  pollfd ended{process.get(), POLLIN, 0};
  const int limit = timeout ? static_cast<int>(std::min<std::int64_t>(timeout->count(), INT32_MAX)) : -1;
  if (poll(&ended, 1, limit) == 0)
    throw Complaint(ExitCode::TimedOut, "it still drains", "running tasks may take their time");
  return pid;
}

}  // namespace zonda::cli
