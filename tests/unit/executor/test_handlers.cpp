#include "tests/unit/executor/test_handlers.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zonda/detail/reader.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

#include "worker/executor/child.h"
#include "worker/executor/exec_function.h"

using namespace zonda;
using detail::Output;
using detail::TaskControl;

namespace {

void add(Handlers& handlers, const char* name,
         std::function<void(TaskControl&, std::string_view, Output&)> call) {
  handlers.add({name, "test", std::move(call)});
}

pid_t helper = 0;
std::atomic<bool> deafness_ended = false;

void spin(std::chrono::microseconds time) {
  const auto until = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < until) {
  }
}

void wait_for_stop(TaskControl& control) {
  while (!control.stopping()) std::this_thread::yield();
}

int overflow(int depth) {
  volatile char room[4096];
  room[0] = static_cast<char>(depth);
  return depth < 0 ? 0 : overflow(depth + 1) + room[0];
}

void use_memory(std::size_t bytes) {
  void* at =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (at == MAP_FAILED) throw std::bad_alloc();
}

// As daemons do: in a session of its own, an orphan. Its pid comes through a pipe.
void leave_daemon(Output& out) {
  int pipe[2];
  if (::pipe(pipe) != 0) throw std::runtime_error("no pipe");
  const pid_t middle = ::fork();
  if (middle == 0) {
    ::setsid();
    const pid_t daemon = ::fork();
    if (daemon == 0) ::execlp("sleep", "sleep", "1000", nullptr);
    if (::write(pipe[1], &daemon, sizeof daemon) != sizeof daemon) ::_exit(1);
    ::_exit(0);
  }
  ::waitpid(middle, nullptr, 0);
  pid_t daemon = 0;
  if (::read(pipe[0], &daemon, sizeof daemon) != sizeof daemon) throw std::runtime_error("no daemon");
  ::close(pipe[0]);
  ::close(pipe[1]);
  out.bytes() += std::to_string(daemon);
}

// A tree of processes that replace each child that dies, half of them in sessions of their own.
[[noreturn]] void respawn(int depth) {
  for (int count = 0;; ++count) {
    for (int children = 0; depth > 0 && children < 3; ++children) {
      const pid_t child = ::fork();
      if (child != 0) continue;
      if (children % 2 == 0) ::setsid();
      respawn(depth - 1);
    }
    if (depth == 0) ::pause();
    while (::waitpid(-1, nullptr, 0) < 0) {
    }
  }
}

// Leaves a process behind that holds every descriptor it can.
void leave_grandchild(Output& out) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::execlp("sleep", "sleep", "1000", nullptr);
    ::_exit(1);
  }
  out.bytes() += std::to_string(pid);
}

void add_well_behaved(Handlers& handlers) {
  add(handlers, "echo", [](TaskControl&, std::string_view in, Output& out) { out.bytes() += in; });
  add(handlers, "spin", [](TaskControl&, std::string_view in, Output& out) {
    spin(std::chrono::microseconds(20));
    out.bytes() += in;
  });
  add(handlers, "pid",
      [](TaskControl&, std::string_view, Output& out) { out.bytes() += std::to_string(::getpid()); });
  add(handlers, "helper",
      [](TaskControl&, std::string_view, Output& out) { out.bytes() += std::to_string(helper); });
  add(handlers, "about", [](TaskControl& control, std::string_view, Output& out) {
    out.bytes() += to_string(control.task()) + " " + std::to_string(control.attempt()) + " " +
                   std::to_string(control.token().epoch) + "." + std::to_string(control.token().lease);
  });
  add(handlers, "large", [](TaskControl&, std::string_view in, Output& out) {
    out.bytes().append(std::stoul(std::string(in)), 'x');
  });
  add(handlers, "until_stopped", [](TaskControl& control, std::string_view in, Output& out) {
    if (in == "wait") wait_for_stop(control);
    out.bytes() += "went on";
  });
  add(handlers, "until_token", [](TaskControl& control, std::string_view in, Output& out) {
    if (in != "wait") return void(out.bytes() += "not asked");
    std::mutex mutex;
    std::condition_variable_any changed;
    std::unique_lock lock(mutex);
    changed.wait(lock, control.stop_token(), [] { return false; });
    out.bytes() += "saw the token";
  });
  add(handlers, "progress", [](TaskControl& control, std::string_view, Output&) {
    control.progress(3, 10, "three of ten");
    wait_for_stop(control);
  });
}

void add_failing(Handlers& handlers) {
  add(handlers, "throw", [](TaskControl&, std::string_view in, Output& out) {
    out.bytes() += "half a result";
    if (in == "int") throw 7;
    if (in == "string") throw std::string("thrown as a string");
    if (in == "literal") throw "thrown as a literal";
    if (in == "decode") throw detail::DecodeError("expected an integer, got a string");
    throw std::out_of_range("no such thing");
  });
  add(handlers, "leave_thread", [](TaskControl&, std::string_view in, Output&) {
    if (in == "leave") ::pthread_exit(nullptr);
  });
}

void add_dying(Handlers& handlers) {
  add(handlers, "die", [](TaskControl& control, std::string_view in, Output& out) {
    ::signal(SIGSEGV, SIG_DFL);  // sanitizers catch it
    if (in == "segv") ::raise(SIGSEGV);
    if (in == "abort") std::abort();
    if (in == "exit") std::exit(3);
    if (in == "exit 0") ::_exit(0);
    if (in == "overflow") out.bytes() += std::to_string(overflow(0));
    if (in == "kill") ::kill(::getpid(), SIGKILL);
    if (in == "close") {
      ::close(kChildSocket);
      wait_for_stop(control);
    }
    if (in == "lie") {
      if (::write(kChildSocket, std::string(64, '\xff').data(), 64) > 0) wait_for_stop(control);
    }
    if (in == "memory") use_memory(std::size_t{192} << 20), std::abort();
    if (in == "stderr") {
      for (int line = 1; line <= 1000; ++line) ::dprintf(2, "line %d\n", line);
      ::dprintf(2, "the end");
      std::abort();
    }
    out.bytes() += "alive";
  });
  add(handlers, "leave_behind", [](TaskControl&, std::string_view in, Output& out) {
    if (in == "die") std::abort();
    if (in == "daemon") return leave_daemon(out);
    if (in == "fork bomb") {
      if (::fork() == 0) respawn(3);
      return;
    }
    leave_grandchild(out);
  });
  add(handlers, "deaf", [](TaskControl&, std::string_view in, Output&) {
    while (in == "forever" && !deafness_ended) std::this_thread::yield();
  });
}

}  // namespace

Handlers test_handlers() {
  Handlers handlers;
  add_well_behaved(handlers);
  add_failing(handlers);
  add_dying(handlers);
  handlers.add(exec_handler());
  return handlers;
}

void start_helper() {
  helper = ::fork();
  if (helper == 0) ::execlp("sleep", "sleep", "1000", nullptr);
}

void end_deafness() { deafness_ended = true; }
