// Submits jobs until its standard input ends, checks every outcome, and prints exactly what became of each
// task.
//
// usage: chaos_client --first N [--seed N] [--lanes N] [--work-us N] [--job-tasks-max N] [--drain-seconds N]
//
// Exit code 0: every task had one outcome, and it was right. The broker is $ZONDA_BROKER.
#include <unistd.h>

#include <condition_variable>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <thread>

#include "tests/chaos/lane.h"

namespace {

using namespace chaos;

using Options = std::map<std::string, std::uint64_t>;

Options options_of(int argc, char** argv) {
  Options options{{"--first", 0},
                  {"--seed", 1},
                  {"--lanes", 2},
                  {"--work-us", 2'000},
                  {"--job-tasks-max", 3'000},
                  {"--drain-seconds", 120}};
  for (int at = 1; at < argc; at += 2) {
    const auto option = options.find(argv[at]);
    if (option == options.end() || at + 1 == argc) {
      std::cerr << "chaos_client: what is " << argv[at] << "?\n";
      std::exit(2);
    }
    option->second = std::strtoull(argv[at + 1], nullptr, 10);
  }
  return options;
}

// Lanes on threads of their own.
class Lanes {
 public:
  Lanes(zonda::Client& client, const Options& options) {
    for (std::uint64_t number = 0; number < options.at("--lanes"); ++number) {
      LanePlan plan;
      plan.first = options.at("--first") + (number << 32);
      plan.seed = scrambled(options.at("--seed") + number);
      plan.work_us = static_cast<std::uint32_t>(options.at("--work-us"));
      plan.job_tasks_max = options.at("--job-tasks-max");
      lanes_.push_back(std::make_unique<Lane>(client, tally_, plan));
    }
    for (const auto& lane : lanes_) std::thread([this, &lane] { run(*lane); }).detach();
  }

  // Whether all of them ended in time.
  bool stop(std::chrono::seconds wait) {
    stop_ = true;
    std::unique_lock lock(mutex_);
    return ended_.wait_for(lock, wait, [this] { return over_ == lanes_.size(); });
  }

  const Tally& tally() const { return tally_; }
  void tell() const {
    for (const auto& lane : lanes_) {
      if (const std::string text = lane->waits_for(); !text.empty()) complain("still waits for " + text);
    }
  }

 private:
  void run(Lane& lane) {
    lane.run(stop_);
    const std::lock_guard lock(mutex_);
    ++over_;
    ended_.notify_all();
  }

  Tally tally_;
  std::atomic<bool> stop_{false};
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::mutex mutex_;
  std::condition_variable ended_;
  std::size_t over_ = 0;
};

void wait_for_end_of_input() {
  char bytes[64];
  while (read(0, bytes, sizeof bytes) > 0) {
  }
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = options_of(argc, argv);
  zonda::ClientOptions client_options;
  client_options.connect_timeout = std::chrono::minutes(5);  // the first connection may meet a fault, too
  client_options.on_log = [](std::string_view line) { complain("log: " + std::string(line)); };
  zonda::Client client(client_options);
  Lanes lanes(client, options);
  wait_for_end_of_input();
  const bool ended = lanes.stop(std::chrono::seconds(options.at("--drain-seconds")));
  if (!ended) lanes.tell();
  lanes.tally().print();
  const int code = ended && lanes.tally().is_good() ? 0 : 1;
  if (!ended) std::_Exit(code);  // its lanes wait for ever
  return code;
}
