#include "tests/unit/broker/brief.h"

#include <zonda/task_report.h>

#include "proto/frame.h"

namespace zonda {
namespace {

std::string range(std::uint64_t first, std::uint64_t count) {
  return "[" + std::to_string(first) + "," + std::to_string(first + count) + ")";
}

// " failed" if all ended so, " done,failed" if not, nothing for values.
std::string kinds_of(std::string_view kinds) {
  if (kinds.empty()) return {};
  std::string all, last;
  bool same = true;
  for (const char kind : kinds) {
    const std::string word =
        kind == 0 ? "done" : to_string(static_cast<TaskReport::Kind>(static_cast<unsigned char>(kind)));
    same = same && (last.empty() || last == word);
    all += (all.empty() ? "" : ",") + word;
    last = word;
  }
  return " " + (same ? last : all);
}

const char* word_of(JobRefusedCode code) {
  static constexpr const char* kWords[] = {"?",     "not-found", "signature", "conflict",
                                           "limit", "not-yours", "invalid"};
  return kWords[static_cast<int>(code)];
}

const char* word_of(RefuseCode code) {
  static constexpr const char* kWords[] = {"?",          "version",   "name-taken", "not-authorised",
                                           "recovering", "malformed", "full",       "shutting-down"};
  return kWords[static_cast<int>(code)];
}

}  // namespace

std::string Brief::name(const JobId& job) {
  return names_.try_emplace(job, std::to_string(names_.size() + 1)).first->second;
}

std::string Brief::text(const Held& held) {
  return "job=" + name(held.job) + " " + range(held.first, held.count) +
         " lease=" + std::to_string(held.lease);
}

std::string Brief::text(const std::vector<Held>& list) {
  std::string all;
  for (const Held& held : list) all += (all.empty() ? " " : ", ") + text(held);
  return all;
}

std::string Brief::text(const Tasks& tasks) {
  std::string all;
  for (const TaskRange& each : tasks.ranges) {
    all += (all.empty() ? " job=" : ", job=") + name(each.job) + " " +
           range(each.first, each.arguments.count()) + " lease=" + std::to_string(each.lease);
    if (each.attempt > 1) all += " attempt=" + std::to_string(each.attempt);
    if (each.timeout_ms > 0) all += " timeout=" + std::to_string(each.timeout_ms) + "ms";
  }
  return "tasks" + all;
}

std::string Brief::text(const Outcomes& outcomes) {
  std::string all = "outcomes job=" + name(outcomes.job) + " at=" + std::to_string(outcomes.position);
  for (const OutcomeRange& each : outcomes.ranges)
    all += " " + range(each.first, each.outcomes.count()) + kinds_of(each.kinds);
  return all;
}

std::string Brief::text(const Accepted& accepted) {
  return "accepted job=" + name(accepted.job) + " count=" + std::to_string(accepted.count) +
         (accepted.closed ? " closed" : "");
}

std::string Brief::text(const JobRefused& refused) {
  return "job-refused job=" + name(refused.job) + " " + word_of(refused.code) + ": " + refused.text;
}

std::string Brief::text(const Message& message) {
  if (const auto* tasks = std::get_if<Tasks>(&message)) return text(*tasks);
  if (const auto* outcomes = std::get_if<Outcomes>(&message)) return text(*outcomes);
  if (const auto* accepted = std::get_if<Accepted>(&message)) return text(*accepted);
  if (const auto* refused = std::get_if<JobRefused>(&message)) return text(*refused);
  if (const auto* stop = std::get_if<Stop>(&message)) return "stop" + text(stop->tasks);
  if (const auto* retract = std::get_if<Retract>(&message)) return "retract" + text(retract->tasks);
  if (const auto* same = std::get_if<SameJob>(&message))
    return "same-job job=" + name(same->job) + " existing=" + name(same->existing);
  if (const auto* stored = std::get_if<Stored>(&message))
    return "stored upto=" + std::to_string(stored->upto) + (stored->resend ? " resend" : "");
  if (const auto* refuse = std::get_if<Refuse>(&message))
    return std::string("refuse ") + word_of(refuse->code) + ": " + refuse->text;
  if (const auto* progress = std::get_if<JobProgress>(&message))
    return "progress job=" + name(progress->job) + " index=" + std::to_string(progress->index) + " " +
           std::to_string(progress->done) + "/" + std::to_string(progress->total);
  if (const auto* output = std::get_if<JobOutput>(&message))
    return "output job=" + name(output->job) + " index=" + std::to_string(output->index) + " " +
           std::string(output->bytes);
  if (const auto* room = std::get_if<OutputRoom>(&message))
    return "output-room job=" + name(room->job) + " index=" + std::to_string(room->index) +
           " upto=" + std::to_string(room->upto);
  if (const auto* enrolled = std::get_if<Enrolled>(&message))
    return "enrolled key=" + enrolled->key + " role=" + enrolled->role;
  return std::visit([]<class T>(const T&) { return std::string(name_of(T::type)); }, message);
}

std::string Brief::operator()(const Message& message) { return text(message); }

std::string Brief::text(const record::Attempted& record) {
  std::string all = "attempted job=" + name(record.job) + " " + range(record.first, record.count) +
                    " lease=" + std::to_string(record.token.lease);
  if (record.spent) all += " spent";
  const auto count = [&](const char* word, std::uint32_t number) {
    if (number > 0) all += std::string(" ") + word + "=" + std::to_string(number);
  };
  count("errors", record.errors);
  count("crashes", record.crashes);
  count("lost", record.lost);
  count("deaths", record.deaths);
  count("group", record.group);
  return all;
}

std::string Brief::text(const record::Released& record) {
  std::string all = "released job=" + name(record.job) + " upto=" + std::to_string(record.position);
  for (const IndexRange& done : record.done) all += " " + range(done.lo, done.size());
  return all;
}

std::string Brief::text(const record::Stopped& record) {
  std::string all = "stopped";
  for (const record::Stopped::Lease& lease : record.leases)
    all += " job=" + name(lease.job) + " " + range(lease.first, lease.count) +
           " lease=" + std::to_string(lease.token.lease);
  return all;
}

std::string Brief::operator()(const Record& any) {
  return std::visit(
      [&]<class T>(const T& record) -> std::string {
        if constexpr (std::is_same_v<T, record::Opened>)
          return "opened job=" + name(record.job);
        else if constexpr (std::is_same_v<T, record::Appended>)
          return "appended job=" + name(record.job) + " " + range(record.first, record.count);
        else if constexpr (std::is_same_v<T, record::Closed>)
          return "closed job=" + name(record.job) + " count=" + std::to_string(record.count) +
                 (record.cancelled ? " cancelled" : "");
        else if constexpr (std::is_same_v<T, record::HandedOut>)
          return "handed-out job=" + name(record.job) + " upto=" + std::to_string(record.upto);
        else if constexpr (std::is_same_v<T, record::Fenced>)
          return "fenced job=" + name(record.job) + " " + range(record.first, record.count) +
                 " lease=" + std::to_string(record.token.lease);
        else if constexpr (std::is_same_v<T, record::Finished>)
          return "finished job=" + name(record.job) + " " + range(record.first, record.count) +
                 kinds_of(record.kinds);
        else if constexpr (std::is_same_v<T, record::Summarised>)
          return "summarised job=" + name(record.summary.id);
        else if constexpr (std::is_same_v<T, record::Forgotten>)
          return "forgotten job=" + name(record.job);
        else if constexpr (std::is_same_v<T, record::Joined>)
          return "joined worker=" + record.name;
        else if constexpr (std::is_same_v<T, record::Left>)
          return "left";
        else if constexpr (std::is_same_v<T, record::Started>)
          return "started";
        else
          return text(record);
      },
      any);
}

}  // namespace zonda
