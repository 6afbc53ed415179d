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
constexpr auto kAskEach = 15s;  // whether what was started may still come

std::string some_of(const std::vector<std::string>& names) {
  return names.front() + (names.size() > 1 ? ", and " + std::to_string(names.size() - 1) + " more," : "");
}

double seconds(std::chrono::milliseconds duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

double utc_now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

Pool::Pool(PoolConfig config, std::unique_ptr<Launcher> launcher, std::string file, Outside outside)
    : config_(std::move(config)),
      launcher_(std::move(launcher)),
      outside_(std::move(outside)),
      file_(std::move(file)),
      state_(read_pool_state(file_, config_.size)),
      kept_(state_),
      scaler_(config_.cooldown, state_.wanted, outside_.now()) {
  if (state_.section != config_.section) state_.functions.clear();
}

// What starts now may be here when the next manager looks; what failed is tried again by it.
Pool::~Pool() {
  for (auto& [name, start] : starts_) {
    if (!start.get().empty()) state_.pending.erase(name);
  }
  try {
    keep();
  } catch (const Complaint& complaint) {
    outside_.say(complaint.what());
  }
}

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
          {"wanted", state_.wanted},
          {"pending", state_.pending.size() + to_start_.size()},
          {"note", note_},
          {"decisions", decisions}};
}

bool Pool::hear(const Json& answer, std::map<std::uint64_t, double>& left) {
  told_ = answer.at("decisions");
  take_order(answer);
  note_workers(answer);
  collect_starts();
  note_settings();
  const PoolView view = view_of(answer, left);
  const ScaleDecision decision = scaler_.decide(state_.size, view, outside_.now());
  if (may_start()) note_ = scaler_.note();
  leave_rest(view, decision, left);
  carry_out(decision, view);
  keep();
  go_on_starting();
  const bool is_first = !std::exchange(has_heard_, true);
  return is_first || (!state_.log.empty() && state_.log.back().number > told_);
}

bool Pool::may_start() const { return outside_.now() >= not_before_; }

void Pool::take_order(const Json& answer) {
  const std::uint64_t order = answer.at("order");
  const std::int64_t target_wait_ms = answer.at("target_wait_ms");
  if (order <= state_.order || target_wait_ms <= 0) return;
  state_.order = order;
  state_.size = {answer.at("min"), answer.at("max"), std::chrono::milliseconds(target_wait_ms)};
  failures_ = 0;
  not_before_ = {};
  decided("ordered: " + std::to_string(state_.size.min) + " to " + std::to_string(state_.size.max) +
          " workers, target wait " + format_duration(state_.size.target_wait));
  keep();  // before it is told
}

// What it was with an earlier broker is expected back; and what was started is no longer awaited once it is
// here, or has had its time, or nobody knows of it any more.
void Pool::note_workers(const Json& answer) {
  std::set<std::string> here;
  for (const Json& worker : answer.at("workers")) {
    if (std::string name = worker.at("worker"); is_own(name)) here.insert(std::move(name));
  }
  const std::uint64_t epoch = answer.at("epoch");
  if (epoch != state_.epoch) {
    for (const std::string& worker : state_.workers) {
      if (!here.contains(worker) && state_.pending.try_emplace(worker, outside_.utc()).second)
        state_.returning.insert(worker);
    }
    state_.epoch = epoch;
  }
  state_.workers = here;
  if (!here.empty()) {  // what they serve now is what counts
    state_.functions.clear();
    for (const Json& each : answer.at("functions")) state_.functions.emplace(each.at(0), each.at(1));
  }
  for (const std::string& name : here) {
    failed_.erase(name);
    state_.returning.erase(name);
    if (state_.pending.erase(name) > 0) failures_ = 0;
  }
  if (std::vector<std::string> late = overdue(); !late.empty())
    give_up(std::move(late), "did not come within " + format_duration(config_.start_timeout));
  ask_who_is_awaited();
}

// Who does not come back is no failure of a start: nothing has to wait for that.
std::vector<std::string> Pool::overdue() {
  std::vector<std::string> late, not_back;
  for (const auto& [name, since] : state_.pending) {
    const double waited = outside_.utc() - since;
    if (state_.returning.contains(name)) {
      if (waited > seconds(kBackWithin)) not_back.push_back(name);
    } else if (!starts_.contains(name) && waited > seconds(config_.start_timeout)) {
      late.push_back(name);
    }
  }
  if (not_back.empty()) return late;
  decided("given up: " + some_of(not_back) + " did not come back within " + format_duration(kBackWithin));
  for (const std::string& name : not_back) {
    state_.returning.erase(name);
    state_.pending.erase(name);
  }
  cancel(std::move(not_back));
  return late;
}

