#include "broker/core/roster.h"

#include <algorithm>

#include "proto/assert.h"

namespace zonda {

bool KindKey::offers(const ClassKey& wanted) const {
  const bool serves = std::any_of(functions.begin(), functions.end(), [&](const FunctionName& function) {
    return function.name == wanted.function &&
           (wanted.signature.empty() || function.signature == wanted.signature);
  });
  if (!serves || !std::binary_search(queues.begin(), queues.end(), wanted.queue)) return false;
  for (const auto& [name, amount] : wanted.resources) {
    const auto found = resources.find(name);
    if (found == resources.end() || found->second < amount) return false;
  }
  for (const auto& [name, value] : wanted.labels) {
    const auto found = labels.find(name);
    if (found == labels.end() || found->second != value) return false;
  }
  return true;
}

WorkerRecord* Roster::find(const JobId& peer) {
  const auto at = by_peer_.find(peer);
  return at == by_peer_.end() ? nullptr : find(at->second);
}

WorkerRecord* Roster::find(std::uint64_t number) {
  const auto at = workers_.find(number);
  return at == workers_.end() ? nullptr : at->second.get();
}

WorkerRecord* Roster::find_by_name(const std::string& name) {
  const auto at = by_name_.find(name);
  return at == by_name_.end() ? nullptr : find(at->second);
}

WorkerRecord& Roster::add(const Hello& hello, UtcTime now) {
  const std::uint64_t number = ++last_number_;
  WorkerRecord& worker = *(workers_[number] = std::make_unique<WorkerRecord>());
  worker.number = number;
  worker.hello = hello;
  worker.since = now;
  worker.resources_free = hello.resources;
  worker.kind = &kind_of(hello);
  worker.kind->slots += hello.slots;
  ++worker.kind->workers;
  slots_ += hello.slots;
  by_peer_[hello.peer] = number;
  by_name_[hello.name] = number;
  for (const FunctionName& function : hello.functions) ++served_[function.name][function.signature];
  return worker;
}

void Roster::remove(WorkerRecord& worker) {
  ZONDA_ASSERT(worker.leases.empty());
  set_busy(worker);
  for (const FunctionName& function : worker.hello.functions) {
    auto& signatures = served_[function.name];
    if (--signatures[function.signature] == 0) signatures.erase(function.signature);
    if (signatures.empty()) served_.erase(function.name);
  }
  WorkerKind& kind = *worker.kind;
  kind.slots -= worker.hello.slots;
  slots_ -= worker.hello.slots;
  if (--kind.workers == 0) {
    for (ReadyClass* ready_class : kind.classes) std::erase(ready_class->kinds, &kind);
    kinds_.erase(kinds_.find(kind.key));
  }
  by_peer_.erase(worker.hello.peer);
  if (const auto named = by_name_.find(worker.hello.name);
      named != by_name_.end() && named->second == worker.number)
    by_name_.erase(named);
  workers_.erase(worker.number);
}

WorkerKind& Roster::kind_of(const Hello& hello) {
  KindKey key{hello.functions, hello.queues, hello.resources, hello.labels};
  if (key.queues.empty()) key.queues = {"default"};
  std::sort(key.functions.begin(), key.functions.end());
  std::sort(key.queues.begin(), key.queues.end());
  std::unique_ptr<WorkerKind>& kind = kinds_[key];
  if (kind) return *kind;
  kind = std::make_unique<WorkerKind>();
  kind->key = std::move(key);
  queue_.for_each_class([&](ReadyClass& ready_class) {
    if (!kind->key.offers(ready_class.key())) return;
    kind->classes.push_back(&ready_class);
    if (ready_class.ready_tasks() > 0) kind->ready.emplace(ready_class.number(), &ready_class);
    if (ready_class.ward.tasks > 0) kind->wards.emplace(ready_class.number(), &ready_class);
    ready_class.kinds.push_back(kind.get());
  });
  return *kind;
}

void Roster::connect(ReadyClass& ready_class) {
  for (auto& [key, kind] : kinds_) {
    if (!key.offers(ready_class.key())) continue;
    kind->classes.push_back(&ready_class);
    ready_class.kinds.push_back(kind.get());
  }
}

void Roster::disconnect(ReadyClass& ready_class) {
  for (WorkerKind* kind : ready_class.kinds) std::erase(kind->classes, &ready_class);
  ready_class.kinds.clear();
}

void Roster::set_idle(WorkerRecord& worker) {
  set_busy(worker);
  worker.idle_entry = {worker.outstanding, worker.number};
  worker.kind->idle.insert(*worker.idle_entry);
  worker.kind->idle_slots += worker.hello.slots;
}

void Roster::set_busy(WorkerRecord& worker) {
  if (!worker.idle_entry) return;
  worker.kind->idle.erase(*worker.idle_entry);
  worker.kind->idle_slots -= worker.hello.slots;
  worker.idle_entry.reset();
}

std::vector<std::string> Roster::signatures(const std::string& function) const {
  std::vector<std::string> found;
  if (const auto at = served_.find(function); at != served_.end()) {
    for (const auto& [signature, workers] : at->second) found.push_back(signature);
  }
  return found;
}

}  // namespace zonda
