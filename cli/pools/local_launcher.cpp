#include <chrono>
#include <thread>

#include "cli/json.h"
#include "cli/pools/launchers.h"
#include "cli/subprocess.h"
#include "command_line/complaint.h"

namespace zonda::cli {
namespace {

constexpr const char* kThisProgram = "/proc/self/exe";  // also when its file was replaced
constexpr int kTries = 10;
constexpr std::chrono::milliseconds kNextTry{100};

}  // namespace

// One that runs already may be about to leave, or have been started by a manager before this one.
void LocalLauncher::start(const std::string& name) {
  std::vector<std::string> words{
      kThisProgram, "agent", "start", "--output=json", "--quiet=no", "--directory", get_.state + "/" + name,
      "--"};
  const std::vector<std::string> own = options_of(name, get_.keys);
  words.insert(words.end(), own.begin(), own.end());
  for (int tries = 0; tries < kTries; ++tries) {
    const ProgramEnd end = run_program(words, {}, kStartPatience);
    if (end.code == to_int(ExitCode::TimedOut)) return;  // it goes on trying to get to the broker
    if (end.code != 0) throw Complaint(ExitCode::Failure, last_complaint(end.err));
    const Json answer = Json::parse(end.out, nullptr, false);
    if (!answer.is_object() || answer.value("state", "") != "running") return;
    std::this_thread::sleep_for(kNextTry);
  }
}

// What never got to the broker would hold the name, and the options it was given.
void LocalLauncher::cancel(const std::string& name) {
  run_program({kThisProgram, "agent", "stop", "--directory", get_.state + "/" + name}, {}, kStartPatience);
}

}  // namespace zonda::cli
