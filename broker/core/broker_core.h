// The broker without its sockets, clock and disk: events and the time go in, effects come out. Not
// thread-safe.
//
// handle() is called for each frame, settle() once per turn after them: it does what is due, matches ready
// tasks to workers with room, and sends outcomes on. Peers' mistakes are answered or counted; assertions are
// for our own.
//
// The sources follow the data: broker_core.cpp (frames to messages), hello.cpp (sessions), keys.cpp (whose),
// intake.cpp (jobs and tasks come in), dispatch.cpp (tasks go out), retract.cpp (and are taken back),
// sink.cpp (outcomes come in), delivery.cpp (outcomes go out), liveness.cpp (time passes, peers vanish),
// quarantine.cpp (who is to blame for that), cancel.cpp, recovery.cpp (a start on what an earlier broker
// left), quota.cpp (what nobody reads), paging.cpp (what is in the store only), admin.cpp (questions and
// orders), pool_questions.cpp (what waits for whom).
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "broker/core/client.h"
#include "broker/core/clock.h"
#include "broker/core/config.h"
#include "broker/core/counters.h"
#include "broker/core/effects.h"
#include "broker/core/job.h"
#include "broker/core/leases.h"
#include "broker/core/pending.h"
#include "broker/core/pools.h"
#include "broker/core/quarantine.h"
#include "broker/core/ready_queue.h"
#include "broker/core/roster.h"
#include "broker/core/sessions.h"
#include "broker/core/timers.h"
#include "proto/wire/wire.h"

namespace zonda {

class BrokerCore {
 public:
  explicit BrokerCore(BrokerConfig config);
  ~BrokerCore();

  // On a store that has something to tell: restore() for each record it replays, then restored() once, before
  // anything else. `downtime`: since the broker before it was last heard of.
  void restore(Record& record, const Now& now);
  void restored(const Now& now, std::chrono::milliseconds downtime, Effects& effects);
  // The last call, before a stop that is planned.
  void stop(Effects& effects);

  void handle(Connection from, ArrivedFrame frame, const Now& now, Effects& effects);
  void loaded(const Payload& payload, const Now& now, Effects& effects);  // one of Effects::reads
  void backed_up(const std::string& error, Effects& effects);  // Effects::backup ended; empty: well
  void connection_gone(Connection connection, const Now& now, Effects& effects);
  // Who may come, from now on; to be said again when a key expires. Sessions whose key does not count any
  // more are over, and what they held goes back. Never called: everybody may come.
  void set_keys(std::shared_ptr<const AuthorizedKeys> keys, const Now& now, Effects& effects);
  // One of Effects::enrolments ended; `why_not` is empty: well.
  void enrolled(const PendingEnrolment& pending, const std::string& why_not, Effects& effects);
  void count_refused_keys(std::uint64_t count) { counters_.keys_refused += count; }
  void settle(const Now& now, Effects& effects);
  TimePoint next_deadline() const;

  // New work is refused or waits, accepted work goes on.
  void set_disk_nearly_full(bool on) { disk_nearly_full_ = on; }
  // Bytes of records that the store was given and has not committed. While they are too many, clients get no
  // credit and outcomes wait in the workers.
  void set_backlog(std::uint64_t bytes) { backlog_ = bytes; }
  bool reads_sink() const { return backlog_ < std::min(config_.backlog_max, config_.memory_limit / 4); }

  const BrokerConfig& config() const { return config_; }
  bool stop_asked() const { return stop_asked_; }  // an administrator wants the broker to end
  const BrokerCounters& counters() const { return counters_; }
  std::uint64_t memory_used() const { return memory_used_; }
  std::uint64_t overhead() const { return overhead_; }

  // For tests and the simulator: cross-checks every table against every other; returns what is wrong, or
  // nothing.
  std::string check() const;
  std::size_t timers() const { return timers_.size(); }
  const Roster& roster() const { return roster_; }
  Snapshot snapshot(const Now& now) const;
  const Job* job(const JobId& id) const;
  std::uint64_t attached_jobs() const;
  // Whether there are workers of before the start that are not back and may still come.
  bool awaits_workers() const { return !awaited_.empty(); }

