#include "tests/simulation/ledger.h"

#include <zonda/task_report.h>

#include <algorithm>

#include "proto/report.h"

namespace zonda::sim {
namespace {

// Three that blame nobody, one for each halving of what a worker holds, one for each of three attempts; and a
// few that a broker that was down did not see.
constexpr std::uint64_t kKillsMax = 20;
constexpr const char* kWorkerDied = "the worker died while only this task ran on it";

std::string name(const JobId& job, std::uint64_t index) { return to_string(TaskId{job, index}); }

std::uint8_t kind_at(std::string_view kinds, std::uint32_t at) {
  return kinds.empty() ? 0 : static_cast<std::uint8_t>(kinds[at]);
}

}  // namespace

void Ledger::submitted(const JobId& id, const std::vector<TaskPlan>& plans, const JobSpec& spec) {
  Job& job = jobs_[id];
  job.spec = spec;
  for (const TaskPlan& plan : plans) job.tasks.push_back({.plan = plan});
  tasks_ += plans.size();
}

void Ledger::accepted(const JobId& id, std::uint64_t count) {
  const auto at = jobs_.find(id);
  if (at == jobs_.end()) return;
  if (count > at->second.tasks.size())
    throw Violation("accepted more tasks than were submitted: " + to_string(id));
  at->second.accepted = std::max(at->second.accepted, count);
}

void Ledger::cancelled(const JobId& id) {
  if (const auto at = jobs_.find(id); at != jobs_.end()) at->second.cancelled = true;
}

void Ledger::abandoned(const JobId& id) {
  if (const auto at = jobs_.find(id); at != jobs_.end()) at->second.abandoned = true;
}

Ledger::Task& Ledger::task(const JobId& id, std::uint64_t index) {
  const auto at = jobs_.find(id);
  if (at == jobs_.end() || index >= at->second.tasks.size())
    throw Violation("a task nobody submitted: " + name(id, index));
  return at->second.tasks[index];
}

void Ledger::decided(const TaskRange& range) {
  if (is_set_back_) return;
  for (std::uint64_t index = range.first; index < range.first + range.arguments.count(); ++index) {
    if (task(range.job, index).recorded > 0)
      throw Violation("handed out after it was done: " + name(range.job, index));
  }
}

void Ledger::issued(const TaskRange& range) {
  if (is_set_back_) return;
  for (std::uint64_t index = range.first; index < range.first + range.arguments.count(); ++index) {
    Task& issued = task(range.job, index);
    if (range.token() <= issued.token) throw Violation("a token was issued twice: " + name(range.job, index));
    issued.token = range.token();
  }
}

void Ledger::recorded(const record::Finished& finished) {
  if (is_set_back_) return;
  Job& job = jobs_[finished.job];
  if (finished.position != job.log_end) throw Violation("the log has a gap: " + to_string(finished.job));
  job.log_end += finished.outcomes.count();
  for_each_value(finished.outcomes, [&](std::uint32_t at, std::string_view payload) {
    const std::uint64_t index = finished.first + at;
    Task& done = task(finished.job, index);
    if (++done.recorded > 1) throw Violation("recorded twice: " + name(finished.job, index));
    done.kind = kind_at(finished.kinds, at);
    if (done.kind == TaskReport::lost) throw Violation("given up as lost: " + name(finished.job, index));
    if (done.kind == TaskReport::crashed) {
      const TaskReport report = decode_report(payload).value_or(TaskReport{});
      done.with_worker = report.message.starts_with(kWorkerDied);
      check_blame({finished.job, index}, report.message, report.host);
      if (!done.with_worker && done.plan.nature != Nature::CrashFirst)
        throw Violation("crashed without a reason: " + name(finished.job, index));
    }
    killers_found_ += done.with_worker && done.plan.nature == Nature::KillsWorker ? 1 : 0;
    if (done.kind != 0) return;
    if (done.plan.nature == Nature::KillsWorker)
      throw Violation("ended, though nobody survives it: " + name(finished.job, index));
    const TaskEcho echo = TaskEcho::decode(payload);
    if (echo.secret != done.plan.secret)
      throw Violation("recorded another task's result: " + name(finished.job, index));
    if (echo.token != done.token)
      throw Violation("recorded under an old token: " + name(finished.job, index));
  });
}

void Ledger::killed(const std::string& host, const TaskId& by) {
  killers_[host] = by;
  kills_max_ = std::max(kills_max_, ++task(by.job, by.index).kills);
  if (kills_max_ > kKillsMax && !is_set_back_) throw Violation("not found: " + to_string(by));
}

void Ledger::disturbed(const std::string& host) { disturbed_.insert(host); }

// Who ran alone on a worker that we took down or cut off is charged, for nobody can know better. In all other
// cases only who did it.
void Ledger::check_blame(const TaskId& charged, const std::string& message, const std::string& host) const {
  if (!message.starts_with(kWorkerDied)) return;
  const auto killer = killers_.find(host);
  if (killer == killers_.end() && !disturbed_.contains(host))
    throw Violation("charged though nothing happened to its worker: " + to_string(charged));
  if (killer != killers_.end() && killer->second != charged)
    throw Violation("charged for what another did: " + to_string(charged) + " for " +
                    to_string(killer->second));
}

void Ledger::attempted(const record::Attempted& attempted) {
  if (is_set_back_) return;
  if (attempted.attempt.number > 0)
    check_blame({attempted.job, attempted.first}, attempted.attempt.message, attempted.attempt.host);
  if (!attempted.spent) return;
  for (std::uint64_t index = attempted.first; index < attempted.first + attempted.count; ++index) {
    Task& tried = task(attempted.job, index);
    if (attempted.token <= tried.spent)
      throw Violation("an attempt was counted twice: " + name(attempted.job, index));
    tried.spent = attempted.token;
  }
}

void Ledger::seen(const JobId& id, const OutcomeRange& range) {
  if (is_set_back_) return;
  for (std::uint32_t at = 0; at < range.outcomes.count(); ++at) {
    const Task& told = task(id, range.first + at);
    if (told.recorded == 0) throw Violation("shown before it was recorded: " + name(id, range.first + at));
    if (kind_at(range.kinds, at) != told.kind)
      throw Violation("shown as something else: " + name(id, range.first + at));
  }
}

void Ledger::delivered(const JobId& id, std::uint64_t, const OutcomeRange& range) {
  for_each_value(range.outcomes, [&](std::uint32_t at, std::string_view payload) {
    const std::uint64_t index = range.first + at;
    Task& told = task(id, index);
    const std::uint8_t kind = kind_at(range.kinds, at);
    if (++told.delivered > 1) throw Violation("delivered twice: " + name(id, index));
    ++outcomes_;
    if (kind == 0 && TaskEcho::decode(payload).secret != told.plan.secret)
      throw Violation("delivered another task's result: " + name(id, index));
    if (is_set_back_) return;
    if (told.recorded == 0) throw Violation("delivered before it was recorded: " + name(id, index));
    if (kind != told.kind) throw Violation("delivered as something else: " + name(id, index));
    const Job& job = jobs_.at(id);
    const bool may_cancel = job.cancelled || job.spec.fails_max > 0;
    if (kind == TaskReport::cancelled && !may_cancel)
      throw Violation("cancelled by nobody: " + name(id, index));
    if (kind == TaskReport::expired && job.spec.deadline_ms == 0)
      throw Violation("expired without a deadline: " + name(id, index));
    if (kind == TaskReport::failed && told.plan.nature == Nature::Value)
      throw Violation("failed without a reason: " + name(id, index));
    const bool first_only = told.plan.nature == Nature::FailFirst || told.plan.nature == Nature::CrashFirst;
    const bool by_itself = kind == TaskReport::failed || (kind == TaskReport::crashed && !told.with_worker);
    if (by_itself && first_only && job.spec.retries > 0)
      throw Violation("not tried again: " + name(id, index));
  });
}

std::string Ledger::missing() const {
  for (const auto& [id, job] : jobs_) {
    if (job.abandoned) continue;
    if (job.cancelled && is_set_back_) continue;  // it is over, whether or not the broker still knows it
    const bool may_end_early = job.cancelled || job.spec.fails_max > 0;  // before all its tasks were accepted
    for (std::uint64_t index = 0; index < job.tasks.size(); ++index) {
      const Task& each = job.tasks[index];
      if (each.delivered == 0 && (index < job.accepted || !may_end_early))
        return "no outcome for " + name(id, index) + " (recorded " + std::to_string(each.recorded) + ")";
    }
  }
  return {};
}

}  // namespace zonda::sim
