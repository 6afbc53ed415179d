// depth_client TASKS [DEPTH]: submits tasks of 32 bytes in one job, as fast as the broker accepts them, and
// says "done" when all came back right. With DEPTH so many are queued first, and then some more whenever as
// many came back. Below the public API, which keeps a window of tasks on their way.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "sdk/cpp/src/client_access.h"

namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kTogether = 1'000;  // tasks

// A msgpack text of 31 bytes; as arguments, with an array's head, 32.
std::string text_of(std::uint64_t index) {
  std::string text = std::to_string(index);
  text.insert(0, 30 - text.size(), '0');
  return '\xbe' + text;
}

void append(zonda::JobChannel& channel, std::uint64_t index) { channel.append('\x91' + text_of(index)); }

int read_all(zonda::JobChannel& channel, std::uint64_t tasks, std::uint64_t appended) {
  std::vector<bool> seen(tasks);
  for (std::uint64_t left = tasks; left > 0; --left) {
    std::optional<zonda::JobEvent> event;
    while (!event) event = channel.next(1s);
    const auto* outcome = std::get_if<zonda::TaskOutcome>(&*event);
    if (outcome == nullptr || !outcome->has_value() || outcome->payload != text_of(outcome->index) ||
        seen.at(outcome->index)) {
      std::fprintf(stderr, "wrong: outcome %llu from the end\n", static_cast<unsigned long long>(left));
      return 1;
    }
    seen[outcome->index] = true;
    if (appended == tasks || left % kTogether != 0) continue;
    for (const std::uint64_t end = std::min(tasks, appended + kTogether); appended < end; ++appended)
      append(channel, appended);
    if (appended == tasks) channel.close();
  }
  std::puts("done");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 && argc != 3) return 2;
  const std::uint64_t tasks = std::strtoull(argv[1], nullptr, 10);
  const std::uint64_t depth = argc == 3 ? std::strtoull(argv[2], nullptr, 10) : tasks;
  zonda::ClientAccess access(zonda::ClientOptions{});
  if (access.wait_connected(10s)) return 6;
  zonda::JobSpec spec;
  spec.function = "zonda.bench.text";
  spec.signature = "(str) -> str";
  const std::unique_ptr<zonda::JobChannel> channel = access.open(spec);
  for (std::uint64_t index = 0; index < depth; ++index) append(*channel, index);
  if (depth == tasks) channel->close();
  return read_all(*channel, tasks, depth);
}