 private:
  // broker_core.cpp
  void on_frame(Connection from, std::string_view bytes, const Now& now, Effects& effects);
  Slab keep(Column& column);
  void on_sink_frame(Frame& frame, const Now& now, Effects& effects);
  void bound_partial(const Session& session, const Now& now, Effects& effects);
  void ask_resend(Session& session, TimePoint now);
  void on_message(Session& session, Message& message, const Header& header, const Now& now, Effects& effects);
  void say(Session& session, const Message& message, Effects& effects);
  void say_outside_session(Connection to, const Message& message, Effects& effects);
  void ask_who(Connection to, TimePoint now, Effects& effects);
  void event(Effects& effects, std::string text) { effects.events.push_back(std::move(text)); }

  // hello.cpp
  void on_hello(Connection from, const Hello& hello, const Now& now, Effects& effects);
  std::optional<Refuse> objection(const Hello& hello, const Now& now);
  void welcome_worker(Connection from, const Hello& hello, const Now& now, Effects& effects);
  void welcome_client(Connection from, const Hello& hello, const Now& now, Effects& effects);
  void welcome(Session& session, const Hello& hello, const Now& now, Effects& effects);
  void close_session(std::uint64_t number, Effects& effects);
  void refuse(Connection to, const Hello& hello, RefuseCode code, const std::string& text,
              std::uint64_t retry_after_ms, const Now& now, Effects& effects);
  void on(const Holdings& holdings, Session& session, const Now& now, Effects& effects);
  void reconcile(WorkerRecord& worker, const Now& now, Effects& effects);
  void adopt(WorkerRecord& worker, const Held& held, const Now& now, std::vector<Held>& overtaken,
             Effects& effects);
  void take_over(Lease& lease, IndexRange part, SegmentState state, bool started, const Now& now,
                 Effects& effects);

  // keys.cpp
  std::optional<KeyHolder> holder_of(std::string_view sender, const Now& now) const;
  std::string key_objection(const Hello& hello, const Now& now);
  bool still_counts(const KeyHolder& holder, const Now& now) const;
  void revoke(Session& session, const Now& now, Effects& effects);
  void on_enrol(Connection from, const Enrol& enrol, const Now& now, Effects& effects);

  // intake.cpp
  void on(const OpenJob& message, Session& session, const Now& now, Effects& effects);
  void on(const Append& message, Session& session, const Now& now, Effects& effects);
  void on(const CloseJob& message, Session& session, const Now& now, Effects& effects);
  void on(const Attach& message, Session& session, const Now& now, Effects& effects);
  std::string signature_objection(const JobSpec& spec) const;
  Job& open_job(const JobId& id, const JobSpec& spec, ClientRecord* client, const std::string& client_name,
                const Now& now, Effects& effects);
  Job& add_job(const JobId& id, const JobSpec& spec, ClientRecord* client, const std::string& client_name,
               UtcTime at);
  void accept_tasks(Job& job, std::uint64_t first, const Column& arguments, const Now& now, Effects& effects);
  void accept_later(Job& job, Session& session) { accepts_due_.emplace(session.number, job.id); }
  void accept_for_readers(Job& job);
  void add_reader(Job& job, Session& session, std::uint64_t position);
  void refuse_job(Session& session, const JobId& job, JobRefusedCode code, const std::string& text,
                  Effects& effects);
  template <class Message>
  static bool has_read_other(const Job& job, const Message& message);
  std::uint64_t room() const;
  std::pair<std::uint64_t, std::uint64_t> grant(Session& session);
  bool has_room_for_starved() const { return room() >= full_window() / 2; }
  std::uint64_t full_window() const { return std::min(config_.client_window_bytes, config_.memory_limit); }

  // dispatch.cpp
  void dispatch(const Now& now, Effects& effects);
  void in_rounds(const std::vector<std::uint64_t>& workers, const Now& now, Effects& effects);
  void spread(ReadyClass& ready_class, const Now& now, Effects& effects);
  std::vector<std::uint64_t> standing_by(const ReadyClass& ready_class) const;
  std::uint64_t share_of_round(const ReadyClass& ready_class, std::uint64_t slots);
  void serve(WorkerRecord& worker, const Now& now, Effects& effects);
  struct Offer {
    Job* job = nullptr;
    std::uint64_t tasks = 0;
  };
  using Parts = std::map<std::uint64_t, std::uint64_t>;  // tasks left for a worker in this round, by class
  Offer best_offer(WorkerRecord& worker, Parts& its_part);
  std::uint64_t room(const WorkerRecord& worker, const Job& job) const;
  static std::uint64_t worth_a_message(const Job& job);
  bool has_room(const WorkerRecord& worker) const;
  TaskRange hand_out(WorkerRecord& worker, Job& job, IndexRange ready, std::uint64_t limit, const Now& now,
                     Effects& effects);
  void hungry(WorkerRecord& worker);
  void say_accepted(Session& session, const Job& job, Effects& effects);
  void feed_starved(Effects& effects);

