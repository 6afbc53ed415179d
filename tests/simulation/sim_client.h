// One client process: the real core on the simulated network, with a mind of its own about what to submit.
#pragma once

#include <map>
#include <memory>
#include <random>
#include <set>
#include <vector>

#include "sdk/cpp/core/client_core.h"
#include "tests/simulation/ledger.h"
#include "tests/simulation/network.h"
#include "tests/simulation/sim_clock.h"

namespace zonda::sim {

class SimClient : private ClientListener {
 public:
  SimClient(SimClock& clock, Network& network, std::mt19937_64& random, Ledger& ledger, std::uint32_t number);
  ~SimClient() override;  // as by kill -9
  SimClient(const SimClient&) = delete;

  void submit(const JobId& id, const JobSpec& spec, const std::vector<TaskPlan>& plans);
  void submit_something();
  void cancel_something();
  void ask_something();
  JobId some_job() const;        // of its own that is not over; or none
  void watch(const JobId& job);  // reads the log of somebody's job
  void goodbye();
  bool is_idle() const { return open_.empty() && watched_.empty() && questions_.empty(); }
  std::uint64_t peer() const { return peer_; }

 private:
  struct Mine {
    std::uint64_t count = 0;
    std::uint64_t received = 0;
    bool cancelled = false;
    bool keyed = false;
  };
  struct Watched {
    std::uint64_t received = 0;
    std::uint64_t count = ~0ULL;  // once it is known
  };

  void on_connected(const Welcome&) override {}
  void on_refused(const Refuse&) override {}
  void on_accepted(const JobId& job, std::uint64_t count, bool closed) override;
  void on_job_refused(const JobId& job, JobRefusedCode code, const std::string& text) override;
  void on_same_job(const JobId& job, const JobId& existing) override;
  void on_outcomes(const JobId& job, std::uint64_t position, const std::vector<OutcomeRange>& ranges,
                   ArrivedFrame&) override;
  void on_job_lost(const JobId&) override { throw Violation("the broker lost its memory"); }
  void on_progress(const JobProgress&) override {}
  void on_output(const JobOutput& output) override {
    if (random_() % 4 == 0) core_.grant_output({output.job, output.index, output.attempt, 8 << 20});
  }
  void on_reply(const Reply& reply) override;

  void acknowledge_later(const JobId& job, std::uint64_t position);
  JobSpec some_spec();
  TaskPlan some_plan(const JobSpec& spec);
  void turn(std::string_view frame);
  void wake_at(TimePoint when);

  SimClock& clock_;
  Network& network_;
  std::mt19937_64& random_;
  Ledger& ledger_;
  ClientCore core_;
  std::uint64_t peer_ = 0;
  std::map<JobId, Mine> open_;
  std::map<JobId, Watched> watched_;
  std::set<std::uint64_t> questions_;
  std::uint64_t last_question_ = 0;
  std::vector<std::pair<JobId, std::uint64_t>> acks_;
  std::size_t frames_max_ = 0;  // said in one turn
  TimePoint next_wake_ = TimePoint::max();
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace zonda::sim
