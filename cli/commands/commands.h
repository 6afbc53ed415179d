// Every command, made with what it needs to run.
#pragma once

#include "cli/environment.h"
#include "command_line/command.h"

namespace zonda::cli {

Command up_command(Environment& environment);
Command down_command(Environment& environment);
Command run_command(Environment& environment);
Command map_command(Environment& environment);
Command submit_command(Environment& environment);
Command call_command(Environment& environment);
Command job_command(Environment& environment);
Command task_command(Environment& environment);
Command worker_command(Environment& environment);
Command broker_command(Environment& environment);
Command keys_command(Environment& environment);
Command agent_command(Environment& environment);
Command deploy_command(Environment& environment);
Command pool_command(Environment& environment);
Command scale_command(Environment& environment);
Command status_command(Environment& environment);
Command check_command(Environment& environment);
Command bench_command(Environment& environment);
Command completion_command(Environment& environment);
Command man_command(Environment& environment);
Command version_command(Environment& environment);

// Parts of commands with several files.
Command deploy_slurm_command(Environment& environment);
Command job_wait_command(Environment& environment);
Command job_result_command(Environment& environment);
Command worker_start_command(Environment& environment);
Command bench_efficiency_command(Environment& environment);
Command bench_depth_command(Environment& environment);
Command bench_scale_command(Environment& environment);
Command bench_stream_command(Environment& environment);
Command bench_workers_command(Environment& environment);
Command broker_verify_command(Environment& environment);
Command broker_backup_command(Environment& environment);
Command broker_salvage_command(Environment& environment);

Command root_command(Environment& environment);

}  // namespace zonda::cli