  // retract.cpp
  void retract_surplus(const Now& now, Effects& effects);
  void reload(WorkerRecord& worker);  // after every change of its leases or its state
  void seems_stuck(WorkerRecord& worker);
  WorkerRecord* idle_worker(const ReadyClass& ready_class, const Now& now);
  void keep_from(WorkerRecord& holder);

  // sink.cpp
  void on(const WorkerResults& results, Session& session, const Now& now, Effects& effects);
  void take_range(const ResultRange& range, WorkerRecord* worker, const Now& now, Effects& effects);
  void take_current(Job& job, const ResultRange& range, IndexRange part, const SegmentState& state,
                    WorkerRecord* worker, const Now& now, Effects& effects);
  void take_failures(Job& job, const ResultRange& range, IndexRange part, const SegmentState& state,
                     WorkerRecord* worker, const Now& now, Effects& effects);
  void measure(Job& job, const ResultRange& range, const Lease& lease, const Now& now);
  // `told`: the report as the worker encoded it, which may hold more than TaskReport; empty if there is none.
  void fail_task(Job& job, std::uint64_t index, const SegmentState& state, TaskReport report,
                 std::string_view told, const WorkerRecord* worker, const Now& now, Effects& effects);
  bool may_retry(const Job& job, const SegmentState& state, TaskReport::Kind kind) const;
  // Records outcomes of tasks that are in segments: the only place where a task becomes done.
  void record_done(Job& job, LogChunk chunk, const Now& now, Effects& effects);
  void record_report(Job& job, std::uint64_t index, const TaskReport& report, std::string_view told,
                     const SegmentState& state, const std::string& worker, const Now& now, Effects& effects);
  void release_lease(IndexRange part, const SegmentState& state);
  void settle_lease(Token token, std::uint64_t tasks);
  // Every change of a job's segments goes through these two, so that counts and queue agree.
  void set_state(Job& job, IndexRange range, const SegmentState& state);
  void leave_state(Job& job, IndexRange range);
  void put_state(Job& job, IndexRange range, const SegmentState& wanted);  // of tasks in no state
  void count_in(Job& job, IndexRange range, TaskState state);
  void became_ready(Job& job, std::uint64_t tasks);

  // delivery.cpp
  void deliver(const Now& now, Effects& effects);
  static OutcomeRange range_of(const LogChunk& chunk, std::uint64_t position);
  bool may_send(const Reader& reader, const Session& session) const;
  bool deliver_to(Job& job, Reader& reader, Session& session, Effects& effects);
  void say_outcomes(const Job& job, Reader& reader, Session& session, const Outcomes& message,
                    Effects& effects);
  void on(const OutcomeAck& ack, Session& session, const Now& now, Effects& effects);
  void arrived(Job& job, Reader& reader, Session& session, std::uint64_t position);
  void measure_way(const Job& job, Reader& reader, Session& session);
  void stop_reading(Job& job, Session& session, Effects& effects);
  bool is_monitor(const Reader& reader) const;
  void release_read(Job& job, Effects& effects);
  void finish_if_complete(Job& job, const Now& now, Effects& effects);
  void forget(Job& job, Effects& effects);

