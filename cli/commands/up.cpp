// zonda up and zonda down: a broker with workers on this machine.
#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <memory>
#include <stdexcept>

#include "cli/background.h"
#include "cli/commands/commands.h"
#include "cli/local_cluster.h"
#include "cli/pid_file.h"
#include "proto/wire/address.h"
#include "proto/wire/cookie.h"
#include "worker/worker_command.h"

namespace zonda::cli {
namespace {

constexpr const char* kDefaultAddress = "tcp://127.0.0.1:5570";

struct UpSettings {
  ClusterOptions cluster;
  bool detach = false;
};

std::string directory() try { return runtime_directory(); } catch (const std::runtime_error& error) {
  throw Complaint(ExitCode::Refused, error.what(), "remove it, or set XDG_RUNTIME_DIR");
}

// What is kept of who runs this for an address.
std::string path_for(const std::string& address, const char* suffix) {
  std::string name;
  for (const char c : address) name += std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' ? c : '_';
  return directory() + "/up-" + name + suffix;
}

// However it was written; one that is none is complained of later.
std::string address_of(const Environment& environment) try {
  if (environment.common.broker.empty()) return kDefaultAddress;
  return parse_address(environment.common.broker).text();
} catch (const std::invalid_argument&) {
  return environment.common.broker;
}

std::string stop_command(const std::string& address) {
  return "zonda down" + (address == kDefaultAddress ? "" : " -b " + address);
}

void report(Environment& environment, const ClusterOptions& options, pid_t pid, bool detached) {
  if (environment.json()) {
    environment.out.write(to_text(Json{{"schema", "zonda.up/1"},
                                       {"broker", options.address},
                                       {"workers", options.workers},
                                       {"data", options.data.empty() ? Json(nullptr) : Json(options.data)},
                                       {"pid", pid}}) +
                          "\n");
  } else if (environment.ids()) {
    environment.out.write(options.address + "\n");
  } else {
    environment.out.write(
        "broker   " + options.address + "  (" +
        (options.data.empty() ? "memory: a restart forgets all" : "data in " + options.data) +
        ")\nworkers  " + std::to_string(options.workers) + "\n" + "stop     " +
        (detached ? stop_command(options.address) : "Ctrl-C") + "\n");
  }
  environment.out.flush();
}

// Runs the cluster in this process. `ready_fd`, if there is one, is told when it is ready.
int supervise(Environment& environment, const ClusterOptions& options, int ready_fd) {
  SignalWatch signals;
  LocalCluster cluster(environment, signals, options);
  int code = 0;
  try {
    if (cluster.start()) {
      if (ready_fd >= 0) {
        [[maybe_unused]] const ssize_t ignored = write(ready_fd, "r", 1);
        close(ready_fd);
      } else {
        report(environment, options, getpid(), false);
      }
      code = cluster.watch();
    }
  } catch (...) {
    cluster.stop();
    throw;
  }
  if (signals.interrupted()) environment.say("draining; once more to stop at once");
  cluster.stop();
  return code;
}

// What the supervisor and its children wrote before they ended: of their complaints, the first is the cause.
Complaint why_not_started(pid_t pid, const std::string& log) {
  int status = 0;
  waitpid(pid, &status, 0);
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : to_int(ExitCode::Failure);
  const bool known = code > 0 && code <= to_int(ExitCode::SomeFailed);
  std::ifstream lines(log);
  std::string cause;
  for (std::string line; cause.empty() && std::getline(lines, line);) {
    if (line.starts_with("zonda: ")) cause = ": " + line.substr(line.find(' ') + 1);
  }
  return {known ? static_cast<ExitCode>(code) : ExitCode::Failure, "it did not start" + cause, "see " + log};
}

// The child is the supervisor; we wait until it says that it is ready. There are no threads yet.
int detach(Environment& environment, const ClusterOptions& options, PidFile& pid_file) {
  int ready[2];
  if (pipe2(ready, O_CLOEXEC) != 0) throw Complaint(ExitCode::Failure, std::strerror(errno));
  const std::string log = path_for(options.address, ".log");
  const pid_t pid = fork();
  if (pid < 0)
    throw Complaint(ExitCode::Failure, std::string("cannot start a process: ") + std::strerror(errno));
  if (pid == 0) {
    close(ready[0]);
    become_background(log, LogFile::New);
    pid_file.write_pid();
    return supervise(environment, options, ready[1]);
  }
  pid_file.leave_to_child();
  close(ready[1]);
  char told = 0;
  ssize_t count = 0;
  while ((count = read(ready[0], &told, 1)) < 0 && errno == EINTR) {
  }
  close(ready[0]);
  if (count != 1) throw why_not_started(pid, log);
  report(environment, options, pid, true);
  return 0;
}

int up(Environment& environment, UpSettings& settings) {
  if (settings.cluster.init && settings.cluster.data.empty())
    throw Complaint(ExitCode::Usage, "--init makes a store in a directory, and none is named",
                    "--data DIR names it");
  settings.cluster.address = address_of(environment);
  settings.cluster.keys = environment.common.keys;
  environment.common.broker = settings.cluster.address;
  PidFile pid_file(path_for(settings.cluster.address, ".pid"),
                   "'zonda up' runs already for " + settings.cluster.address,
                   "'" + stop_command(settings.cluster.address) + "' stops it");
  return settings.detach ? detach(environment, settings.cluster, pid_file)
                         : supervise(environment, settings.cluster, -1);
}

int down(Environment& environment, std::chrono::milliseconds timeout) {
  const std::string address = address_of(environment);
  const std::optional<std::chrono::milliseconds> limit =
      timeout.count() > 0 ? std::optional(timeout) : std::nullopt;
  if (!end_holder(path_for(address, ".pid"), limit))
    throw Complaint(ExitCode::NotFound, "no 'zonda up' of this user runs for " + address);
  return 0;
}

}  // namespace

Command up_command(Environment& environment) {
  auto settings = std::make_shared<UpSettings>();
  Command command{
      .name = "up",
      .summary = "Starts a broker with workers on this machine. Ctrl-C lets them finish and leave.",
      .operands = "",
      .examples = "zonda up\nzonda up --workers 2 --slots 4 -d"};
  command.section = "up";
  command.options = {
      option::configurable(
          option::number("workers", "N", "how many workers; default 1", settings->cluster.workers, 10'000)),
      option::configurable(option::number("slots", "N",
                                          "tasks at a time in each; default: one for each processor",
                                          settings->cluster.slots, kSlotsMax, 1)),
      option::configurable(option::text("data", 0, "DIR", "keep everything there; default: in memory",
                                        settings->cluster.data)),
      option::flag("init", 0, "make a store in a directory that is there already", settings->cluster.init),
      option::flag("detach", 'd', "go on in the background; 'zonda down' stops it", settings->detach)};
  command.run = [&environment, settings](const std::vector<std::string>&) {
    return up(environment, *settings);
  };
  return command;
}

Command down_command(Environment& environment) {
  auto timeout = std::make_shared<std::chrono::milliseconds>(0);
  Command command{.name = "down",
                  .summary = "Stops what 'zonda up' started, and waits for it.",
                  .operands = "",
                  .examples = "zonda down"};
  command.options = {option::duration("timeout", "wait no longer", *timeout)};
  command.run = [&environment, timeout](const std::vector<std::string>&) {
    return down(environment, *timeout);
  };
  return command;
}

}  // namespace zonda::cli
