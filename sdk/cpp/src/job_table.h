// The jobs this client writes or reads, and the questions it asked: carries out orders on the core, and what
// the core hears goes to the jobs' sinks. Belongs to the I/O thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "sdk/cpp/core/client_core.h"
#include "sdk/cpp/src/orders.h"

namespace zonda {

class JobTable final : public ClientListener {
 public:
  // `on_refused` hears of sessions that were refused; `log` of what nobody waits for.
  struct Listener {
    std::function<void(const Welcome&)> on_connected;
    std::function<void(const Refuse&)> on_refused;
    std::function<void(std::string)> log;
  };
  explicit JobTable(Listener listener) : listener_(std::move(listener)) {}
  void set_core(ClientCore& core) { core_ = &core; }

  void carry_out(Order& order);
  // Acknowledges, and forgets what is over: after the core's calls of a turn. True if more is to be done once
  // the core has settled.
  void settle();
  bool resume();  // true if it gave the core something to settle

  // Ends all jobs and questions.
  void fail_all(const TaskReport& failure);
  bool is_idle() const { return jobs_.empty() && questions_.empty() && again_.empty(); }
  std::uint64_t detached_unaccepted() const;  // jobs

  void on_connected(const Welcome& welcome) override { listener_.on_connected(welcome); }
  void on_refused(const Refuse& refuse) override { listener_.on_refused(refuse); }
  void on_accepted(const JobId& job, std::uint64_t count, bool closed) override;
  void on_job_refused(const JobId& job, JobRefusedCode code, const std::string& text) override;
  void on_same_job(const JobId& job, const JobId& existing) override;
  void on_outcomes(const JobId& job, std::uint64_t position, const std::vector<OutcomeRange>& ranges,
                   ArrivedFrame& frame) override;
  void on_job_lost(const JobId& job) override;
  void on_progress(const JobProgress& progress) override;
  void on_output(const JobOutput& output) override;
  void on_reply(const Reply& reply) override;

 private:
  struct Entry {
    std::shared_ptr<JobSink> sink;  // null: nobody listens, or it was told the end
    bool own = false;
    bool detached = false;
    bool closed = false;  // by us
    bool cancelled = false;
    std::uint64_t appended = 0;
    std::uint64_t accepted = 0;
    std::optional<std::uint64_t> count;  // final, as the broker says
    std::uint64_t received = 0;          // position in the log
    std::uint64_t acknowledged = 0;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> cancels;  // of tasks the broker may not know yet

    bool has_all() const;
  };

  void carry(OpenOrder& order);
  void carry(AttachOrder& order);
  void carry(AppendOrder& order);
  void carry(CloseOrder& order);
  void carry(CancelOrder& order);
  void carry(CancelAnyOrder& order);
  void carry(LeaveOrder& order);
  void carry(OutputRoomOrder& order) { core_->grant_output(order.room); }
  void carry(AckOrder& order);
  void carry(AskOrder& order);
  void carry(UnaskOrder& order);
  void carry(ConnectOrder&) {}  // the loop's

  Entry* find(const JobId& job);
  void settle(const JobId& id, Entry& entry);
  void end(Entry& entry, const TaskReport* failure);
  void forget(const JobId& id);
  void read_later(const JobId& job, std::shared_ptr<JobSink> sink);

  ClientCore* core_ = nullptr;
  Listener listener_;
  std::map<JobId, Entry> jobs_;
  std::set<JobId> touched_;                                        // in this turn
  std::vector<std::pair<JobId, std::shared_ptr<JobSink>>> again_;  // to be read once the core forgot the job
  std::map<std::uint64_t, AskOrder::OnReply> questions_;
  std::uint64_t own_questions_ = 0;
};

}  // namespace zonda