  // liveness.cpp
  void do_due(const Now& now, Effects& effects);
  void check_session(std::uint64_t number, const Now& now, Effects& effects);
  std::chrono::milliseconds silence_before_probe(const Session& session) const;
  void watch(Session& session, TimePoint now);
  void worker_away(WorkerRecord& worker, const Now& now, Effects& effects);
  void lose_worker(WorkerRecord& worker, const char* why, const Now& now, Effects& effects);
  void dismiss_worker(WorkerRecord& worker, Effects& effects);
  void remove_worker(WorkerRecord& worker, Effects& effects);
  void give_back(Job& job, IndexRange range, Token token);
  void disown(Job& job, const Now& now, Effects& effects);
  void disown_unclaimed(ClientRecord& client, const Now& now, Effects& effects);
  void lose_client(ClientRecord& client, const char* why, const Now& now, Effects& effects);
  void on(const Heartbeat& heartbeat, Session& session, const Now& now, Effects& effects);
  void on(const Started& started, Session& session, const Now& now, Effects& effects);
  void on(const Returned& returned, Session& session, const Now& now, Effects& effects);
  void on(const Drain& drain, Session& session, const Now& now, Effects& effects);
  void on(const Goodbye& goodbye, Session& session, const Now& now, Effects& effects);
  void on(const WorkerProgress& progress, Session& session, const Now& now, Effects& effects);
  void on(const Output& output, Session& session, const Now& now, Effects& effects);
  void on(const OutputRoom& room, Session& session, const Now& now, Effects& effects);
  bool holds(const Session& session, const JobId& job, std::uint64_t index, Token token) const;
  void make_due(Job& job, IndexRange range);
  void delay(Job& job, IndexRange range, TimePoint due);
  void watch_delays(Job& job);
  void end_delays(Job& job, const Now& now);
  void watch_deadline(Job& job);
  void expire_tasks(Job& job, const Now& now, Effects& effects);

  // quarantine.cpp
  void lose_tasks(WorkerRecord& worker, const Now& now, Effects& effects);
  void charge_crash(Job& job, std::uint64_t index, const SegmentState& state, const WorkerRecord& worker,
                    const Now& now, Effects& effects);
  void lose_range(Job& job, IndexRange part, SegmentState state, const WorkerRecord& worker, const Now& now,
                  Effects& effects);
  void forgive(Job& job, IndexRange part, SegmentState& state);
  void became_suspect(Job& job, std::uint64_t tasks);
  void no_suspects(Job& job, std::uint64_t tasks);
  void let_go(Ward& ward, bool with_group);
  bool has_credit(const WorkerRecord& worker) const;
  void end_visit(WorkerRecord& worker, const Now& now);
  bool is_set_apart(WorkerRecord& worker, const Now& now, Effects& effects);
  void use_idle_workers(const std::vector<std::uint64_t>& workers, const Now& now, Effects& effects);
  void run_alone(WorkerRecord& worker, ReadyClass& ready_class, const Now& now, Effects& effects);

  // cancel.cpp
  void on(const Cancel& cancel, Session& session, const Now& now, Effects& effects);
  void cancel_tasks(Job& job, IndexRange range, TaskReport::Kind kind, const Now& now, Effects& effects);
  void say_stop(Session& session, const std::vector<Held>& tasks, const Now& now, Effects& effects);
  void cancel_job(Job& job, const Now& now, Effects& effects);

  // quota.cpp
  std::uint64_t quota() const { return config_.memory_limit / 8; }  // bytes of outcomes a client may not read
  void count_overhead(Job& job);
  void count_unread(Job& job);
  bool is_over_quota(const Job& job) const;
  void hold_or_go_on(Job& job, Effects& effects);
  void go_on_if_read(Job& job);
  void go_on_all(std::set<JobId>& held);
  void go_on(Job& job);

  // paging.cpp
  bool is_durable() const { return is_durable_; }
  bool has_room(std::uint64_t bytes) const;
  void add_batch(Job& job, Batch batch);
  void keep_last_outcomes(Job& job);
  template <class F>
  void by_residence(Job& job, IndexRange range, const SegmentState& state, F&& f);
  void count_waiting(Job& job, IndexRange part, std::int32_t change);
  void want_page(const Job& job);
  void want_no_page(const Job& job);
  void read_pages(Effects& effects);
  void read_page(ReadyClass& ready_class, Effects& effects);
  static bool starves(const ReadyClass& ready_class);
  void drop_handed_out(Job& job, Batch& batch);
  void read(const PayloadName& name, std::uint64_t bytes, Effects& effects);
  void loaded_arguments(Job& job, const Payload& payload);
  void loaded_outcomes(Job& job, const Payload& payload, Effects& effects);

