// Tasks that wait at one worker while another has nothing to do are taken back. The workers that hold too
// much are kept in order as leases change, so a turn looks at a few of them only.
#include "broker/core/broker_core.h"

namespace zonda {
namespace {

constexpr double kSurplusUs = 20'000;  // work that may wait behind each slot, whoever is idle
constexpr int kLooksPerTurn = 16;
constexpr int kIdleLooks = 16;
constexpr auto kAnswersWithin = std::chrono::seconds(1);  // a holder with nothing to give back says nothing
constexpr auto kPromisedFor = std::chrono::milliseconds(20);  // one answer at a time for an idle worker

// How long the last of its tasks waits for a slot, if that is too long.
double surplus_of(const WorkerRecord& worker) {
  if (worker.state != WorkerState::Active || worker.outstanding <= worker.hello.slots || worker.alone)
    return 0;
  const auto unstarted = static_cast<double>(worker.outstanding - worker.hello.slots);
  const double wait_us =
      worker.outstanding_us * unstarted / static_cast<double>(worker.outstanding) / worker.hello.slots;
  if (worker.stuck) return std::max(wait_us, 1.0);
  return wait_us > kSurplusUs ? wait_us : 0;
}

}  // namespace

void BrokerCore::reload(WorkerRecord& worker) {
  const double surplus = surplus_of(worker);
  if (surplus == worker.surplus_us) return;
  if (worker.surplus_us > 0) overloaded_.erase({worker.surplus_us, worker.number});
  worker.surplus_us = surplus;
  if (surplus > 0) overloaded_.emplace(surplus, worker.number);
}

// It holds more than its slots can run and has not finished anything for a while: its tasks take longer than
// was measured.
void BrokerCore::seems_stuck(WorkerRecord& worker) {
  worker.stuck = worker.outstanding > worker.hello.slots;
  reload(worker);
}

void BrokerCore::retract_surplus(const Now& now, Effects& effects) {
  int looks = kLooksPerTurn;
  for (auto at = overloaded_.rbegin(); at != overloaded_.rend() && looks > 0; ++at, --looks) {
    const WorkerRecord& holder = *roster_.find(at->second);
    Lease& lease = *leases_.find(*holder.leases.rbegin());
    // Tasks with resources never wait at a worker. Ready tasks mean that nobody who fits has room.
    const bool asked = lease.asked_back && now.steady - *lease.asked_back < kAnswersWithin;
    if (asked || lease.job->ready_class->ready_tasks() > 0 || !lease.job->spec.resources.empty()) continue;
    WorkerRecord* idle = idle_worker(*lease.job->ready_class, now);
    if (idle == nullptr) continue;
    idle->promised_until = now.steady + kPromisedFor;
    lease.asked_back = now.steady;
    const std::uint64_t half = (lease.open + 1) / 2;  // they run in order: the later ones have not started
    say(*sessions_.find(holder.session),
        Retract{{{lease.job->id, lease.range.hi - half, half, lease.token.epoch, lease.token.lease, false}}},
        effects);
  }
}

// One with a free slot to which nothing was promised.
WorkerRecord* BrokerCore::idle_worker(const ReadyClass& ready_class, const Now& now) {
  for (const WorkerKind* kind : ready_class.kinds) {
    int looks = kIdleLooks;
    for (auto at = kind->idle.begin(); at != kind->idle.end() && looks > 0; ++at, --looks) {
      WorkerRecord& worker = *roster_.find(at->second);
      if (worker.outstanding < worker.hello.slots && worker.promised_until <= now.steady) return &worker;
    }
  }
  return nullptr;
}

// What came back is for others: its holder gets no tasks until it has finished some of those it has.
void BrokerCore::keep_from(WorkerRecord& holder) {
  if (holder.outstanding < holder.hello.slots) return;
  roster_.set_busy(holder);
  hungry_.erase(holder.number);
}

}  // namespace zonda