void Pool::give_up(std::vector<std::string> names, const std::string& why) {
  for (const std::string& name : names) {
    state_.pending.erase(name);
    failed_[name] = outside_.now();
  }
  note_ = some_of(names) + " " + why;
  pause_starts("given up: " + note_);
  cancel(std::move(names));
}

// What was started before the question, and was not known when it was answered, ended before it got here.
void Pool::ask_who_is_awaited() {
  if (awaited_ && awaited_->names.wait_for(0s) == std::future_status::ready) {
    const std::optional<std::set<std::string>> known = awaited_->names.get();
    std::vector<std::string> gone;
    for (const auto& [name, since] : awaited_->of) {
      const auto pending = state_.pending.find(name);
      const bool is_same = pending != state_.pending.end() && pending->second == since;
      if (known && is_same && !known->contains(name)) gone.push_back(name);
    }
    awaited_.reset();
    if (!gone.empty()) give_up(std::move(gone), "ended before it was here");
  }
  if (awaited_ || !launcher_ || outside_.now() < ask_at_) return;
  std::map<std::string, double> of = state_.pending;
  std::erase_if(of, [&](const auto& each) {
    return starts_.contains(each.first) || state_.returning.contains(each.first);
  });
  if (of.empty()) return;
  ask_at_ = outside_.now() + kAskEach;
  awaited_ = {std::move(of), std::async(std::launch::async, [launcher = launcher_.get()]() {
                try {
                  return launcher->awaited();
                } catch (const std::exception&) {
                  return std::optional<std::set<std::string>>();
                }
              })};
}

// Workers that run, or are about to, have what they were started with.
void Pool::note_settings() {
  if (state_.section == config_.section) return;
  const std::size_t before = state_.workers.size() + state_.pending.size();
  if (launcher_ && state_.section && before > 0)
    decided("the file changed, but not for workers that were started before (" + std::to_string(before) +
            "): who is drained is replaced");
  state_.section = config_.section;
}

// What cannot be had is not asked for again and again: each turn that brings failures makes the next start
// wait longer, and what has not begun is not begun.
void Pool::collect_starts() {
  std::erase_if(cancels_,
                [](const Cancel& each) { return each.done.wait_for(0s) == std::future_status::ready; });
  std::vector<std::string> failed;
  std::string wrong;
  for (auto at = starts_.begin(); at != starts_.end();) {
    auto& [name, start] = *at;
    if (start.wait_for(0s) != std::future_status::ready) {
      ++at;
      continue;
    }
    if (std::string why = start.get(); !why.empty() && !state_.workers.contains(name)) {
      state_.pending.erase(name);
      failed_[name] = outside_.now();
      if (failed.empty()) wrong = name + ": " + why;
      failed.push_back(name);
    }
    at = starts_.erase(at);
  }
  if (failed.empty()) return;
  if (failed.size() > 1) wrong += ", and " + std::to_string(failed.size() - 1) + " more";
  pause_starts("failed: " + wrong);
  note_ = "not started: " + wrong;
  cancel(std::move(failed));  // it may have got half way
}

void Pool::pause_starts(const std::string& wrong) {
  to_start_.clear();
  const auto pause = std::min<steady_clock::duration>(
      kFirstPause * (1u << std::min<std::uint64_t>(failures_++, 10)), kLongestPause);
  not_before_ = outside_.now() + pause;
  decided(wrong + "; next try in " +
          format_duration(std::chrono::duration_cast<std::chrono::milliseconds>(pause)));
}

PoolView Pool::view_of(const Json& answer, const std::map<std::uint64_t, double>& left) const {
  PoolView view;
  for (const Json& each : answer.at("workers"))
    view.workers.push_back({each.at("worker"), each.at("load"), each.at("held"), each.at("leaving")});
  view.pending = state_.pending.size() + to_start_.size();
  for (const Json& each : answer.at("demand")) {
    PoolDemand demand{each.at("class"),        each.at("queued"),          each.at("running"),
                      each.at("task_seconds"), each.at("stalled_seconds"), each.at("at_once"),
                      each.at("other_slots")};
    if (const auto share = left.find(demand.task_class); share != left.end()) demand.queued *= share->second;
    if (demand.queued >= 0.5) view.demand.push_back(std::move(demand));
  }
  return view;
}

