// Workers in allocations of Slurm.
#pragma once

#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace zonda::cli {

struct SlurmJob {
  std::string name = "zonda";                       // as squeue shows it
  std::uint64_t workers = 1;                        // each an allocation of its own
  std::chrono::milliseconds drain_timeout{20'000};  // running tasks get so long before the wall time
  std::string program;                              // on the nodes; empty: where this one is
  std::vector<std::string> worker;  // options of worker start; slots, name and a label follow from Slurm
  std::vector<std::string> sbatch;  // options
};

struct SlurmSubmission {
  std::vector<std::string> words;  // sbatch and its options
  std::string script;

  std::string command() const;  // a line for a shell
};

SlurmSubmission submission_of(const SlurmJob& job);  // throws Complaint

// The number of the job. Throws Complaint with what sbatch said.
std::string submit(const SlurmSubmission& submission);

// The names of this user's jobs that wait or run. Throws Complaint.
std::set<std::string> queued_names();

// Takes back those of this name that wait for their allocation. Throws Complaint.
void cancel_waiting(const std::string& job_name);

}  // namespace zonda::cli
