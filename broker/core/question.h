// One query while it is answered: pages go out as they fill.
#pragma once

#include <string>

#include "broker/core/answers.h"
#include "broker/core/broker_core.h"

namespace zonda {

class BrokerCore::Question {
 public:
  // Throws detail::DecodeError if the arguments are no map.
  // `found`: payloads that it asked for when it was asked before; `inputs`: what it kept of earlier ones.
  using Found = std::map<PayloadName, Payload>;
  Question(BrokerCore& core, Session& session, const Query& query, const Now& now, Effects& effects,
           const Found& found = {}, std::map<std::uint64_t, std::string> inputs = {})
      : core_(core),
        session_(session),
        id_(query.id),
        now_(now),
        effects_(effects),
        found_(found),
        inputs_(std::move(inputs)),
        query_(query),
        arguments_(read_arguments(query.arguments)) {}

  void answer(const std::string& what) {
    if (!may_ask(session_.holder.role, what)) return refuse(what);
    if (what == "status") return status();
    if (what == "functions") return functions();
    if (what == "worker.list" || what == "worker.info") return workers();
    if (what == "worker.drain" || what == "worker.stop") return drain();
    if (what == "broker.stop") return stop();
    if (what == "broker.backup") return back_up();
    if (what == "job.list") return jobs();
    if (what.starts_with("pool.")) return pools(what);
    about_job(what);
  }

 private:
  void say(ReplyCode code, const std::string& text) {
    core_.say(session_, Reply{id_, code, text, true, {}}, effects_);
  }
  void say(const Answer& answer, bool last = true) {
    core_.say(session_, Reply{id_, ReplyCode::Ok, {}, last, answer.out.bytes()}, effects_);
  }
  // A list of maps, in pages. `pack` packs one entry.
  template <class Entries, class Pack>
  void say_list(const Entries& entries, Pack&& pack) {
    for (std::size_t from = 0;; from += kPage) {
      const std::size_t count = std::min<std::size_t>(kPage, entries.size() - from);
      Answer page;
      page.packer.pack_array(static_cast<std::uint32_t>(count));
      for (std::size_t at = from; at < from + count; ++at) pack(page, entries[at]);
      const bool last = from + count >= entries.size();
      say(page, last);
      if (last) return;
    }
  }

  static constexpr std::uint32_t kPage = 500;  // entries

  // The arguments of a query, by name. Unknown ones are skipped: they come from newer tools.
  struct Arguments {
    std::string job, worker, state, to, pool;
    std::uint64_t index = 0, limit = 10'000;
    bool has_index = false;
    PoolSize size;
  };
  static Arguments read_arguments(std::string_view bytes);

  void refuse(const std::string& what);
  void status();
  void functions();
  void workers();
  void drain();
  void stop();
  void back_up();
  void jobs();
  void pools(const std::string& what);
  void take_reports();
  void tell_manager(Answer& page, const PoolReport& report);
  void scale();
  void pool_log();
  void about_job(const std::string& what);
  void about_past_job(const JobId& id, const std::string& what);
  // Cancelling what is over is no mistake, and changes nothing: the answer tells how it ended.
  template <class AnyJob>
  void say_was_over(const AnyJob& job) {
    Answer answer;
    answer.packer.pack_map(1);
    answer.field("was_over", std::string(state_name(job.state, true, job.counts)));
    say(answer);
  }
  void retry(Job& job);
  void say_retried(const Job& again);
  JobId id_of_retry(const Job& job) const;
  std::map<PayloadName, std::uint64_t> keep_inputs(Job& job, const std::vector<std::uint64_t>& tasks);
  Job& open_again(Job& job, const std::vector<std::uint64_t>& tasks);
  // The question is asked again when these are read.
  void wait_for(const std::map<PayloadName, std::uint64_t>& sizes);
  // What is in memory or was found; null if it has to be read.
  const Column* outcomes_of(const Job& job, const LogChunk& chunk) const;
  void tasks(const Job& job);
  void task(const Job& job, bool explain);
  void pack_task(Answer& answer, const Job& job, std::uint64_t index, const SegmentState& state);
  // `outcomes`: those of the chunk; null: the payload is not asked for.
  void pack_outcome(Answer& answer, const LogChunk& chunk, std::uint32_t at, const Column* outcomes);
  std::string what_is_missing(const Job& job) const;
  void explain_open(const Job& job, std::uint64_t index, const SegmentState& state);
  std::optional<TimePoint> due(const Job& job, std::uint64_t index, const SegmentState& state) const;
  std::string why(const Job& job, std::uint64_t index, const SegmentState& state) const;
  std::string why_delayed(const Job& job, std::uint64_t index, const SegmentState& state) const;
  std::string why_waiting(const Job& job, const SegmentState& state) const;

  BrokerCore& core_;
  Session& session_;
  std::uint64_t id_;
  const Now& now_;
  Effects& effects_;
  const Found& found_;
  std::map<std::uint64_t, std::string> inputs_;
  const Query& query_;
  Arguments arguments_;
};

}  // namespace zonda
