// Launchers that hand a worker over to somebody else: Slurm, Kubernetes, a command.
#include <algorithm>
#include <iterator>

#include "cli/json.h"
#include "cli/pools/launchers.h"
#include "cli/slurm.h"
#include "cli/subprocess.h"
#include "command_line/complaint.h"

namespace zonda::cli {
namespace {

constexpr const char* kKeyInPod = "/etc/zonda/keys/worker.key";
constexpr int kForgottenAfterSeconds = 60;  // a Job that is over
constexpr int kDrainSeconds = 3600;         // a pod that is deleted

void run_or_complain(const std::vector<std::string>& words, std::string_view input = {},
                     std::chrono::milliseconds patience = kStartPatience) {
  const ProgramEnd end = run_program(words, input, patience);
  if (end.code == 0) return;
  const std::string said = last_line(end.err);
  throw Complaint(ExitCode::Failure,
                  said.empty() ? words.front() + ": exit code " + std::to_string(end.code) : said);
}

Json job_manifest(const PoolConfig& pool, const std::string& name, const std::vector<std::string>& words) {
  const Json labels{{"app.kubernetes.io/name", "zonda-worker"}, {"zonda.pool", pool.name}};
  Json arguments{"worker", "start"};
  for (const std::string& word : words) arguments.push_back(word);
  Json container{{"name", "worker"}, {"image", pool.image}, {"args", arguments}};
  container["securityContext"] = {{"allowPrivilegeEscalation", false}, {"capabilities", {{"drop", {"ALL"}}}}};
  if (!pool.program.empty()) container["command"] = {pool.program};
  Json limits = Json::object();
  if (pool.resources.contains("cpus")) limits["cpu"] = pool.resources.at("cpus");
  if (pool.resources.contains("gpus")) limits["nvidia.com/gpu"] = pool.resources.at("gpus");
  if (!limits.empty()) container["resources"] = {{"limits", limits}};
  Json pod{{"restartPolicy", "OnFailure"}, {"terminationGracePeriodSeconds", kDrainSeconds}};
  if (!pool.secret.empty()) {
    container["volumeMounts"] = {{{"name", "keys"}, {"mountPath", "/etc/zonda/keys"}, {"readOnly", true}}};
    Json secret{{"secretName", pool.secret}};
    if (!pool.program.empty()) secret["defaultMode"] = 0400;
    pod["volumes"] = {{{"name", "keys"}, {"secret", secret}}};
    container["env"] = {
        {{"name", pool.program.empty() ? "ZONDA_MOUNTED_KEYS" : "ZONDA_KEYS"}, {"value", kKeyInPod}}};
  }
  pod["containers"] = {container};
  return {{"apiVersion", "batch/v1"},
          {"kind", "Job"},
          {"metadata", {{"name", name}, {"labels", labels}}},
          {"spec",
           {{"ttlSecondsAfterFinished", kForgottenAfterSeconds},
            {"backoffLimit", 6},
            {"template", {{"metadata", {{"labels", labels}}}, {"spec", pod}}}}}};
}

}  // namespace

void SlurmLauncher::start(const std::string& name) {
  SlurmJob job;
  job.name = name;
  job.program = pool_.program;
  job.worker = options_of(name, get_.keys);
  job.sbatch = pool_.sbatch;
  cancel(name);  // one that was given up may still wait
  submit(submission_of(job));
}

std::optional<std::set<std::string>> SlurmLauncher::awaited() { return queued_names(); }

void SlurmLauncher::cancel(const std::string& name) { cancel_waiting(name); }

void CommandLauncher::start(const std::string& name) {
  std::vector<std::string> words{"env", "ZONDA_POOL=" + pool_.name, "ZONDA_WORKER=" + name};
  for (const std::string& word : pool_.command) {
    if (word != "{}") {
      words.push_back(word);
      continue;
    }
    const std::vector<std::string> options = options_of(name, get_.keys);
    words.insert(words.end(), options.begin(), options.end());
  }
  run_or_complain(words, {}, std::min<std::chrono::milliseconds>(pool_.start_timeout, kStartPatience));
}

std::vector<std::string> KubernetesLauncher::kubectl(const std::vector<std::string>& words) const {
  std::vector<std::string> all{"kubectl"};
  if (!pool_.name_space.empty()) all.push_back("--namespace=" + pool_.name_space);
  all.insert(all.end(), words.begin(), words.end());
  return all;
}

// What is left of an earlier worker of this name makes room. The image's entrypoint makes the secret's key
// one that is the worker's alone (deploy/docker/entrypoint); another program must be root, who owns it.
void KubernetesLauncher::start(const std::string& name) {
  cancel(name);
  run_or_complain(kubectl({"create", "-f", "-"}), to_text(job_manifest(pool_, name, options_of(name, ""))));
}

// Only one of the pool: another of that name is somebody else's.
void KubernetesLauncher::cancel(const std::string& name) {
  run_or_complain(kubectl({"delete", "job", "--selector=zonda.pool=" + pool_.name,
                           "--field-selector=metadata.name=" + name, "--ignore-not-found"}));
}

}  // namespace zonda::cli
