// The worker without its sockets and clock: tasks come in, executors run them, outcomes leave through the
// outbox. Calls its Executor directly (real or simulated); everything else is effects. Not thread-safe.
//
// Where a task is: waiting_ (not given to a slot), slots_ (given; runs or is next), outbox_ (finished). What
// is in none of the three is not here any more.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "proto/arrived_frame.h"
#include "proto/peer_session.h"
#include "worker/core/outbox.h"
#include "worker/executor/executor.h"

namespace zonda {

struct WorkerConfig {
  std::uint64_t window_tasks = 65'536;         // tasks it holds at most, waiting, running or in the outbox
  std::uint64_t window_bytes = 64 << 20;       // and their bytes
  std::chrono::milliseconds started_after{5};  // tasks that run longer are told of
  std::chrono::milliseconds progress_every{100};
  std::chrono::microseconds hand_over{4'000};  // work given to a slot at once, or one task
  std::chrono::milliseconds gather{5};         // outcomes wait so long for more, while there is enough to do
  std::uint64_t outbox_memory = 64 << 20;      // outcomes beyond that go to the spool
  std::chrono::milliseconds orphan_timeout{600'000};  // so long without a word of a broker; 0: no end
};

class WorkerCore {
 public:
  // Without a spool outcomes wait in memory, and it takes no tasks while too many do.
  WorkerCore(Hello hello, std::uint64_t seed, Executor& executor, WorkerConfig config = {},
             Spool* spool = nullptr);

  void handle(ArrivedFrame frame, TimePoint now, PeerEffects& effects);
  // What the executor did, what is due, and what can be started. Once per turn.
  void settle(TimePoint now, PeerEffects& effects);
  TimePoint next_deadline(TimePoint now) const;

  // The frames for the sink, one after another, as its lane takes them. See Outbox::next_frame().
  std::string* next_sink_frame();
  void sink_frame_sent();

  // Takes nothing new, gives back what has not started, finishes what runs, delivers, leaves.
  void drain(TimePoint now, PeerEffects& effects);
  // Gives running tasks back, too: they are stopped, and their outcomes are not reported.
  void give_up(TimePoint now, PeerEffects& effects);
  bool is_draining() const { return draining_; }
  bool is_dismissed() const { return dismissed_; }  // the broker wants it to drain
  // Leaves whatever is held or owed: the broker is told, and gives it to others without blame.
  void leave(TimePoint now, PeerEffects& effects);
  // Drained: nothing is held, nothing is owed, and the broker was told. Or left.
  bool is_done() const { return done_; }
  // No broker was heard of for so long that nobody waits for this worker any more.
  bool is_orphaned() const { return orphaned_; }
  // Refused for good: why. A name that stays taken counts after a while.
  const std::optional<Refuse>& refused() const { return refused_; }

  bool is_connected() const { return session_.is_open(); }
  const Welcome& welcome() const { return session_.welcome(); }
  // Why the broker did not let it in when it was asked last; it is asked again.
  const std::string& last_refusal() const { return session_.refusal().text; }
  TimePoint last_heard() const { return session_.last_heard(); }  // of the broker
  bool welcome_is_new();  // once after each new session: where its sink is may have changed
  std::uint64_t tasks_finished() const { return tasks_finished_; }
  std::uint64_t tasks_held() const { return held_tasks_; }  // that wait or run
  const Outbox& outbox() const { return outbox_; }

 private:
  struct Waiting {
    JobId job;
    std::uint64_t first = 0;
    Token token;
    std::uint32_t attempt = 1;
    std::string function;
    std::string signature;
    std::chrono::milliseconds timeout{0};
    Slab slab;
    Column arguments;
  };
  struct Part {  // of the indices of a job: [first, end)
    std::uint64_t first = 0;
    std::uint64_t end = 0;
  };
  // A Work in a slot: the parts of it that no event has covered yet.
  struct InSlot {
    JobId job;
    std::vector<Part> left;
    Token token;
    std::chrono::milliseconds timeout{0};
    Waiting origin;  // to put unstarted tasks back
  };
  struct Slot {
    std::deque<InSlot> works;        // at most two
    std::optional<Running> told;     // the task last told as started
    std::optional<Running> stopped;  // the task that was asked to stop
  };

  struct TaskCost {  // of late
    double us = 0;
    double outcome_bytes = 0;
  };
  struct Dropped {
    Held range;
    bool tell = false;  // the broker wants it back
  };

  void on_opened(TimePoint now, PeerEffects& effects);
  void on_message(Message& message, ArrivedFrame& frame, TimePoint now, PeerEffects& effects);
  static void hold(const InSlot& work, const std::optional<Running>& running, std::vector<Held>& held);
  void say_holdings(const std::vector<Held>& held, TimePoint now, PeerEffects& effects);
  void on(const Tasks& tasks, ArrivedFrame& frame);
  void on(const Stop& stop, TimePoint now);
  void on(const OutputRoom& room);
  void on(const Retract& retract, TimePoint now, PeerEffects& effects);
  static Waiting take_from(Slot& slot, const JobId& job, Token token, std::uint64_t first,
                           std::uint64_t count);
  void on_executor(Finished& finished);
  void on_executor(Unstarted& unstarted);
  void on_executor(TaskProgress& progress);
  void on_executor(TaskOutput& output);
  std::vector<Held> take_waiting(const Held& range);
  void take_from_slots(const Held& range, bool tell);
  static bool touches(const InSlot& work, const Held& range);
  void prune_dropped();
  void watch_outbox(TimePoint now, PeerEffects& effects);
  void watch_broker(TimePoint now);
  bool may_be_orphaned() const;
  void hold_results();
  void gather_results(TimePoint now);
  bool has_room_for_results(TimePoint now) const;
  TimePoint counts_from(const Running& running) const;
  void feed();
  void feed_slot(int number);
  std::uint32_t batch_size(const Waiting& waiting) const;
  static std::chrono::milliseconds timeout_of(const Slot& slot, const Running& running);
  void watch_slots(TimePoint now, PeerEffects& effects);
  void drop_output();
  void say_progress(TimePoint now, PeerEffects& effects);
  void say_returned(std::vector<Held> tasks, TimePoint now, PeerEffects& effects);
  void leave_if_done(TimePoint now, PeerEffects& effects);
  void update_credit();
  std::uint64_t held_tasks() const { return held_tasks_ + outbox_.tasks(); }

  PeerSession session_;
  Executor& executor_;
  WorkerConfig config_;
  std::deque<Waiting> waiting_;
  std::vector<Slot> slots_;
  Outbox outbox_;
  std::optional<std::uint64_t> resent_after_;  // where the outbox last went back to
  std::map<std::string, TaskCost> costs_;      // by function
  std::vector<Held> returned_;                 // to be told
  std::vector<Dropped> dropped_;  // what slots were asked to give back, until nothing of it is in one
  std::map<TaskId, TaskProgress> progress_;
  std::vector<TaskOutput> output_;
  TimePoint progress_at_{};
  std::uint64_t held_tasks_ = 0;      // waiting and in slots
  std::uint64_t held_bytes_ = 0;      // waiting
  std::uint64_t received_tasks_ = 0;  // in this session
  std::uint64_t received_bytes_ = 0;
  std::uint64_t granted_tasks_ = 0;
  std::uint64_t granted_bytes_ = 0;
  std::uint64_t told_tasks_ = 0;  // of the grant, with the last frame for it
  std::uint64_t told_bytes_ = 0;
  bool draining_ = false;
  bool dismissed_ = false;
  bool giving_up_ = false;
  bool done_ = false;
  bool new_session_ = false;
  bool holds_results_ = false;              // executors keep them: there is no room
  std::optional<TimePoint> gathers_until_;  // outcomes may wait so long for more to leave with,
  bool gathers_ = false;                    // and do
  TimePoint held_until_{};                  // and did so until then
  TimePoint spool_again_{};
  std::optional<TimePoint> last_turn_;
  std::chrono::nanoseconds alone_for_{0};  // since the broker was last heard
  TimePoint heard_at_{};
  bool orphaned_ = false;
  std::optional<Refuse> refused_;
  std::optional<TimePoint> name_taken_since_;
  std::uint64_t tasks_finished_ = 0;
};

}  // namespace zonda
