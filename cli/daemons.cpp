#include "cli/daemons.h"

#include "broker/broker_main.h"
#include "broker/store/store_error.h"
#include "command_line/complaint.h"
#include "proto/keys/private_file.h"
#include "worker/executor/exec_function.h"

namespace zonda::cli {

int start_broker(const BrokerStart& start) {
  BrokerSettings settings;
  settings.bind = start.bind;
  settings.data = start.data;
  settings.init = start.init;
  settings.durability = start.durability;
  settings.keys = start.keys;
  settings.insecure = start.insecure;
  settings.quiet = start.quiet;
  settings.http = start.http;
  settings.http_names = start.http_names;
  try {
    return run_broker(settings);
  } catch (const KeyFileError& error) {
    throw Complaint(ExitCode::Usage, error.what(), error.hint);
  } catch (const StoreRefused& error) {
    throw Complaint(ExitCode::Refused, error.what(), error.advice);
  } catch (const StoreError& error) {
    throw Complaint(ExitCode::Failure, error.what(),
                    error.advice.empty() ? "'zonda broker verify --data DIR' says more" : error.advice);
  }
}

Handlers served_functions() {
  Handlers handlers;
  handlers.add(exec_handler());
  add_bench_functions(handlers);
  return handlers;
}

}  // namespace zonda::cli
