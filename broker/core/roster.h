// The workers: who they are, what they can run, what they hold. Workers that offer the same are of one kind,
// and matching is between kinds and classes of tasks; it is done when either is new, never per task.
#pragma once

#include <zonda/job_id.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "broker/core/clock.h"
#include "broker/core/ready_queue.h"
#include "proto/messages.h"

namespace zonda {

// What a worker offers.
struct KindKey {
  std::vector<FunctionName> functions;  // sorted
  std::vector<std::string> queues;      // sorted
  std::map<std::string, double> resources;
  std::map<std::string, std::string> labels;
  friend auto operator<=>(const KindKey&, const KindKey&) = default;

  bool offers(const ClassKey& wanted) const;
};

struct WorkerKind {
  KindKey key;
  std::vector<ReadyClass*> classes;            // that it can run
  std::map<std::uint64_t, ReadyClass*> ready;  // those of them with ready tasks, by number
  std::map<std::uint64_t, ReadyClass*> wards;  // and those with tasks in quarantine
  std::set<std::pair<std::uint64_t, std::uint64_t>>
      idle;                      // workers that have room and were offered all that is ready: (load, number)
  std::uint64_t idle_slots = 0;  // of those workers
  std::uint64_t slots = 0;       // of all its workers
  std::uint64_t workers = 0;
};

enum class WorkerState : std::uint8_t {
  Joining,  // has a session; its HOLDINGS are not complete
  Active,
  Draining,  // gets nothing new
  Away,      // no session; its tasks go back soon
};

struct WorkerRecord {
  std::uint64_t number = 0;
  Hello hello;
  std::string key;  // by which it came, its name; empty: none
  WorkerState state = WorkerState::Joining;
  std::uint64_t session = 0;  // 0: away
  TimePoint away_since;
  WorkerKind* kind = nullptr;
  std::vector<Held> holdings;  // those that arrived so far
  std::set<Token> leases;
  std::uint64_t outstanding = 0;  // tasks it holds
  double outstanding_us = 0;      // and the time they should take
  std::map<std::string, double> resources_free;
  std::uint64_t credit_tasks = 0;  // what it granted in this session, and what of it was used
  std::uint64_t credit_bytes = 0;
  std::uint64_t used_tasks = 0;
  std::uint64_t used_bytes = 0;
  double surplus_us = 0;           // as it stands among the overloaded: see retract.cpp
  bool alone = false;              // it holds a group in quarantine, and gets nothing else
  ReadyClass* kept_for = nullptr;  // set apart for such a group: it gets nothing from the ready queue
  TimePoint alone_since;
  TimePoint stopped_at;      // when it was last told to stop something; that may run on for a moment
  bool stuck = false;        // silent for long with tasks behind those that run
  JobId contested_by;        // the peer for which it was last probed, because of its name
  TimePoint proved_alive;    // when it last answered a probe
  TimePoint promised_until;  // tasks were asked back from another for it
  bool drain_asked = false;  // by an administrator; said again after a reconnect
  std::uint64_t done = 0;
  std::uint64_t failed = 0;
  UtcTime since;
  std::optional<std::pair<std::uint64_t, std::uint64_t>> idle_entry;  // where it stands in kind->idle
};

class Roster {
 public:
  explicit Roster(ReadyQueue& queue) : queue_(queue) {}

  // The worker of this peer, if it is known.
  WorkerRecord* find(const JobId& peer);
  WorkerRecord* find(std::uint64_t number);
  WorkerRecord* find_by_name(const std::string& name);
  WorkerRecord& add(const Hello& hello, UtcTime now);
  void remove(WorkerRecord& worker);  // it holds nothing any more

  // A class is new: connects it with the kinds that can run it. Before it is removed: the reverse.
  void connect(ReadyClass& ready_class);
  void disconnect(ReadyClass& ready_class);

  void set_idle(WorkerRecord& worker);
  void set_busy(WorkerRecord& worker);

  // Signatures under which live workers serve a function.
  std::vector<std::string> signatures(const std::string& function) const;

  template <class F>
  void for_each_function(F&& f) const {
    for (const auto& [name, signatures] : served_) {
      for (const auto& [signature, workers] : signatures) f(name, signature);
    }
  }

  const std::map<std::uint64_t, std::unique_ptr<WorkerRecord>>& all() const { return workers_; }
  std::uint64_t slots() const { return slots_; }

 private:
  WorkerKind& kind_of(const Hello& hello);

  ReadyQueue& queue_;
  std::map<std::uint64_t, std::unique_ptr<WorkerRecord>> workers_;
  std::map<JobId, std::uint64_t> by_peer_;
  std::map<std::string, std::uint64_t> by_name_;
  std::map<KindKey, std::unique_ptr<WorkerKind>> kinds_;
  std::map<std::string, std::map<std::string, std::uint64_t>>
      served_;  // function → signature → how many workers
  std::uint64_t last_number_ = 0;
  std::uint64_t slots_ = 0;
};

}  // namespace zonda
