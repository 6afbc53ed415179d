// A broker process, from its settings to its exit code.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace zonda {

struct BrokerSettings {
  std::string bind = "tcp://127.0.0.1:5570";  // a comma-separated list; port 0: chosen
  std::string data;                           // directory of the durable store; empty: memory only
  bool init = false;                          // make a store in a directory that is there already
  std::string durability = "fsync";           // of the store: "fsync", "batch"
  std::string keys;                           // directory of keys; empty: peers need none
  bool insecure = false;                      // listen on other than this machine, without keys
  std::uint64_t memory_limit = 0;             // bytes; 0: half of the machine's memory
  bool quiet = false;                         // log warnings and errors only
  std::string http;                           // "127.0.0.1:5580", "off"; empty: ten above the first port
  std::vector<std::string> http_names;        // by which it may be called, besides addresses
  std::function<void(const std::string& address)> on_ready;  // it listens there now
};

// Runs until SIGTERM or SIGINT, or until an administrator stops it. Returns the exit code; throws
// std::exception, with a text for people, if it cannot start. Call it on the main thread, before others
// exist: signals are blocked for all. A StoreError is about its directory, a KeyFileError about keys.
int run_broker(const BrokerSettings& settings);

}  // namespace zonda
