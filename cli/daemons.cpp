#include "cli/daemons.h"

#include "broker/broker_main.h"
#include "worker/executor/exec_function.h"

namespace zonda::cli {

int start_broker(const BrokerStart& start) {
  BrokerSettings settings;
  settings.bind = start.bind;
  settings.data = start.data;
  settings.insecure = start.insecure;
  settings.quiet = start.quiet;
  return run_broker(settings);
}

Handlers served_functions() {
  Handlers handlers;
  handlers.add(exec_handler());
  add_bench_functions(handlers);
  return handlers;
}

}  // namespace zonda::cli
