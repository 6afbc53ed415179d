#include "worker/executor/command.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "worker/executor/child_process.h"
#include "worker/executor/task_clock.h"

namespace zonda {
namespace {

constexpr int kStopCheckMs = 50;
constexpr int kRoomCheckMs = 2;
constexpr int kDrainReadsMax = 64;  // a pipe holds 64 KiB; whoever still writes must not keep the task
constexpr std::size_t kReadSize = 64 * 1024;

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

// Never 0, 1 or 2, where the command's own streams are placed.
UniqueFd above_stdio(UniqueFd fd) {
  if (fd.get() > 2) return fd;
  UniqueFd moved(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 3));
  if (!moved) fail("a descriptor");
  return moved;
}

std::pair<UniqueFd, UniqueFd> make_pipe() {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) fail("pipe2");
  return {above_stdio(UniqueFd(fds[0])), above_stdio(UniqueFd(fds[1]))};
}

// A file in memory and not a pipe: nothing to feed, no SIGPIPE, no size that blocks.
UniqueFd open_input(const std::optional<std::string>& input) {
  if (!input) return above_stdio(UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)));
  UniqueFd file = above_stdio(UniqueFd(::memfd_create("zonda-stdin", MFD_CLOEXEC)));
  for (std::size_t at = 0; at < input->size();) {
    const ssize_t size = ::write(file.get(), input->data() + at, input->size() - at);
    if (size < 0 && errno != EINTR) fail("stdin");
    if (size > 0) at += static_cast<std::size_t>(size);
  }
  ::lseek(file.get(), 0, SEEK_SET);
  return file;
}

const char* search_path_of(const std::vector<const char*>& environment) {
  for (const char* variable : environment) {
    if (::strncmp(variable, "PATH=", 5) == 0) return variable + 5;
  }
  return "/usr/local/bin:/usr/bin:/bin";
}

}  // namespace

ExecResult Command::run(const std::string& cwd, const std::vector<const char*>& environment) {
  result_.cwd = cwd;
  const std::int64_t started_ns = monotonic_ns();
  if (spawn(cwd, environment)) {
    supervise();
    reap();
  }
  result_.seconds = static_cast<double>(monotonic_ns() - started_ns) / 1e9;
  return std::move(result_);
}

bool Command::spawn(const std::string& cwd, const std::vector<const char*>& environment) {
  CommandSpawn plan;
  plan.argv = request_.argv;
  if (request_.shell) plan.argv.insert(plan.argv.begin(), {"/bin/sh", "-c"});
  plan.environment = environment;
  plan.search_path = search_path_of(environment);
  plan.cwd = cwd;
  const UniqueFd input = open_input(request_.input);
  auto [stdout_read, stdout_write] = make_pipe();
  auto [stderr_read, stderr_write] = make_pipe();
  plan.stdin_fd = input.get();
  plan.stdout_fd = stdout_write.get();
  plan.stderr_fd = stderr_write.get();
  const SpawnedCommand spawned = spawn_command(plan);
  if (spawned.pid < 0) {
    explain(spawned, cwd);
    return false;
  }
  pid_ = spawned.pid;
  control_.command_group(pid_);
  pidfd_ = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  ::fcntl(stdout_read.get(), F_SETFL, O_NONBLOCK);
  ::fcntl(stderr_read.get(), F_SETFL, O_NONBLOCK);
  stdout_ = {std::move(stdout_read), &result_.stdout_bytes, &result_.stdout_cut, 0,
             detail::OutputStream::Stdout};
  stderr_ = {std::move(stderr_read), &result_.stderr_bytes, &result_.stderr_cut, 0,
             detail::OutputStream::Stderr};
  if (pidfd_) return true;
  const int reason = errno;
  ::kill(-pid_, SIGKILL);
  reap();
  throw std::system_error(reason, std::generic_category(), "pidfd_open");
}

void Command::explain(const SpawnedCommand& spawned, const std::string& cwd) {
  const std::string& name = request_.argv.front();
  result_.exit_code = 126;
  if (spawned.error == EAGAIN || spawned.error == ENOMEM) {
    throw std::system_error(spawned.error, std::generic_category(), "cannot start a process");
  }
  if (spawned.is_about_cwd) {
    start_error_ = "cannot enter " + cwd + ": " + ::strerror(spawned.error);
  } else if (spawned.error == ENOENT || spawned.error == ENOTDIR) {
    result_.exit_code = 127;
    start_error_ = "command not found: " + name;
  } else if (spawned.error == EACCES) {
    start_error_ = "not executable: " + name;
  } else {
    start_error_ = "cannot execute " + name + ": " + ::strerror(spawned.error);
  }
}

// Its end is the end of its process, not of its pipes: something it left in the background may hold those.
void Command::supervise() {
  for (;;) {
    const bool waits = request_.live && stdout_.total + stderr_.total >= control_.output_room();
    pollfd fds[3] = {{waits ? -1 : stdout_.pipe.get(), POLLIN, 0},
                     {waits ? -1 : stderr_.pipe.get(), POLLIN, 0},
                     {pidfd_.get(), POLLIN, 0}};
    const int ready = ::poll(fds, 3, waits ? kRoomCheckMs : kStopCheckMs);
    if (ready > 0) {
      if (fds[0].revents != 0) read_some(stdout_);
      if (fds[1].revents != 0) read_some(stderr_);
      if (fds[2].revents != 0) return;
    }
    stop_if_asked();
  }
}

void Command::read_some(Stream& stream) {
  char bytes[kReadSize];
  const ssize_t got = ::read(stream.pipe.get(), bytes, sizeof bytes);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return stream.pipe.reset();
  const auto size = static_cast<std::size_t>(got);
  const std::size_t room =
      request_.keep_bytes - std::min<std::uint64_t>(request_.keep_bytes, stream.kept->size());
  stream.kept->append(bytes, std::min(size, room));
  if (size > room) *stream.is_cut = true;
  if (request_.live) control_.output(stream.name, stream.total, {bytes, size});
  stream.total += size;
}

void Command::stop_if_asked() {
  if (was_killed_ || !control_.stopping()) return;
  const std::int64_t now_ns = monotonic_ns();
  if (asked_to_stop_ns_ == 0) {
    asked_to_stop_ns_ = now_ns;
    ::kill(-pid_, SIGTERM);
    ::kill(-pid_, SIGCONT);  // a stopped process does not hear it otherwise
  } else if (now_ns - asked_to_stop_ns_ >= std::chrono::nanoseconds(request_.stop_grace).count()) {
    ::kill(-pid_, SIGKILL);
    was_killed_ = true;
  }
}

void Command::reap() {
  for (Stream* stream : {&stdout_, &stderr_}) {
    for (int reads = 0; reads < kDrainReadsMax && stream->pipe; ++reads) {
      const std::uint64_t before = stream->total;
      read_some(*stream);
      if (stream->total == before) break;
    }
  }
  result_.stdout_total = stdout_.total;
  result_.stderr_total = stderr_.total;
  ::kill(-pid_, SIGKILL);  // before it is reaped: its number is still its own
  control_.command_group(0);
  int status = 0;
  rusage usage{};
  while (::wait4(pid_, &status, 0, &usage) < 0 && errno == EINTR) {
  }
  const ProcessEnd end = process_end(status, usage.ru_maxrss);
  result_.exit_code = end.exit_code;
  result_.signal = end.signal;
  result_.peak_rss_bytes = end.peak_rss_bytes;
}

}  // namespace zonda
