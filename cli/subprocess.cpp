#include "cli/subprocess.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>

#include "cli/json.h"
#include "command_line/complaint.h"
#include "command_line/duration.h"
#include "proto/unique_fd.h"

namespace zonda::cli {
namespace {

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

[[noreturn]] void fail(const std::string& what, int error) {
  throw Complaint(ExitCode::Failure, what + ": " + std::strerror(error));
}

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) fail("no pipe", errno);
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

// -1 if there is no such program.
pid_t spawn(const std::vector<std::string>& words, const Pipe& in, const Pipe& out, const Pipe& err) {
  std::vector<std::string> copies = words;
  std::vector<char*> argv;
  for (std::string& word : copies) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, in.read.get(), 0);
  posix_spawn_file_actions_adddup2(&files, out.write.get(), 1);
  posix_spawn_file_actions_adddup2(&files, err.write.get(), 2);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, pipe_signal;
  sigemptyset(&none);
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &pipe_signal);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  pid_t pid = -1;
  const int error = posix_spawnp(&pid, argv[0], &files, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  if (error == ENOENT) return -1;
  if (error != 0) fail("cannot start " + words.front(), error);
  return pid;
}

// Reads what is there; closes at the end.
void read_all(UniqueFd& from, std::string& into) {
  std::array<char, 1 << 16> bytes{};
  for (;;) {
    const ssize_t count = read(from.get(), bytes.data(), bytes.size());
    if (count > 0)
      into.append(bytes.data(), static_cast<std::size_t>(count));
    else if (count < 0 && errno == EAGAIN)
      return;
    else if (count == 0 || errno != EINTR)
      return from.reset();
  }
}

void write_some(UniqueFd& to, std::string_view& rest) {
  const ssize_t count = write(to.get(), rest.data(), rest.size());
  if (count > 0)
    rest.remove_prefix(static_cast<std::size_t>(count));
  else if (errno != EINTR && errno != EAGAIN)
    rest = {};  // it does not want the rest
  if (rest.empty()) to.reset();
}

int code_of(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

ProgramEnd run_program(const std::vector<std::string>& words, std::string_view input,
                       std::chrono::milliseconds patience) {
  const auto latest = std::chrono::steady_clock::now() + patience;
  Pipe in = make_pipe(), out = make_pipe(), err = make_pipe();
  const pid_t pid = spawn(words, in, out, err);
  if (pid < 0) return {127, {}, words.front() + ": there is no such program"};
  const UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  in.read.reset();
  out.write.reset();
  err.write.reset();
  for (const UniqueFd* end : {&in.write, &out.read, &err.read}) fcntl(end->get(), F_SETFL, O_NONBLOCK);
  if (input.empty()) in.write.reset();
  ProgramEnd end;
  for (bool is_over = false; !is_over && (out.read || err.read);) {
    std::array<pollfd, 4> items{{{out.read ? out.read.get() : -1, POLLIN, 0},
                                 {err.read ? err.read.get() : -1, POLLIN, 0},
                                 {in.write ? in.write.get() : -1, POLLOUT, 0},
                                 {process.get(), POLLIN, 0}}};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(latest - std::chrono::steady_clock::now());
    if (left.count() <= 0) {
      kill(pid, SIGKILL);
      code_of(pid);
      throw Complaint(ExitCode::TimedOut, words.front() + " did not end within " + format_duration(patience));
    }
    poll(items.data(), items.size(), static_cast<int>(std::min<std::int64_t>(left.count(), 3'600'000)));
    is_over = items[3].revents != 0;  // what it said is in the pipes by then
    if (out.read) read_all(out.read, end.out);
    if (err.read) read_all(err.read, end.err);
    if (items[2].revents != 0) write_some(in.write, input);
  }
  end.code = code_of(pid);
  return end;
}

std::string last_line(std::string_view text) {
  std::string_view last;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const bool is_blank = line.find_first_not_of(" \r") == std::string_view::npos;
    if (!is_blank && !line.starts_with("hint: ")) last = line;
  }
  return std::string(last.substr(0, last.find('\r')));
}

std::string last_complaint(std::string_view text) {
  std::string line = last_line(text);
  const Json json = Json::parse(line, nullptr, false);
  const bool is_complaint = json.is_object() && json.contains("error") && json["error"].contains("message");
  return is_complaint ? json["error"]["message"].get<std::string>() : line;
}

std::string own_program() {
  std::error_code error;
  const std::string path = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) throw Complaint(ExitCode::Failure, "cannot tell where this program is: " + error.message());
  return path;
}

}  // namespace zonda::cli
