// How a client reaches its broker. An aggregate: `Client({.broker = "tcp://10.0.0.1:5570", .name =
// "nightly"})`.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

namespace zonda {

struct ClientOptions {
  std::string broker{};  // empty: $ZONDA_BROKER, else tcp://127.0.0.1:5570
  // For people, and the scope of keys: clients of one name share them. [A-Za-z0-9._-]{1,128}; empty: none.
  std::string name{};
  std::chrono::milliseconds connect_timeout{5'000};  // a broker that is silent for so long is unreachable
  std::string keys{};                                // reserved for encrypted connections; leave it empty
  // Told what no caller is there to hear, a line at a time: a failed future nobody looked at, an exception
  // that left a callback. Runs on the client's callback thread. Empty: such lines are dropped.
  std::function<void(std::string_view line)> on_log{};
};

}  // namespace zonda