  // recovery.cpp
  void restore(record::Opened& record, const Now& now);
  void restore(record::Appended& record, const Now& now);
  void restore(record::Closed& record, const Now& now);
  void restore(record::HandedOut& record, const Now& now);
  void restore(record::Fenced& record, const Now& now);
  void restore(record::Attempted& record, const Now& now);
  void restore(record::Finished& record, const Now& now);
  void restore(record::Released& record, const Now& now);
  void restore(record::Summarised& record, const Now& now);
  void restore(record::Forgotten& record, const Now& now);
  void restore(record::Joined& record, const Now& now);
  void restore(record::Left& record, const Now& now);
  void restore(record::Stopped& record, const Now& now);
  void restore(record::Started& record, const Now& now);
  void orphan_tasks(Job& job);
  void came_back(const JobId& peer, Effects& effects);
  void end_recovery(Effects& effects);

  // admin.cpp
  class Question;
  void on(const Query& query, Session& session, const Now& now, Effects& effects);
  void answer_with(const Payload& payload, const Now& now, Effects& effects);

  // check.cpp
  struct Sums;
  std::string check_job(const Job& job, Sums& sums) const;
  std::string check_batch(const Job& job, const Batch& batch) const;
  std::string check_workers(Sums& sums) const;

  Job* find_job(const JobId& id);
  Job* find_job_for(const Session& session, const JobId& id);

  BrokerConfig config_;
  std::shared_ptr<const AuthorizedKeys> keys_;  // null: none are asked for
  const bool is_durable_ = config_.durability != "memory";
  std::mt19937_64 random_;
  Sessions sessions_;
  ReadyQueue queue_;
  Quarantine quarantine_;
  Roster roster_{queue_};
  Pools pools_;
  Leases leases_{config_.epoch};
  Timers timers_;
  std::map<JobId, std::unique_ptr<ClientRecord>> clients_;
  std::map<JobId, std::unique_ptr<Job>> jobs_;
  using KeyName = std::tuple<std::string, std::string, std::string>;  // scope, function, key
  std::map<KeyName, JobId> keyed_;
  std::deque<JobSummary> history_;
  std::uint64_t jobs_opened_ = 0;
  std::uint64_t leased_tasks_ = 0;
  std::uint64_t delayed_tasks_ = 0;
  std::uint64_t orphaned_tasks_ = 0;
  std::uint64_t stored_tasks_ = 0;
  std::uint64_t memory_used_ = 0;  // arguments and outcomes
  std::uint64_t overhead_ = 0;     // of jobs beside these
  TimePoint no_expiry_before_{};   // after a stall of our own
  bool stop_asked_ = false;
  bool disk_nearly_full_ = false;
  bool disk_full_told_ = false;
  std::uint64_t backlog_ = 0;
  std::set<JobId> awaited_;                 // workers of before the start that are not back
  std::optional<record::Stopped> stopped_;  // how the broker before this one ended, while it is restored
  BrokerCounters counters_;

  std::uint64_t kept_bytes_ = 0;     // outcomes of detached jobs
  std::set<JobId> held_in_memory_;   // detached jobs that wait because these are too many for memory
  std::set<std::uint64_t> starved_;  // sessions that got little credit: told when there is room again

  std::set<std::pair<double, std::uint64_t>> overloaded_;  // workers that hold too much: (surplus, number)

  struct ShareOfRound {
    std::uint64_t tasks = 0;
    std::uint64_t slots = 0;
  };
  std::map<std::uint64_t, ShareOfRound> shares_of_round_;  // by class

  std::map<std::uint64_t, ReadyClass*> pages_wanted_;  // classes that have some, by number
  std::map<PayloadName, std::uint64_t> loading_;       // what is being read, and its size
  std::uint64_t loading_bytes_ = 0;

  std::vector<PendingQuestion> pending_questions_;
  std::optional<PendingBackup> pending_backup_;

  ArrivedFrame frame_;  // that is handled now; else none
  // What this turn still has to do.
  std::set<std::pair<std::uint64_t, JobId>> accepts_due_;  // (session, job)
  std::set<std::uint64_t> stored_due_;                     // sessions
  std::set<std::uint64_t> hungry_;                         // workers that may have room
  std::set<JobId> deliveries_due_;
  std::set<JobId> completions_due_;
  std::set<JobId> cancels_due_;                       // jobs with too many failed tasks
  std::map<std::uint64_t, ReadyClass*> fresh_;        // classes that got ready tasks, by number
  std::map<std::uint64_t, ReadyClass*> fresh_wards_;  // and that got suspects
};

}  // namespace zonda
