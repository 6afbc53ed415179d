// What running tasks say: progress and live output.
#include "proto/limits.h"
#include "worker/core/worker_core.h"

namespace zonda {

void WorkerCore::on(const OutputRoom& room) {
  for (int slot = 0; slot < executor_.slots(); ++slot)
    executor_.output_room(slot, {room.job, room.index}, room.upto);
}

// Nobody listens: what was said gives its room back, so that the command is not kept waiting.
void WorkerCore::drop_output() {
  for (const TaskOutput& output : std::exchange(output_, {})) {
    const std::uint64_t upto = output.offset + output.bytes.size() + 2 * kOutputWindow;
    for (int slot = 0; slot < executor_.slots(); ++slot) executor_.output_room(slot, output.task, upto);
  }
}

void WorkerCore::say_progress(TimePoint now, PeerEffects& effects) {
  for (const TaskOutput& output : std::exchange(output_, {}))
    session_.say(Output{output.task.job, output.task.index, output.token.epoch, output.token.lease,
                        output.attempt, output.stream, output.offset, output.bytes},
                 now, effects);
  if (progress_.empty() || now - progress_at_ < config_.progress_every) return;
  progress_at_ = now;
  for (const auto& [task, progress] : std::exchange(progress_, {}))
    session_.say(WorkerProgress{task.job, task.index, progress.token.epoch, progress.token.lease,
                                progress.done, progress.total, progress.text},
                 now, effects);
}

}  // namespace zonda
