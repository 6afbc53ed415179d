// How a call is to be run. Plain data; Call sets it and checks it.
#pragma once

#include <chrono>
#include <map>
#include <string>

namespace zonda {

struct CallOptions {
  std::string queue;                      // empty: the default queue
  int priority = 0;                       // higher runs first
  int retries = 0;                        // errors and crashes together, after the first attempt
  std::chrono::milliseconds timeout{0};   // of one attempt; 0: none
  std::chrono::milliseconds deadline{0};  // of everything, from submission on; 0: none
  std::chrono::milliseconds delay{0};     // before it may begin, from submission on
  std::string key;                        // empty: none. The same key and arguments are the same task
  std::map<std::string, double> resources;
  std::map<std::string, std::string> labels;
  bool detached = false;  // outlives its client

  friend bool operator==(const CallOptions&, const CallOptions&) = default;
};

}  // namespace zonda
