#include "cli/daemons.h"

#include "cli/complaint.h"

namespace zonda::cli {

int start_broker(const BrokerStart&) { throw Complaint(ExitCode::Failure, "this build has no broker in it"); }

int start_worker(const WorkerStart&) { throw Complaint(ExitCode::Failure, "this build has no worker in it"); }

}  // namespace zonda::cli
