// The client without its socket, clock and threads. Jobs, batches and questions go in; frames come out, and
// what the broker says goes to a listener. Not thread-safe.
//
// What the broker has not accepted is kept and sent again in the next session; what it has accepted is
// remembered by it. Outcomes are handed on exactly once and in the order of the job's log.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "proto/arrived_frame.h"
#include "proto/peer_session.h"
#include "proto/slab.h"

namespace zonda {

// What a client is told. Views end with the call. Called from within ClientCore's functions: an
// implementation notes what it heard and does not call back.
class ClientListener {
 public:
  virtual ~ClientListener() = default;
  virtual void on_connected(const Welcome& welcome) = 0;
  virtual void on_refused(const Refuse& refuse) = 0;  // no session; it goes on trying if that can help
  virtual void on_accepted(const JobId& job, std::uint64_t count, bool closed) = 0;
  virtual void on_job_refused(const JobId& job, JobRefusedCode code, const std::string& text) = 0;
  virtual void on_same_job(const JobId& job, const JobId& existing) = 0;
  virtual void on_outcomes(const JobId& job, std::uint64_t position, const std::vector<OutcomeRange>& ranges,
                           ArrivedFrame& frame) = 0;
  virtual void on_job_lost(const JobId& job) = 0;  // accepted, and then the broker lost its memory
  virtual void on_progress(const JobProgress& progress) = 0;
  virtual void on_output(const JobOutput& output) = 0;
  virtual void on_reply(const Reply& reply) = 0;
};

class ClientCore {
 public:
  ClientCore(Hello hello, std::uint64_t seed, ClientListener& listener);

  // A job of our own. Its id is made by the caller before anything is sent.
  void open(const JobId& job, const JobSpec& spec);
  // The next tasks of the job. `arguments` points into `slab`.
  void append(const JobId& job, Slab slab, Column arguments);
  void close(const JobId& job);
  void cancel(const JobId& job, std::uint64_t first, std::uint64_t count);  // count 0: the whole job
  // Somebody's job: read its log from `position`.
  void attach(const JobId& job, std::uint64_t position);
  // Outcomes before `position` are safe with the listener.
  void acknowledge(const JobId& job, std::uint64_t position);
  // The job is of no interest any more. An own job should be over or cancelled.
  void drop(const JobId& job);
  void ask(std::uint64_t id, const std::string& what, std::string arguments);
  // Who watches a command is ready for more of its output. To be repeated: it may be lost.
  void grant_output(const OutputRoom& room) { output_rooms_.push_back(room); }
  void unask(std::uint64_t id);  // its answer is of no interest any more
  void goodbye(TimePoint now, PeerEffects& effects);
  // Whether the broker has read what others may feel after our end: a close, a cancel, a job given up. It
  // says so when it is asked.
  bool is_obeyed() const { return session_.header().ack >= last_order_; }
  void ask_whether_obeyed(TimePoint now, PeerEffects& effects);

  void handle(ArrivedFrame frame, TimePoint now, PeerEffects& effects);
  // Sends what may be sent, to about `frames_max` frames; to be called once per turn, after the calls above.
  void settle(TimePoint now, PeerEffects& effects,
              std::size_t frames_max = std::numeric_limits<std::size_t>::max());
  bool has_more() const;  // that could be sent now
  TimePoint next_deadline() const { return session_.next_deadline(); }

  bool is_connected() const { return session_.is_open(); }
  bool knows(const JobId& job) const { return jobs_.contains(job); }
  // For the next HELLO: the broker may have written another since the last one.
  std::uint64_t unaccepted_bytes() const { return unaccepted_bytes_; }
  std::uint64_t unaccepted_tasks() const { return unaccepted_tasks_; }

 private:
  struct Batch {
    std::uint64_t first = 0;
    Slab slab;
    Column arguments;
  };
  struct Job {
    bool own = false;
    bool introduced = false;  // in this session
    JobSpec spec;
    std::deque<Batch> batches;  // not accepted
    std::uint64_t count = 0;    // appended
    std::uint64_t accepted = 0;
    std::uint64_t sent = 0;  // in this session
    bool closed = false;
    bool close_sent = false;
    bool cancelled = false;  // as a whole
    std::vector<std::pair<std::uint64_t, std::uint64_t>> cancels;
    std::size_t cancels_sent = 0;
    std::uint64_t received = 0;  // position in the log
    std::uint64_t epoch = 0;     // of the outcome before it
    std::uint64_t acknowledged = 0;
    std::uint64_t ack_sent = 0;
    bool dropped = false;
    std::uint64_t left_at = 0;  // dropped: number of the frame with the last that was said of it

    // Before its tasks were sent, a broker would not know what is meant.
    bool can_cancel(std::uint64_t first, std::uint64_t tasks) const {
      return !own || sent >= (tasks == 0 ? count : std::min(count, first + tasks));
    }
  };
  struct Question {
    std::string what;
    std::string arguments;
  };

  void on_opened(TimePoint now, PeerEffects& effects);
  void on_message(Message& message, ArrivedFrame& frame, TimePoint now, PeerEffects& effects);
  void on(const Accepted& accepted);
  void on(const JobRefused& refused);
  void on(const SameJob& same);
  void on(const Outcomes& outcomes, ArrivedFrame& frame);
  void on(const Reply& reply);
  void leave(const JobId& id, Job& job, TimePoint now, PeerEffects& effects);
  void introduce(const JobId& id, Job& job, TimePoint now, PeerEffects& effects);
  bool has_credit() const { return used_tasks_ < credit_tasks_ && used_bytes_ < credit_bytes_; }
  void send_appends(TimePoint now, PeerEffects& effects, std::size_t frames_max);
  void send_rest(TimePoint now, PeerEffects& effects, std::size_t frames_max);
  void forget_leaving(std::uint64_t read);
  void forget_batches(Job& job);
  Job* find(const JobId& id);

  PeerSession session_;
  ClientListener& listener_;
  std::map<JobId, Job> jobs_;
  std::map<JobId, Job> leaving_;  // dropped, and not known to be read by the broker
  std::deque<JobId> left_;        // these in the order in which they left, and some that came back
  std::deque<JobId> unsent_;  // jobs with batches that were not sent in this session, in turn; some without
  std::set<JobId> dirty_;     // jobs with something else to say
  std::map<std::uint64_t, Question> questions_;
  std::set<std::uint64_t> questions_unsent_;
  std::vector<OutputRoom> output_rooms_;
  std::uint64_t last_order_ = 0;  // number of the last frame with one, in this session
  JobId store_;
  std::uint64_t used_tasks_ = 0;  // of the credit of this session
  std::uint64_t used_bytes_ = 0;
  std::uint64_t credit_tasks_ = 0;
  std::uint64_t credit_bytes_ = 0;
  std::uint64_t unaccepted_bytes_ = 0;
  std::uint64_t unaccepted_tasks_ = 0;
};

}  // namespace zonda
