// zonda agent: a worker of this machine that runs by itself, in a directory. It is what `zonda deploy ssh`
// starts on each host.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <thread>

#include "cli/background.h"
#include "cli/child.h"
#include "cli/commands/commands.h"
#include "cli/document.h"
#include "cli/pid_file.h"
#include "cli/restarts.h"
#include "cli/signal_watch.h"
#include "cli/subprocess.h"
#include "command_line/complaint.h"
#include "proto/unique_fd.h"

namespace zonda::cli {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::chrono::seconds kConnectWithin{10};
constexpr milliseconds kLook{20};
constexpr int kChildLookMs = 100;

// Where `zonda deploy ssh` puts it, too.
std::string home_directory() {
  const char* home = std::getenv("HOME");
  return (home != nullptr && *home != '\0' ? std::string(home) + "/" : "") + ".zonda";
}

struct Place {
  std::string directory = home_directory();

  std::string pid_file() const { return directory + "/agent.pid"; }
  std::string log() const { return directory + "/agent.log"; }
  std::string words() const { return directory + "/agent.words"; }
};

Option directory_option(Place& place) {
  return option::text("directory", 0, "DIR", "where it has its log and its state; default ~/.zonda",
                      place.directory);
}

void print(Environment& environment, const char* what, const Json& answer) {
  print_thing(
      environment,
      {std::string("zonda.agent.") + what + "/1", [](const Json& json) { return text_of(json, "pid"); },
       [](const Json& json) {
         return std::vector<std::pair<std::string, std::string>>{{"state", text_of(json, "state")},
                                                                 {"pid", text_of(json, "pid")},
                                                                 {"detail", text_of(json, "detail")}};
       }},
      answer);
}

std::string text_from(const std::string& path, std::uintmax_t from = 0) {
  std::ifstream file(path, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(from));
  return {std::istreambuf_iterator<char>(file), {}};
}

// Those of before, if there are none now: it starts as it was.
std::vector<std::string> words_or_before(const Place& place, std::vector<std::string> words) {
  if (!words.empty()) return words;
  std::istringstream before(text_from(place.words()));
  for (std::string word; std::getline(before, word);) words.push_back(word);
  return words;
}

// --broker and --keys also count where they stand before the `--`.
std::vector<std::string> with_common(const CommonOptions& common, const std::vector<std::string>& words) {
  std::vector<std::string> all;
  if (common.broker_given) all.insert(all.end(), {"--broker", common.broker});
  if (common.keys_given) all.insert(all.end(), {"--keys", std::filesystem::absolute(common.keys)});
  all.insert(all.end(), words.begin(), words.end());
  return all;
}

// The words, one a line: what is started is what was asked for.
std::string lines_of(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += word + "\n";
  return text;
}

// Nobody else's business: there may be a join token among them.
void write_words(const Place& place, const std::vector<std::string>& words) {
  const UniqueFd file(open(place.words().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  const std::string text = lines_of(words);
  if (!file || fchmod(file.get(), 0600) != 0 ||
      write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    throw Complaint(ExitCode::Failure, "cannot write " + place.words() + ": " + std::strerror(errno));
}

// Keeps one worker running until it is told to leave.
int keep(Environment& environment, const std::vector<std::string>& words) {
  SignalWatch signals;
  Restarts restarts(environment);
  std::vector<std::string> all{"worker", "start"};
  all.insert(all.end(), words.begin(), words.end());
  all.emplace_back("--quiet=no");  // its log says whether it is connected
  Child worker = Child::start("the worker", all);
  bool is_leaving = false;
  for (;;) {
    if (signals.wait_for(kChildLookMs) && !std::exchange(is_leaving, true)) worker.send(SIGTERM);
    if (is_leaving) std::this_thread::sleep_for(kLook);
    if (!worker.reap()) continue;
    const bool has_reason =
        worker.code() != to_int(ExitCode::Failure) && worker.code() <= to_int(ExitCode::NotAuthorised);
    if (is_leaving || has_reason || !restarts.may(worker)) return worker.code();
    worker = Child::start("the worker", all);
  }
}

[[noreturn]] void become_agent(Environment& environment, const Place& place, PidFile& pid_file,
                               const std::vector<std::string>& words) {
  become_background(place.log(), LogFile::Continued);
  int code = to_int(ExitCode::Failure);
  try {
    pid_file.write_pid();
    code = keep(environment, words);
  } catch (const Complaint& complaint) {
    environment.say(complaint.what());
  }
  environment.err.flush();
  _exit(code);
}

// Until its log says how it went; a broker that is away is waited for, by the worker.
Json wait_for(const Place& place, pid_t agent, std::uintmax_t log_begin) {
  for (const Clock::time_point end = Clock::now() + kConnectWithin; Clock::now() < end;
       std::this_thread::sleep_for(kLook)) {
    const std::string said = text_from(place.log(), log_begin);
    if (said.find(" connected ") != std::string::npos)
      return {{"state", "started"}, {"pid", agent}, {"detail", "connected"}};
    if (int status = 0; waitpid(agent, &status, WNOHANG) == agent) {
      const int code = WIFEXITED(status) ? WEXITSTATUS(status) : to_int(ExitCode::Failure);
      const bool is_known = code > 0 && code <= to_int(ExitCode::NotAuthorised);
      throw Complaint(is_known ? static_cast<ExitCode>(code) : ExitCode::Failure,
                      "the worker ended: " + last_line(text_from(place.log(), log_begin)),
                      "see " + place.log());
    }
  }
  const std::string said = last_line(text_from(place.log(), log_begin));
  const bool is_silent = said.find(" worker-start ") != std::string::npos;
  throw Complaint(ExitCode::TimedOut,
                  "it runs, and is not connected: " + (is_silent ? "the broker does not answer" : said),
                  "it goes on trying; see " + place.log());
}

// The last that its log says of that.
std::string connection_of(const Place& place) {
  const std::string log = text_from(place.log());
  const std::size_t up = log.rfind(" connected "), down = log.rfind(" disconnected "),
                    never = log.rfind(" not-connected "), start = log.rfind(" worker-start ");
  const auto is_last = [&](std::size_t at) {
    return at != std::string::npos && (start == std::string::npos || at > start) &&
           (up == std::string::npos || at >= up) && (down == std::string::npos || at >= down) &&
           (never == std::string::npos || at >= never);
  };
  return is_last(up) ? "connected" : "not connected";
}

int start(Environment& environment, const Place& place, const std::vector<std::string>& given) {
  std::filesystem::create_directories(place.directory);
  const std::vector<std::string> words = words_or_before(place, given);
  if (const std::optional<pid_t> pid = PidFile::holder(place.pid_file())) {
    const bool is_same = text_from(place.words()) == lines_of(words);
    print(environment, "start",
          {{"state", "running"},
           {"pid", *pid},
           {"detail", is_same ? "" : "with other options: stop it, or upgrade, to apply these"}});
    return 0;
  }
  PidFile pid_file(place.pid_file(), "an agent runs already in " + place.directory,
                   "'zonda agent stop' ends it");
  std::error_code is_new;
  const std::uintmax_t log_size = std::filesystem::file_size(place.log(), is_new);
  write_words(place, words);
  const pid_t agent = fork();
  if (agent < 0)
    throw Complaint(ExitCode::Failure, std::string("cannot start a process: ") + std::strerror(errno));
  if (agent == 0) become_agent(environment, place, pid_file, words);
  pid_file.leave_to_child();
  print(environment, "start", wait_for(place, agent, is_new ? 0 : log_size));
  return 0;
}

// Drains it and waits; one that takes longer goes on draining.
int stop(Environment& environment, const Place& place, milliseconds timeout) {
  const std::optional<pid_t> pid = end_holder(place.pid_file(), timeout);
  print(environment, "stop",
        {{"state", "stopped"},
         {"pid", pid ? Json(*pid) : Json(nullptr)},
         {"detail", pid ? "" : "none was running"}});
  return 0;
}

int status(Environment& environment, const Place& place) {
  const std::optional<pid_t> pid = PidFile::holder(place.pid_file());
  print(environment, "status",
        {{"state", pid ? "running" : "stopped"},
         {"pid", pid ? Json(*pid) : Json(nullptr)},
         {"detail", pid ? connection_of(place) : last_line(text_from(place.log()))}});
  return 0;
}

}  // namespace

Command agent_command(Environment& environment) {
  auto place = std::make_shared<Place>();
  auto timeout = std::make_shared<milliseconds>(std::chrono::minutes(1));
  Command starting{.name = "start",
                   .summary = "Starts a worker in the background, unless it runs, and keeps it running.",
                   .operands = "[-- OPTIONS of worker start]",
                   .examples = "zonda agent start -- --broker tcp://10.0.0.1:5570 --slots 8",
                   .operands_max = kManyOperands,
                   .takes_command = true};
  starting.options = {directory_option(*place)};
  starting.run = [&environment, place](const std::vector<std::string>& words) {
    return start(environment, *place, with_common(environment.common, words));
  };
  Command stopping{.name = "stop",
                   .summary = "Has it finish what it runs and leave.",
                   .operands = "",
                   .examples = "zonda agent stop --timeout 10m"};
  stopping.options = {directory_option(*place),
                      option::duration("timeout", "wait so long; default 1m", *timeout)};
  stopping.run = [&environment, place, timeout](const std::vector<std::string>&) {
    return stop(environment, *place, *timeout);
  };
  Command telling{.name = "status",
                  .summary = "Tells whether it runs.",
                  .operands = "",
                  .examples = "zonda agent status -o json"};
  telling.options = {directory_option(*place)};
  telling.run = [&environment, place](const std::vector<std::string>&) {
    return status(environment, *place);
  };
  Command command{
      .name = "agent",
      .summary = "Runs a worker in the background, from a directory: what 'zonda deploy ssh' starts.",
      .operands = "",
      .examples = "zonda agent start -- --broker tcp://10.0.0.1:5570\nzonda agent stop"};
  command.children = {starting, stopping, telling};
  return command;
}

}  // namespace zonda::cli
