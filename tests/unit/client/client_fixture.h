// A client core with a listener that notes what it hears, and a broker that says what the test tells it to.
#pragma once

#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "sdk/cpp/core/client_core.h"
#include "tests/unit/broker/brief.h"

namespace zonda {

class ClientFixture : private ClientListener {
 public:
  ClientFixture();

  // The broker answers the last HELLO, and grants so much. Another store: it lost its memory.
  void welcome(std::uint64_t credit_tasks = 1'000, std::uint64_t credit_bytes = 1'000'000,
               std::uint8_t store = 1);
  void loses_session();  // the broker asks who we are
  void broker_says(const Message& message, std::uint64_t credit_tasks = 0);
  void outcomes(const JobId& job, std::uint64_t position, std::uint64_t first, std::uint64_t count,
                std::uint64_t epoch = 0);
  void settle();

  JobId new_job(std::uint8_t number);
  static JobId id(std::uint8_t number);
  void append(const JobId& job, std::uint64_t tasks);

  // What it said, without heartbeats: "open-job 1 position=0 accepted=0", "append 1 [0,2)".
  std::vector<std::string> took_messages();
  std::vector<std::string> took_heard() { return std::exchange(heard_, {}); }
  // The broker has read all frames of this session so far, and says so with its next one.
  void broker_read_all() { read_ = last_seq_; }

  std::unique_ptr<ClientCore> core;
  std::size_t frames_max = std::numeric_limits<std::size_t>::max();  // said in one turn

 private:
  void on_connected(const Welcome&) override {}
  void on_refused(const Refuse& refuse) override { heard_.push_back("refused: " + refuse.text); }
  void on_accepted(const JobId& job, std::uint64_t count, bool closed) override;
  void on_job_refused(const JobId& job, JobRefusedCode code, const std::string& text) override;
  void on_same_job(const JobId& job, const JobId& existing) override;
  void on_outcomes(const JobId& job, std::uint64_t position, const std::vector<OutcomeRange>& ranges,
                   ArrivedFrame&) override;
  void on_job_lost(const JobId& job) override { heard_.push_back("lost " + name(job)); }
  void on_progress(const JobProgress&) override { heard_.push_back("progress"); }
  void on_output(const JobOutput&) override { heard_.push_back("output"); }
  void on_reply(const Reply& reply) override { heard_.push_back("reply " + std::to_string(reply.id)); }

  void hear(PeerEffects& effects);
  std::string said(const Message& message);
  static std::string name(const JobId& job) { return std::to_string(job.bytes[15]); }

  TimePoint time_{std::chrono::hours(1)};
  std::uint64_t session_ = 0;
  std::uint64_t attempt_ = 0;
  std::uint64_t last_seq_ = 0;
  std::uint64_t read_ = 0;
  std::uint64_t credit_tasks_ = 0;
  std::uint64_t credit_bytes_ = 0;
  LaneSender out_;
  std::vector<std::string> said_;
  std::vector<std::string> heard_;
};

}  // namespace zonda
