// A worker that keeps a record of what it ran: a line of 24 bytes for every start of a task, at the end of
// the file $CHAOS_EXECUTIONS. Executor children and workers share that file: one short write at a time is
// whole.
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>
#include <zonda/worker.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>

#include "tests/chaos/functions.h"

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

struct Execution {  // cluster.py reads it
  std::uint64_t number;
  std::int64_t began_ns;  // CLOCK_MONOTONIC
  std::uint32_t attempt;
  std::int32_t pid;
};

void record(std::uint64_t number, std::uint32_t attempt) {
  static const char* const path = std::getenv("CHAOS_EXECUTIONS");
  if (path == nullptr) return;
  static const int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const Execution line{number, steady_clock::now().time_since_epoch() / 1ns, attempt, getpid()};
  if (write(file, &line, sizeof line) != sizeof line) std::abort();
}

// What a task that waits for a disk or a neighbour would do. Ends early if the task is to stop.
void spend(std::chrono::microseconds work, zonda::Context& context) {
  const auto end = steady_clock::now() + work;
  for (auto now = steady_clock::now(); now < end && !context.stopping(); now = steady_clock::now()) {
    const auto left = std::min<std::chrono::nanoseconds>(end - now, 50ms);
    const timespec pause{0, static_cast<long>(left.count())};
    ppoll(nullptr, 0, &pause, nullptr);
  }
}

std::string mix(zonda::Context& context, std::uint64_t number, std::uint32_t work_us, std::string padding) {
  record(number, context.attempt());
  if (work_us > 0) spend(std::chrono::microseconds(work_us), context);
  return chaos::answer_to(number, padding);
}

std::uint64_t hold(zonda::Context& context, std::uint64_t number, std::string until) {
  record(number, context.attempt());
  while (access(until.c_str(), F_OK) != 0 && !context.stopping()) spend(5ms, context);
  return number;
}

}  // namespace

int main(int argc, char** argv) {
  zonda::Worker worker;
  worker.bind(chaos::mix, mix);
  worker.bind(chaos::hold, hold);
  return worker.main(argc, argv);
}