// One that cannot start any has no more than it has.
void Pool::leave_rest(const PoolView& view, const ScaleDecision& decision,
                      std::map<std::uint64_t, double>& left) const {
  const bool is_open = !launcher_ || (may_start() && !full_);
  const auto limit = static_cast<double>(is_open ? state_.size.max : view.workers.size());
  const double rest = decision.need > limit ? 1 - limit / decision.need : 0;
  for (const PoolDemand& demand : view.demand) left.try_emplace(demand.task_class, 1).first->second *= rest;
}

void Pool::carry_out(const ScaleDecision& decision, const PoolView& view) {
  if (!launcher_) {  // it is told what is wanted, and somebody else does it
    const std::uint64_t before = std::exchange(state_.wanted, scaler_.wanted());
    if (state_.wanted == before) return;
    const std::string why = decision.start > 0 ? " (" + decision.why + ")" : "";
    return decided("wanted: " + std::to_string(state_.wanted) + ", before " + std::to_string(before) + why);
  }
  const auto staying = static_cast<std::uint64_t>(std::count_if(
      view.workers.begin(), view.workers.end(), [](const PoolWorker& worker) { return !worker.leaving; }));
  state_.wanted = staying + view.pending + decision.start - decision.cancel - decision.drain.size();
  if (!decision.changes() || (decision.start > 0 && !may_start())) return;
  const std::vector<std::string> names = free_names(decision.start, view);
  if (names.size() < decision.start) {
    if (cancels_.empty()) {  // else there may be, once that is done
      note_ = "there is no place for more workers";
      if (!std::exchange(full_, true)) decided("full: " + note_);
    }
    if (names.empty()) return;
  } else {
    full_ = false;
  }
  decided(decision.why);
  for (const std::string& worker : decision.drain) outside_.drain(worker);
  take_back(decision.cancel);
  to_start_.insert(names.begin(), names.end());
}

std::vector<std::string> Pool::free_names(std::uint64_t count, const PoolView& view) const {
  std::set<std::string> taken = to_start_;
  for (const PoolWorker& worker : view.workers) taken.insert(worker.name);
  for (const auto& [name, since] : state_.pending) taken.insert(name);
  for (const auto& [name, start] : starts_) taken.insert(name);
  for (const Cancel& cancel : cancels_) taken.insert(cancel.names.begin(), cancel.names.end());
  if (count == 0) return {};
  std::set<std::string> rather_not = taken;
  for (const auto& [name, when] : failed_) {
    if (outside_.now() - when < kLongestPause) rather_not.insert(name);
  }
  std::vector<std::string> names = launcher_->free_names(count, rather_not);
  if (names.size() == count) return names;
  taken.insert(names.begin(), names.end());
  for (std::string& name : launcher_->free_names(count - names.size(), taken))
    names.push_back(std::move(name));
  return names;
}

// Of those that are not here yet.
void Pool::take_back(std::uint64_t count) {
  for (; count > 0 && !to_start_.empty(); --count) to_start_.erase(std::prev(to_start_.end()));
  std::vector<std::string> names;
  for (; count > 0 && !state_.pending.empty(); --count) {
    names.push_back(std::prev(state_.pending.end())->first);
    state_.pending.erase(names.back());
  }
  if (!names.empty()) cancel(std::move(names));
}

// What cannot be taken back is drained once it comes.
void Pool::cancel(std::vector<std::string> names) {
  if (!launcher_) return;
  std::future<void> done = std::async(std::launch::async, [launcher = launcher_.get(), names] {
    for (const std::string& name : names) {
      try {
        launcher->cancel(name);
      } catch (const std::exception&) {
      }
    }
  });
  cancels_.push_back({std::move(names), std::move(done)});
}

// What is written down as started is started after that: see keep().
void Pool::go_on_starting() {
  std::vector<std::string> names;
  while (starts_.size() + names.size() < kStartsAtOnce && !to_start_.empty()) {
    names.push_back(*to_start_.begin());
    to_start_.erase(to_start_.begin());
    state_.pending[names.back()] = outside_.utc();
    state_.returning.erase(names.back());
  }
  keep();
  for (const std::string& name : names) {
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
  state_.note(text, outside_.utc(), told_);
  outside_.say("scaled pool=" + config_.name + " " + text);
}

void Pool::keep() {
  if (state_ == kept_) return;
  write_pool_state(file_, state_);
  kept_ = state_;
}

}  // namespace zonda::cli
