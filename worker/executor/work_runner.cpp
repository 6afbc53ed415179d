#include "worker/executor/work_runner.h"

#include <utility>

#include "worker/executor/outcome.h"
#include "worker/executor/task_run.h"

namespace zonda {
namespace {

constexpr std::int64_t kFlushAfterNs = 1'000'000;
constexpr std::size_t kSpareBytesMax = 1 << 20;  // a slot does not keep the room of its largest result

}  // namespace

WorkRunner::WorkRunner(SlotPage& page, RunnerNews& news)
    : page_(page),
      news_(news),
      control_(page,
               [this](std::uint32_t at, detail::OutputStream stream, std::uint64_t offset,
                      std::string_view bytes) { news_.send_output(sequence_, at, stream, offset, bytes); }),
      journal_(page.journal) {}

void WorkRunner::run(const WorkInfo& work, const detail::Handler& handler, const Column& arguments) {
  sequence_ = work.sequence;
  control_.enter_work(work);
  busy_from_ns_ = clock_.read();
  journal_.reset(sequence_, 0, busy_from_ns_);
  page_.started_at_ns.store(busy_from_ns_, std::memory_order_relaxed);
  Cursor& cursor = page_.cursor(sequence_);
  std::size_t offset = 0;
  while (const std::optional<std::uint32_t> at = cursor.take()) {
    const std::uint32_t length = arguments.length(*at);
    run_task_at(*at, handler, arguments.payloads.substr(offset, length));
    offset += length;
    const std::int64_t now = clock_.tick();
    page_.started_at_ns.store(now, std::memory_order_relaxed);  // of the next; published by its take()
    if (now - busy_from_ns_ >= kFlushAfterNs && journal_.count() > 0) flush(false);
  }
  flush(true);
}

void WorkRunner::run_task_at(std::uint32_t at, const detail::Handler& handler, std::string_view argument) {
  control_.enter_task(at);
  out_.bytes().clear();
  keep(at, run_task(handler, control_, argument, out_));
}

void WorkRunner::keep(std::uint32_t at, std::uint8_t kind) {
  const std::string_view payload = out_.bytes();
  if (journal_.add(kind, payload)) return;
  if (journal_.count() > 0) flush(false);
  if (journal_.add(kind, payload)) return;
  // Larger than the journal: goes out alone.
  const auto length = static_cast<std::uint32_t>(payload.size());
  OutcomeBatchView batch{sequence_, at, 1, false, std::chrono::nanoseconds(clock_.read() - busy_from_ns_),
                         {},        {}, {}};
  const char kind_byte = static_cast<char>(kind);
  if (kind != kValue) batch.kinds = {&kind_byte, 1};
  batch.lengths = {reinterpret_cast<const char*>(&length), sizeof length};
  batch.payloads = payload;
  news_.send(batch, out_.bytes());
  busy_from_ns_ = clock_.read();
  journal_.reset(sequence_, at + 1, busy_from_ns_);
  if (out_.bytes().capacity() > kSpareBytesMax) std::exchange(out_, {});
}

void WorkRunner::flush(bool last) {
  OutcomeBatchView batch = journal_.view();
  batch.last = last;
  batch.busy = std::chrono::nanoseconds(clock_.read() - busy_from_ns_);
  const std::uint32_t end = journal_.end();
  news_.send(batch);
  busy_from_ns_ = clock_.read();
  journal_.reset(sequence_, end, busy_from_ns_);
  page_.started_at_ns.store(busy_from_ns_, std::memory_order_relaxed);
}

}  // namespace zonda
