// exploration [--deviations N] [--last KINDS] [--seconds N] [--replay DECISIONS]
//
// Runs one broker, two workers, a client and a job of two tasks through every schedule with at most N (1 to
// 3) deviations from the one in which nothing goes wrong. What broke a promise is printed with its decisions;
// `--replay 12:crash/1,15:lose` tells that run step by step. `--last break,crash`: the last of N deviations
// is one of these. `--seconds` ends it early, unfinished.
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/exploration/explorer.h"

namespace {

using namespace zonda::sim;
using Clock = std::chrono::steady_clock;

struct Options {
  std::uint64_t deviations = 1;
  std::optional<Kinds> last = Kinds();
  std::uint64_t seconds = 0;  // 0: as long as it takes
  std::optional<Decisions> replay;
  bool wrong = false;
};

Options parse(int argc, char** argv) {
  Options options;
  for (int at = 1; at < argc; at += 2) {
    const std::string name = argv[at];
    const char* value = at + 1 < argc ? argv[at + 1] : "";
    if (name == "--deviations") {
      options.deviations = std::strtoull(value, nullptr, 10);
      options.wrong |= options.deviations < 1 || options.deviations > SeenStates::kLeftMax + 1;
    } else if (name == "--last") {
      options.last = parse_kinds(value);
      options.wrong |= !options.last;
    } else if (name == "--seconds") {
      options.seconds = std::strtoull(value, nullptr, 10);
    } else if (name == "--replay") {
      options.replay = parse_decisions(value);
      options.wrong |= !options.replay;
    } else {
      options.wrong = true;
    }
  }
  return options;
}

// An assertion of a core ends the process: this says of which run.
void tell_decisions(int) {
  std::fprintf(stderr, "ABORTED --replay \"%s\"\n", to_string(decisions_under_way()).c_str());
  std::signal(SIGABRT, SIG_DFL);
}

int explore(const Options& options) {
  const Clock::time_point begin = Clock::now();
  const auto seconds = [&] { return std::chrono::duration<double>(Clock::now() - begin).count(); };
  bool stopped = false;
  Explorer explorer(options.deviations, *options.last, [&](const Figures& figures) {
    stopped =
        options.seconds > 0 && figures.runs % 64 == 0 && seconds() > static_cast<double>(options.seconds);
    return stopped;
  });
  const Figures& figures = explorer.run_all();
  for (const auto& [what, decisions] : figures.first_of)
    std::printf("FAILED %s\n  --replay \"%s\"\n", what.c_str(), decisions.c_str());
  for (std::size_t kind = 1; kind < figures.moves.size(); ++kind)
    std::printf("%-7s %12llu runs\n", std::string(name_of(static_cast<Move::Kind>(kind))).c_str(),
                static_cast<unsigned long long>(figures.moves[kind]));
  std::printf(
      "%llu deviations at most%s: %llu runs (%llu ended in a state met before), %llu steps, longest run "
      "%u steps, %llu states, %llu ends, %llu violations, %.1f s\n",
      static_cast<unsigned long long>(options.deviations), stopped ? ", not finished" : "",
      static_cast<unsigned long long>(figures.runs), static_cast<unsigned long long>(figures.merged),
      static_cast<unsigned long long>(figures.steps), figures.longest,
      static_cast<unsigned long long>(figures.states), static_cast<unsigned long long>(figures.ends),
      static_cast<unsigned long long>(figures.violations), seconds());
  return figures.violations == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  if (options.wrong) {
    std::fprintf(
        stderr,
        "usage: exploration [--deviations 1|2|3] [--last KINDS] [--seconds N] [--replay DECISIONS]\n");
    return 2;
  }
  std::signal(SIGABRT, tell_decisions);
  if (!options.replay) return explore(options);
  const std::string wrong = replay(*options.replay);
  std::printf("%s\n", wrong.empty() ? "all promises were kept" : wrong.c_str());
  return wrong.empty() ? 0 : 1;
}
