// The agent's hold on one executor child: its process, socket, stderr pipe and shared page.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "proto/unique_fd.h"
#include "worker/executor/slot_page.h"
#include "worker/executor/text_tail.h"

namespace zonda {

// How a process ended.
struct ProcessEnd {
  int signal = 0;  // 0: it exited
  int exit_code = 0;
  std::uint64_t peak_rss_bytes = 0;
};
ProcessEnd process_end(int wait_status, long max_rss_kib);
// "killed by signal 11 (SIGSEGV)", "exit code 3"
std::string to_string(const ProcessEnd& end);

class ChildProcess {
 public:
  // Starts `command` with kChildArgument appended. Throws std::system_error. The calling thread must outlive
  // the child: the kernel ends it with the thread that started it.
  explicit ChildProcess(const std::vector<std::string>& command);
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess();  // kills and reaps what still lives

  int pid() const { return pid_; }
  int pidfd() const { return pidfd_.get(); }
  int socket() const { return socket_.get(); }       // does not wait
  int stderr_pipe() const { return stderr_.get(); }  // does not wait
  SlotPage& page() { return *page_; }

  // Reads what is in the stderr pipe; false once it is closed.
  bool read_stderr();
  std::string stderr_tail() const { return tail_.text(); }

  // SIGKILL to it, to its process group, and to the group of the command it runs.
  void kill();
  // After its death: kills what it left behind, reads stderr to its end, reaps.
  ProcessEnd reap();

 private:
  struct Unmap {
    void operator()(SlotPage* page) const;
  };

  void spawn(const std::vector<std::string>& command, int socket, int page, int stderr_pipe);
  void kill_groups() const;

  std::unique_ptr<SlotPage, Unmap> page_;
  UniqueFd socket_;
  UniqueFd stderr_;
  UniqueFd pidfd_;
  pid_t pid_ = -1;
  TextTail tail_;
};

}  // namespace zonda
