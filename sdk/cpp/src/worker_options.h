// The options of `zonda worker start`, for the command line and for programs that are workers.
#pragma once

#include <string>
#include <vector>

#include "worker/worker_main.h"

namespace CLI {
class App;
}

namespace zonda {

struct WorkerOptions {
  WorkerSettings settings;
  bool no_exec = false;  // does not serve zonda.exec

  // Adds the options to `app`; `settings` is filled when it has parsed. Each is also read from ZONDA_….
  void add_to(CLI::App& app);
};

}  // namespace zonda
