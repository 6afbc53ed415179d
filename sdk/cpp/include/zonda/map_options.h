// How the tasks of a map are to be run. An aggregate:
//
//   client.map(fn::resize, files, {.retries = 2, .timeout = 30s, .name = "thumbnails"})
//
// Checked when it is used: names match [A-Za-z0-9._-]{1,128}, numbers and durations are 0 or more; else
// Error.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

namespace zonda {

struct MapOptions {
  std::string queue{};                   // empty: the default queue
  int priority = 0;                      // higher runs first
  int retries = 0;                       // of each task: errors and crashes together, after the first attempt
  std::chrono::milliseconds timeout{0};  // of one attempt; 0: none
  std::chrono::milliseconds deadline{0};  // of a task, from its acceptance on; 0: none
  std::chrono::milliseconds delay{0};     // before a task may begin, from its acceptance on
  std::map<std::string, double> resources{};
  std::map<std::string, std::string> labels{};
  bool detached = false;        // goes on when the results are given up or the client ends
  std::string name{};           // for people, who see it in `zonda job list`
  std::uint32_t fails_max = 0;  // so many failed tasks cancel the rest; 0: no number does
};

}  // namespace zonda
