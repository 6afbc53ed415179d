// What `broker start` was asked for, the broker itself, and what workers of this program serve.
#pragma once

#include <string>
#include <vector>

#include "worker/executor/handlers.h"

namespace zonda::cli {

struct BrokerStart {
  std::string bind = "tcp://127.0.0.1:5570";
  std::string data;                  // a directory; empty: nothing outlives the broker
  bool init = false;                 // make a store in a directory that is there already
  std::string durability = "fsync";  // of the store
  std::string keys;                  // directory of keys; empty: peers need none
  bool insecure = false;             // listen on other than this machine, without keys
  bool quiet = false;                // log warnings and errors only
  std::string http;                  // where to; "off"; empty: ten ports above
  std::vector<std::string> http_names;
};

// What workers of this program serve: commands, and what `bench` calls.
Handlers served_functions();
void add_bench_functions(Handlers& handlers);
void add_echo_functions(Handlers& handlers);  // those of them that give back what they get

int start_broker(const BrokerStart& settings);  // runs until it is stopped, and gives the exit code

}  // namespace zonda::cli
