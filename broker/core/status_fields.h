// What `status` counts, by its names: for whoever asks over the protocol or over HTTP.
#pragma once

#include "broker/core/snapshot.h"

namespace zonda {

inline constexpr std::uint32_t kStatusFields = 28;

// Calls f(name, value) for each of them: numbers, bools and texts.
template <class F>
void for_each_status_field(const Snapshot& all, F&& f) {
  const BrokerCounters& counters = all.counters;
  f("queued", all.queued);
  f("delayed", all.delayed);
  f("held", all.held);
  f("running", all.running);
  f("done", counters.tasks_done);
  f("failed", counters.tasks_failed);
  f("cancelled", counters.tasks_cancelled);
  f("accepted", counters.tasks_accepted);
  f("dispatched", counters.tasks_dispatched);
  f("retried", counters.tasks_retried);
  f("returned", counters.tasks_returned);
  f("lost", counters.tasks_lost);
  f("stale", counters.results_stale);
  f("bad_frames", counters.frames_bad);
  f("refused_frames", counters.frames_refused);
  f("refused_keys", counters.keys_refused);
  f("gaps", counters.gaps);
  f("jobs", all.jobs);
  f("clients", all.clients);
  f("workers", all.workers);
  f("workers_draining", all.workers_draining);
  f("workers_lost", counters.workers_lost);
  f("slots", all.slots);
  f("memory_bytes", all.memory_bytes);
  f("orphaned", all.orphaned);
  f("disk_nearly_full", all.disk_nearly_full);
  f("durability", all.durability);
  f("epoch", all.epoch);
}

}  // namespace zonda
