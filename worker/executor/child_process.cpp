#include "worker/executor/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <new>
#include <system_error>
#include <utility>

#include "worker/executor/child.h"
#include "worker/executor/scratch_directory.h"

extern char** environ;

namespace zonda {
namespace {

constexpr int kStderrReadsMax = 64;  // a pipe holds 64 KiB; whoever writes without end must not keep us here

[[noreturn]] void fail(const char* what, int error = errno) {
  throw std::system_error(error, std::generic_category(), what);
}

// Above the numbers that the child's own descriptors get, so that placing one never closes another.
UniqueFd moved_up(UniqueFd fd, const char* what) {
  if (!fd) fail(what);
  UniqueFd moved(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 10));
  if (!moved) fail(what);
  return moved;
}

std::pair<UniqueFd, UniqueFd> make_pair_of_sockets() {
  int fds[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) fail("socketpair");
  return {UniqueFd(fds[0]), UniqueFd(fds[1])};
}

std::pair<UniqueFd, UniqueFd> make_pipe() {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) fail("pipe2");
  return {UniqueFd(fds[0]), UniqueFd(fds[1])};
}

void make_non_blocking(int fd) { ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK); }

class SpawnSettings {
 public:
  SpawnSettings() {
    ::posix_spawnattr_init(&attributes_);
    ::posix_spawn_file_actions_init(&actions_);
    sigset_t signals;
    ::sigemptyset(&signals);
    ::posix_spawnattr_setsigmask(&attributes_, &signals);
    ::sigfillset(&signals);
    ::posix_spawnattr_setsigdefault(&attributes_, &signals);
    ::posix_spawnattr_setflags(&attributes_,
                               POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  void place(int fd, int at) { ::posix_spawn_file_actions_adddup2(&actions_, fd, at); }
  void open_empty_stdin() { ::posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDONLY, 0); }
  const posix_spawnattr_t* attributes() const { return &attributes_; }
  const posix_spawn_file_actions_t* actions() const { return &actions_; }

 private:
  posix_spawnattr_t attributes_;
  posix_spawn_file_actions_t actions_;
};

}  // namespace

ProcessEnd process_end(int wait_status, long max_rss_kib) {
  ProcessEnd end;
  if (WIFSIGNALED(wait_status))
    end.signal = WTERMSIG(wait_status);
  else
    end.exit_code = WEXITSTATUS(wait_status);
  end.peak_rss_bytes = static_cast<std::uint64_t>(max_rss_kib) * 1024;
  return end;
}

std::string to_string(const ProcessEnd& end) {
  if (end.signal == 0) return "exit code " + std::to_string(end.exit_code);
  std::string text = "killed by signal " + std::to_string(end.signal);
  if (const char* name = ::sigabbrev_np(end.signal)) text += std::string(" (SIG") + name + ")";
  return text;
}

void ChildProcess::Unmap::operator()(SlotPage* page) const { ::munmap(page, sizeof(SlotPage)); }

ChildProcess::ChildProcess(const std::vector<std::string>& command) {
  const UniqueFd memory = moved_up(UniqueFd(::memfd_create("zonda-slot", MFD_CLOEXEC)), "memfd_create");
  if (::ftruncate(memory.get(), sizeof(SlotPage)) != 0) fail("ftruncate");
  void* at = ::mmap(nullptr, sizeof(SlotPage), PROT_READ | PROT_WRITE, MAP_SHARED, memory.get(), 0);
  if (at == MAP_FAILED) fail("mmap");
  page_.reset(new (at) SlotPage);

  auto [ours, theirs] = make_pair_of_sockets();
  auto [read_end, write_end] = make_pipe();
  socket_ = std::move(ours);
  stderr_ = std::move(read_end);
  make_non_blocking(socket_.get());
  make_non_blocking(stderr_.get());
  const UniqueFd their_socket = moved_up(std::move(theirs), "fcntl");
  const UniqueFd their_stderr = moved_up(std::move(write_end), "fcntl");
  spawn(command, their_socket.get(), memory.get(), their_stderr.get());
}

void ChildProcess::spawn(const std::vector<std::string>& command, int socket, int page, int stderr_pipe) {
  SpawnSettings settings;
  settings.open_empty_stdin();
  settings.place(2, 1);  // what functions print goes where the agent logs
  settings.place(stderr_pipe, 2);
  settings.place(socket, kChildSocket);
  settings.place(page, kChildPage);
  std::string argument = kChildArgument + std::to_string(::getpid());
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(argument.data());
  argv.push_back(nullptr);
  const int error =
      ::posix_spawn(&pid_, argv[0], settings.actions(), settings.attributes(), argv.data(), environ);
  if (error != 0) {
    pid_ = -1;
    fail("posix_spawn", error);
  }
  pidfd_ = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  if (pidfd_) return;
  const int reason = errno;
  kill();
  reap();
  fail("pidfd_open", reason);
}

ChildProcess::~ChildProcess() {
  if (pid_ <= 0) return;
  kill();
  reap();
}

bool ChildProcess::read_stderr() {
  char bytes[16 * 1024];
  for (int reads = 0; reads < kStderrReadsMax; ++reads) {
    const ssize_t size = ::read(stderr_.get(), bytes, sizeof bytes);
    if (size > 0)
      tail_.append({bytes, static_cast<std::size_t>(size)});
    else if (size == 0 || (errno != EINTR && errno != EAGAIN))
      return false;
    else if (errno == EAGAIN)
      return true;
  }
  return true;
}

// Only while it is not reaped: its number cannot belong to somebody else then.
void ChildProcess::kill_groups() const {
  ::kill(-pid_, SIGKILL);
  const int group = page_->command_group.load(std::memory_order_acquire);
  if (group <= 1) return;
  // The page is writable by user code: a group of another session is none of ours. A leader that is gone has
  // none.
  const pid_t session = ::getsid(group);
  if (session == pid_ || (session < 0 && errno == ESRCH)) ::kill(-group, SIGKILL);
}

void ChildProcess::kill() {
  ::kill(pid_, SIGKILL);
  kill_groups();
}

ProcessEnd ChildProcess::reap() {
  kill_groups();
  siginfo_t ended{};
  while (::waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOWAIT) < 0 && errno == EINTR) {
  }
  remove_scratch_of(pid_);
  int status = 0;
  rusage usage{};
  while (::wait4(pid_, &status, 0, &usage) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  read_stderr();
  return process_end(status, usage.ru_maxrss);
}

}  // namespace zonda
