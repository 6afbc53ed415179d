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
  // For people, and the scope of keys of jobs: clients of one name share them. [A-Za-z0-9._-]{1,128}; empty:
  // none. To a broker that asks for keys a client is called what its key is called.
  std::string name{};
  std::chrono::milliseconds connect_timeout{5'000};  // a broker that is silent for so long is unreachable
  // The file of its key, for a broker that asks for keys, or a directory with client.key or admin.key in it.
  // Empty: $ZONDA_KEYS, else none.
  std::string keys{};
  // Told what no caller is there to hear, a line at a time: a failed future nobody looked at, an exception
  // that left a callback. Runs on the client's callback thread. Empty: such lines are dropped.
  std::function<void(std::string_view line)> on_log{};
};

}  // namespace zonda
