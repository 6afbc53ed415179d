// Questions and orders about pools: managers tell of them and are told what waits, people look and scale.
#include <zonda/detail/reader.h>

#include <algorithm>

#include "broker/core/amounts.h"
#include "broker/core/question.h"
#include "proto/names.h"

namespace zonda {
namespace {

using detail::DecodeError;
using detail::Reader;

constexpr std::uint32_t kReportsMax = 64;
constexpr std::size_t kManagerBytesMax = 1'024;
constexpr std::uint64_t kWorkersMax = 100'000;

template <class F>
void for_each_field(Reader& reader, F&& take) {
  for (std::uint32_t left = reader.map(); left > 0; --left) {
    const std::string_view key = reader.text();
    if (!take(key)) reader.skip();
  }
}

std::string text_of(Reader& reader) { return std::string(reader.text()); }

PoolDecision read_decision(Reader& reader) {
  PoolDecision decision;
  for_each_field(reader, [&](std::string_view key) {
    if (key == "number")
      decision.number = reader.integer<std::uint64_t>();
    else if (key == "at")
      decision.at = UtcTime(std::chrono::duration_cast<UtcTime::duration>(
          std::chrono::duration<double>(std::clamp(reader.number(), 0.0, 4e9))));
    else if (key == "text")
      decision.text = text_of(reader);
    else
      return false;
    return true;
  });
  return decision;
}

bool read_offer(Reader& reader, std::string_view key, KindKey& offers) {
  if (key == "functions") {
    for (std::uint32_t left = reader.array(); left > 0; --left) {
      if (reader.array() != 2) throw DecodeError("a function is a name and a signature");
      FunctionName function;
      function.name = text_of(reader);
      function.signature = text_of(reader);
      offers.functions.push_back(std::move(function));
    }
    std::sort(offers.functions.begin(), offers.functions.end());
  } else if (key == "queues") {
    for (std::uint32_t left = reader.array(); left > 0; --left) offers.queues.push_back(text_of(reader));
    std::sort(offers.queues.begin(), offers.queues.end());
  } else if (key == "labels") {
    for (std::uint32_t left = reader.map(); left > 0; --left) {
      std::string name = text_of(reader);
      offers.labels[std::move(name)] = text_of(reader);
    }
  } else if (key == "resources") {
    for (std::uint32_t left = reader.map(); left > 0; --left) {
      std::string name = text_of(reader);
      offers.resources[std::move(name)] = reader.number();
    }
  } else {
    return false;
  }
  return true;
}

bool read_number(Reader& reader, std::string_view key, PoolReport& report) {
  const std::pair<std::string_view, std::uint64_t*> numbers[] = {
      {"slots", &report.slots},     {"min", &report.size.min},
      {"max", &report.size.max},    {"target_wait_ms", &report.size.target_wait_ms},
      {"order", &report.order},     {"wanted", &report.wanted},
      {"pending", &report.pending},
  };
  for (const auto& [name, number] : numbers) {
    if (key != name) continue;
    *number = reader.integer<std::uint64_t>();
    return true;
  }
  return false;
}

PoolReport read_report(Reader& reader) {
  PoolReport report;
  for_each_field(reader, [&](std::string_view key) {
    if (key == "pool")
      report.name = text_of(reader);
    else if (key == "launcher")
      report.launcher = text_of(reader);
    else if (key == "note")
      report.note = text_of(reader);
    else if (key == "decisions")
      for (std::uint32_t left = reader.array(); left > 0; --left)
        report.decisions.push_back(read_decision(reader));
    else
      return read_number(reader, key, report) || read_offer(reader, key, report.offers);
    return true;
  });
  if (!is_name(report.name)) throw DecodeError("'" + report.name + "' is no name of a pool");
  if (!are_amounts(report.offers.resources)) throw DecodeError("a resource is no amount");
  if (report.offers.queues.empty()) report.offers.queues = {"default"};
  report.offers.labels[kPoolLabel] = report.name;
  report.slots = std::max<std::uint64_t>(report.slots, 1);
  return report;
}

struct ManagerReport {
  std::string manager;
  bool ends = false;
  std::vector<PoolReport> pools;
};

ManagerReport read_manager(std::string_view arguments) {
  ManagerReport report;
  Reader reader(arguments);
  for_each_field(reader, [&](std::string_view key) {
    if (key == "manager") {
      report.manager = text_of(reader);
    } else if (key == "ends") {
      report.ends = reader.boolean();
    } else if (key == "pools") {
      const std::uint32_t count = reader.array();
      if (count > kReportsMax) throw DecodeError("too many pools at once");
      for (std::uint32_t left = count; left > 0; --left) report.pools.push_back(read_report(reader));
    } else {
      return false;
    }
    return true;
  });
  if (report.manager.empty() || report.manager.size() > kManagerBytesMax)
    throw DecodeError("a manager has a name of 1 to " + std::to_string(kManagerBytesMax) + " bytes");
  return report;
}

// The share of a worker that is in use: of its slots, or of what it has least of.
double load_of(const WorkerRecord& worker) {
  const double slots = std::max(1.0, static_cast<double>(worker.hello.slots));
  double load = std::min(1.0, static_cast<double>(worker.outstanding) / slots);
  for (const auto& [name, amount] : worker.hello.resources) {
    const auto free = worker.resources_free.find(name);
    if (amount > 0 && free != worker.resources_free.end())
      load = std::max(load, 1.0 - std::max(0.0, free->second) / amount);
  }
  return load;
}

}  // namespace

void BrokerCore::Question::pools(const std::string& what) {
  if (what == "pool.report") return take_reports();
  if (what == "pool.scale") return scale();
  if (what == "pool.log") return pool_log();
  say_list(core_.snapshot(now_).pools, [](Answer& page, const PoolSummary& pool) {
    page.packer.pack_map(14);
    page.field("pool", pool.name).field("launcher", pool.launcher);
    page.field("min", pool.min).field("max", pool.max).field("target_seconds", pool.target_seconds);
    page.field("wanted", pool.wanted).field("workers", pool.workers).field("pending", pool.pending);
    page.field("draining", pool.draining).field("note", pool.note).field("order", pool.order);
    page.field("manager", std::string(pool.is_managed ? "connected" : "away"));
    page.field("managed_by", pool.manager).field("last_decision", pool.last_decision);
  });
}

void BrokerCore::Question::take_reports() {
  ManagerReport report = read_manager(query_.arguments);
  std::vector<std::string> names;
  for (const PoolReport& pool : report.pools) names.push_back(pool.name);
  const std::string obstacle = core_.pools_.take(report.manager, std::move(report.pools), now_.steady);
  if (!obstacle.empty()) return say(ReplyCode::Refused, obstacle);
  if (report.ends) core_.pools_.end(report.manager);
  say_list(names, [this](Answer& page, const std::string& name) {
    tell_manager(page, core_.pools_.find(name)->report);
  });
}

void BrokerCore::Question::tell_manager(Answer& page, const PoolReport& report) {
  const Pool& pool = *core_.pools_.find(report.name);
  std::vector<const WorkerRecord*> workers;
  for (const auto& [number, worker] : core_.roster_.all()) {
    const std::string* name = pool_of(*worker);
    if (name != nullptr && *name == report.name && workers.size() < kWorkersMax)
      workers.push_back(worker.get());
  }
  const std::vector<PoolDemand> demand = demand_of(report, core_.queue_, now_.steady);
  page.packer.pack_map(10);
  page.field("pool", report.name).field("epoch", core_.config_.epoch);
  page.field("order", pool.order).field("min", pool.ordered.min).field("max", pool.ordered.max);
  page.field("target_wait_ms", pool.ordered.target_wait_ms);
  page.field("decisions", pool.log.empty() ? std::uint64_t{0} : pool.log.back().number);
  page.packer.pack("workers").pack_array(static_cast<std::uint32_t>(workers.size()));
  for (const WorkerRecord* worker : workers) {
    page.packer.pack_map(4);
    page.field("worker", worker->hello.name).field("load", load_of(*worker));
    page.field("held", worker->outstanding);
    page.field("leaving", is_leaving(*worker));
  }
  std::set<FunctionName> functions;
  for (const WorkerRecord* worker : workers)
    functions.insert(worker->hello.functions.begin(), worker->hello.functions.end());
  page.packer.pack("functions").pack_array(static_cast<std::uint32_t>(functions.size()));
  for (const FunctionName& function : functions) {
    page.packer.pack_array(2);
    page.packer.pack(function.name);
    page.packer.pack(function.signature);
  }
  page.packer.pack("demand").pack_array(static_cast<std::uint32_t>(demand.size()));
  for (const PoolDemand& each : demand) {
    page.packer.pack_map(8);
    page.field("running", each.ready_class->leased_tasks).field("stalled_seconds", each.stalled_seconds);
    page.field("class", each.ready_class->number()).field("function", each.ready_class->key().function);
    page.field("queued", each.queued).field("task_seconds", each.ready_class->task_us / 1e6);
    page.field("at_once", each.at_once).field("other_slots", each.other_slots);
  }
}

// It counts once the manager has taken it: see `order` of pool.list.
void BrokerCore::Question::scale() {
  Pool* pool = core_.pools_.find(arguments_.pool);
  if (pool == nullptr) return say(ReplyCode::NotFound, "no pool is called " + arguments_.pool);
  if (!pool->is_managed(now_.steady))
    return say(ReplyCode::Refused,
               "the manager of pool " + arguments_.pool + ", " + pool->manager + ", " +
                   (pool->has_ended ? "has ended" : "was last " + pool->heard(now_.steady)));
  if (arguments_.size.max < arguments_.size.min || arguments_.size.max > kPoolWorkersMax)
    return say(ReplyCode::Usage, "at least " + std::to_string(arguments_.size.min) + ", at most " +
                                     std::to_string(arguments_.size.max) + ": a pool has up to " +
                                     std::to_string(kPoolWorkersMax) + " workers");
  if (arguments_.size.target_wait_ms == 0) return say(ReplyCode::Usage, "the target wait is nothing");
  pool->ordered = arguments_.size;
  Answer answer;
  answer.packer.pack_map(1);
  answer.field("order", ++pool->order);
  say(answer);
}

void BrokerCore::Question::pool_log() {
  std::vector<std::pair<const PoolDecision*, const std::string*>> found;
  for (const auto& [name, pool] : core_.pools_.all()) {
    if (!arguments_.pool.empty() && name != arguments_.pool) continue;
    for (const PoolDecision& decision : pool.log) found.emplace_back(&decision, &name);
  }
  if (!arguments_.pool.empty() && core_.pools_.find(arguments_.pool) == nullptr)
    return say(ReplyCode::NotFound, "no pool is called " + arguments_.pool);
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.first->at < b.first->at; });
  if (found.size() > arguments_.limit)
    found.erase(found.begin(), found.end() - static_cast<std::ptrdiff_t>(arguments_.limit));
  say_list(found, [](Answer& page, const auto& entry) {
    page.packer.pack_map(3);
    page.time("at", entry.first->at).field("pool", *entry.second).field("text", entry.first->text);
  });
}

}  // namespace zonda
