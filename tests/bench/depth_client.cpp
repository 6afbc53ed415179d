// depth_client TASKS: submits tasks of 32 bytes in one job, as fast as the broker accepts them, and says
// "done" when all came back right. Below the public API, which keeps a window of tasks on their way.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "sdk/cpp/src/client_access.h"

namespace {

using namespace std::chrono_literals;

// A msgpack text of 31 bytes; as arguments, with an array's head, 32.
std::string text_of(std::uint64_t index) {
  std::string text = std::to_string(index);
  text.insert(0, 30 - text.size(), '0');
  return '\xbe' + text;
}

int read_all(zonda::JobChannel& channel, std::uint64_t tasks) {
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
  }
  std::puts("done");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::uint64_t tasks = std::strtoull(argv[1], nullptr, 10);
  zonda::ClientAccess access(zonda::ClientOptions{});
  if (access.wait_connected(10s)) return 6;
  zonda::JobSpec spec;
  spec.function = "zonda.bench.text";
  spec.signature = "(str) -> str";
  const std::unique_ptr<zonda::JobChannel> channel = access.open(spec);
  for (std::uint64_t index = 0; index < tasks; ++index) channel->append('\x91' + text_of(index));
  channel->close();
  return read_all(*channel, tasks);
}
