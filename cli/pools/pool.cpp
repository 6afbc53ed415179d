#include "cli/pools/pool.h"

#include <algorithm>
#include <set>

#include "command_line/complaint.h"
#include "command_line/duration.h"

namespace zonda::cli {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::size_t kStartsAtOnce = 16;
constexpr auto kBackWithin = 30s;  // workers, when the broker is a new one: their longest wait is 10 s
constexpr auto kFirstPause = 5s;   // after a start that failed; it doubles
constexpr auto kLongestPause = 5min;

double utc_now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

double seconds(std::chrono::milliseconds duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

Pool::Pool(PoolConfig config, const WorkersGet& get, Outside outside)
    : config_(std::move(config)),
      launcher_(make_launcher(config_, get)),
      outside_(std::move(outside)),
      file_(get.state + "/" + config_.name + ".json"),
      state_(read_pool_state(file_, config_.size)),
      kept_(state_),
      scaler_(config_.cooldown) {}

Pool::~Pool() = default;

Json Pool::report() const {
  Json functions = Json::array(), decisions = Json::array();
  for (const auto& [name, signature] : state_.functions) functions.push_back({name, signature});
  for (const LoggedDecision& each : state_.log) {
    if (each.number > told_)
      decisions.push_back({{"number", each.number}, {"at", each.at}, {"text", each.text}});
  }
  return {{"pool", config_.name},
          {"launcher", config_.launcher},
          {"slots", config_.slots},
          {"queues", config_.queues},
          {"labels", config_.labels},
          {"resources", config_.resources},
          {"functions", functions},
          {"min", state_.size.min},
          {"max", state_.size.max},
          {"target_wait_ms", state_.size.target_wait.count()},
          {"order", state_.order},
          {"wanted", wanted_},
          {"pending", state_.pending.size()},
          {"note", note_},
          {"decisions", decisions}};
}

bool Pool::hear(const Json& answer, std::map<std::uint64_t, double>& taken) {
  told_ = answer.at("decisions");
  take_order(answer);
  collect_starts();
  go_on_starting();
  note_workers(answer);
  const PoolView view = view_of(answer, taken);
  const ScaleDecision decision = scaler_.decide(state_.size, view, steady_clock::now());
  if (note_.empty() || steady_clock::now() >= not_before_) note_ = scaler_.note();
  carry_out(decision, view);
  keep();
  return !state_.log.empty() && state_.log.back().number > told_;
}

void Pool::take_order(const Json& answer) {
  const std::uint64_t order = answer.at("order");
  if (order <= state_.order) return;
  state_.order = order;
  state_.size = {answer.at("min"), answer.at("max"),
                 std::chrono::milliseconds(answer.at("target_wait_ms").get<std::int64_t>())};
  failures_ = 0;
  not_before_ = {};
  decided("ordered: " + std::to_string(state_.size.min) + " to " + std::to_string(state_.size.max) +
          " workers, target wait " + format_duration(state_.size.target_wait));
  keep();  // before it is told
}

// What it was with an earlier broker is expected back; and what was started is no longer awaited once it is
// here, or has had its time.
void Pool::note_workers(const Json& answer) {
  std::set<std::string> here;
  for (const Json& worker : answer.at("workers")) here.insert(worker.at("worker").get<std::string>());
  const std::uint64_t epoch = answer.at("epoch");
  if (epoch != state_.epoch) {
    for (const std::string& worker : state_.workers) {
      if (!here.contains(worker))
        state_.pending.try_emplace(worker, utc_now() - seconds(config_.start_timeout) + seconds(kBackWithin));
    }
    state_.epoch = epoch;
  }
  state_.workers = here;
  for (const Json& each : answer.at("functions")) state_.functions.emplace(each.at(0), each.at(1));
  for (auto at = state_.pending.begin(); at != state_.pending.end();) {
    const auto& [name, since] = *at;
    const bool is_under_way =
        starts_.contains(name) || std::count(to_start_.begin(), to_start_.end(), name) > 0;
    const bool is_late = !is_under_way && utc_now() - since > seconds(config_.start_timeout);
    if (here.contains(name)) {
      failures_ = 0;
    } else if (is_late) {
      decided("given up: " + name + " did not come within " + format_duration(config_.start_timeout));
    } else {
      ++at;
      continue;
    }
    at = state_.pending.erase(at);
  }
}

// Each failure makes the next start wait longer: what cannot be had is not asked for again and again.
void Pool::collect_starts() {
  for (auto at = starts_.begin(); at != starts_.end();) {
    auto& [name, start] = *at;
    if (start.wait_for(0s) != std::future_status::ready) {
      ++at;
      continue;
    }
    if (const std::string wrong = start.get(); !wrong.empty()) {
      state_.pending.erase(name);
      const auto pause = std::min<steady_clock::duration>(
          kFirstPause * (1u << std::min<std::uint64_t>(failures_++, 10)), kLongestPause);
      not_before_ = steady_clock::now() + pause;
      note_ = "not started: " + wrong;
      decided("failed: " + name + ": " + wrong + "; next try in " +
              format_duration(std::chrono::duration_cast<std::chrono::milliseconds>(pause)));
    }
    at = starts_.erase(at);
  }
}

PoolView Pool::view_of(const Json& answer, std::map<std::uint64_t, double>& taken) const {
  PoolView view;
  for (const Json& each : answer.at("workers"))
    view.workers.push_back({each.at("worker"), each.at("load"), each.at("held"), each.at("leaving")});
  view.pending = state_.pending.size();
  for (const Json& each : answer.at("demand")) {
    PoolDemand demand{each.at("class"),        each.at("function"), each.at("queued"),
                      each.at("task_seconds"), each.at("at_once"),  each.at("other_slots")};
    double& seen_to = taken[demand.task_class];
    demand.queued = std::max(0.0, demand.queued - seen_to);
    // As many as fit into its largest size within the target wait; the rest is for other pools.
    const double share = std::clamp(demand.task_seconds / seconds(state_.size.target_wait), 1e-9, 1.0);
    seen_to += std::min(demand.queued, static_cast<double>(state_.size.max * demand.at_once) / share);
    if (demand.queued > 0) view.demand.push_back(std::move(demand));
  }
  return view;
}

void Pool::carry_out(const ScaleDecision& decision, const PoolView& view) {
  const auto staying = static_cast<std::uint64_t>(std::count_if(
      view.workers.begin(), view.workers.end(), [](const PoolWorker& worker) { return !worker.leaving; }));
  const std::uint64_t before = wanted_;
  wanted_ = staying + view.pending + decision.start - decision.cancel - decision.drain.size();
  if (!decision.changes()) return;
  if (!launcher_) {  // it is told what is wanted, and does it itself
    if (wanted_ != before) decided(decision.why);
    return;
  }
  if (decision.start > 0 && steady_clock::now() < not_before_) return;
  const std::vector<std::string> names = free_names(decision.start, view);
  if (names.size() < decision.start) {
    note_ = "there is no place for more workers";
    if (!std::exchange(full_, true)) decided("full: " + note_);
    if (names.empty()) return;
  } else {
    full_ = false;
  }
  decided(decision.why);
  for (const std::string& worker : decision.drain) outside_.drain(worker);
  cancel(decision.cancel);
  for (const std::string& name : names) {
    state_.pending[name] = utc_now();
    to_start_.push_back(name);
  }
  go_on_starting();
}

std::vector<std::string> Pool::free_names(std::uint64_t count, const PoolView& view) const {
  std::set<std::string> taken;
  for (const PoolWorker& worker : view.workers) taken.insert(worker.name);
  for (const auto& [name, since] : state_.pending) taken.insert(name);
  for (const auto& [name, start] : starts_) taken.insert(name);
  std::vector<std::string> names;
  while (names.size() < count) {
    const std::string name = launcher_->free_name(taken);
    if (name.empty()) break;
    names.push_back(*taken.insert(name).first);
  }
  return names;
}

void Pool::cancel(std::uint64_t count) {
  for (; count > 0 && !state_.pending.empty(); --count) {
    const std::string name = std::prev(state_.pending.end())->first;
    state_.pending.erase(name);
    if (std::erase(to_start_, name) > 0) continue;
    try {
      launcher_->cancel(name);
    } catch (const Complaint& complaint) {
      outside_.say(config_.name + ": cannot take back " + name + ": " + complaint.what());
    }
  }
}

void Pool::go_on_starting() {
  while (starts_.size() < kStartsAtOnce && !to_start_.empty()) {
    const std::string name = to_start_.front();
    to_start_.pop_front();
    starts_[name] = std::async(std::launch::async, [launcher = launcher_.get(), name]() -> std::string {
      try {
        launcher->start(name);
        return {};
      } catch (const std::exception& error) {
        return error.what();
      }
    });
  }
}

void Pool::decided(const std::string& text) {
  state_.note(text, utc_now());
  outside_.say("scaled pool=" + config_.name + " " + text);
}

void Pool::keep() {
  if (state_ == kept_) return;
  write_pool_state(file_, state_);
  kept_ = state_;
}

}  // namespace zonda::cli
