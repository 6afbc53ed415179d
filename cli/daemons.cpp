#include "cli/daemons.h"

#include "broker/broker_main.h"
#include "worker/executor/exec_function.h"
#include "worker/worker_main.h"

namespace zonda::cli {

int start_broker(const BrokerStart& start) {
  BrokerSettings settings;
  settings.bind = start.bind;
  settings.data = start.data;
  settings.insecure = start.insecure;
  settings.quiet = start.quiet;
  return run_broker(settings);
}

int start_worker(const WorkerStart& start) {
  WorkerSettings settings;
  settings.broker = start.broker;
  settings.slots = static_cast<int>(start.slots);
  settings.isolation = start.threads ? Isolation::Thread : Isolation::Process;
  settings.name = start.name;
  settings.queues = start.queues;
  settings.labels = start.labels;
  settings.resources = start.resources;
  settings.drain_timeout = start.drain_timeout;
  settings.quiet = start.quiet;
  const Handlers served = served_functions();
  if (start.serve_exec) return run_worker(settings, served);
  Handlers without_exec;
  for (const detail::Handler& handler : served.all()) {
    if (handler.name != kExecName) without_exec.add(handler);
  }
  return run_worker(settings, without_exec);
}

Handlers served_functions() {
  Handlers handlers;
  handlers.add(exec_handler());
  add_bench_functions(handlers);
  return handlers;
}

}  // namespace zonda::cli
