#include "worker/executor/child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zonda/detail/reader.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <set>
#include <utility>

#include "proto/unique_fd.h"
#include "worker/executor/channel.h"
#include "worker/executor/strays.h"
#include "worker/executor/work_runner.h"

namespace zonda {
namespace {

constexpr int kExitAgentGone = 0;
constexpr int kExitStrays = 70;    // EX_SOFTWARE
constexpr int kExitBadStart = 71;  // EX_OSERR
constexpr std::chrono::seconds kStrayPatience{2};

class SocketNews final : public RunnerNews {
 public:
  // `spared` are processes that were there before the first task.
  explicit SocketNews(std::set<pid_t> spared) : spared_(std::move(spared)) {}

  void send(const OutcomeBatchView& batch) override {
    if (batch.last) {
      std::fflush(stdout);  // a task's prints are not lost with a later crash
      end_strays();
    }
    send_or_leave(FrameKind::Finished, encode_head(batch), {batch.kinds, batch.lengths, batch.payloads});
  }
  void send(const OutcomeBatchView& batch, std::string&) override { send(batch); }
  void send_output(std::uint32_t sequence, std::uint32_t at, detail::OutputStream stream,
                   std::uint64_t offset, std::string_view bytes) override {
    const OutputFrame output{sequence, at, static_cast<std::uint8_t>(stream), offset, bytes};
    send_or_leave(FrameKind::Output, encode_head(output), {bytes});
  }
  void send_hello(const Handlers& handlers) {
    HelloFrame hello;
    for (const detail::Handler& handler : handlers.all())
      hello.functions.emplace_back(handler.name, handler.signature);
    send_or_leave(FrameKind::Hello, encode_head(hello), {});
  }

 private:
  // What does not die here dies with us: the agent goes on with it.
  void end_strays() {
    if (!has_children() || kill_strays(spared_, kStrayPatience)) return;
    std::fprintf(stderr, "zonda executor: processes of a task could not be killed\n");
    ::_exit(kExitStrays);
  }

  static void send_or_leave(FrameKind kind, const std::string& head,
                            const std::vector<std::string_view>& parts) {
    if (!send_frame(kChildSocket, kind, head, parts)) ::_exit(kExitAgentGone);
  }

  std::set<pid_t> spared_;
};

// Dies with its agent. The signal is sent when the agent ends after the prctl; the parent's pid shows whether
// it ended before.
bool follow_agent(int agent) { return ::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && ::getppid() == agent; }

SlotPage* map_page() {
  struct stat info {};
  if (::fstat(kChildPage, &info) != 0 || info.st_size < static_cast<off_t>(sizeof(SlotPage))) return nullptr;
  void* at = ::mmap(nullptr, sizeof(SlotPage), PROT_READ | PROT_WRITE, MAP_SHARED, kChildPage, 0);
  return at == MAP_FAILED ? nullptr : static_cast<SlotPage*>(at);
}

void serve(const Handlers& handlers, SlotPage& page) {
  SocketNews news(has_children() ? children() : std::set<pid_t>());
  news.send_hello(handlers);
  WorkRunner runner(page, news);
  FrameReader reader;
  while (reader.fill(kChildSocket) == FrameReader::Filled::Some) {
    while (const std::optional<Frame> frame = reader.next()) {
      if (frame->kind != FrameKind::Work) continue;
      const WorkFrame work = decode_work(*frame);
      runner.run(work.work, handlers.all().at(work.function), work.arguments);
    }
  }
}

}  // namespace

std::optional<int> run_as_child(int argc, char** argv, const Handlers& handlers) {
  const std::size_t prefix = std::strlen(kChildArgument);
  if (argc < 2 || std::strncmp(argv[argc - 1], kChildArgument, prefix) != 0) return std::nullopt;
  if (!follow_agent(std::atoi(argv[argc - 1] + prefix))) return kExitAgentGone;
  for (const int fd : {kChildSocket, kChildPage})
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);  // not for what tasks start
  set_subreaper(true);
  SlotPage* page = map_page();
  if (page == nullptr) return kExitBadStart;
  try {
    serve(handlers, *page);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "zonda executor: %s\n", error.what());
    return kExitBadStart;
  }
  return 0;
}

}  // namespace zonda
