// How jobs, tasks, workers and the status look.
#pragma once

#include "cli/document.h"

namespace zonda::cli {

ListView job_list_view();
ThingView job_info_view();
ListView task_list_view();
ThingView task_info_view();
std::string attempt_line(const Json& attempt);  // "2 crashed on w1 (alpha): killed by signal 11 (SIGSEGV)"
ListView worker_list_view();
ThingView worker_info_view();
ThingView status_view();

// The broker's answers with times as text and what is derived from them.
void finish_job(Json& job);
void finish_worker(Json& worker);

}  // namespace zonda::cli
