#include <zonda/error.h>
#include <zonda/worker.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <optional>

#include "sdk/cpp/src/worker_options.h"
#include "worker/executor/child.h"
#include "worker/executor/exec_function.h"
#include "worker/worker_main.h"

namespace zonda {

struct Worker::Impl {
  Handlers handlers;
};

Worker::Worker() : impl_(std::make_unique<Impl>()) {}
Worker::~Worker() = default;

void Worker::add(detail::Handler handler) {
  const std::string name = handler.name + handler.signature;
  if (!impl_->handlers.add(std::move(handler))) throw Error(name + " is bound already");
}

int Worker::main(int argc, char** argv) {
  Handlers& handlers = impl_->handlers;
  handlers.add(exec_handler());
  if (const std::optional<int> code = run_as_child(argc, argv, handlers)) return *code;
  CLI::App app("A Zonda worker.");
  WorkerOptions options;
  options.add_to(app);
  CLI11_PARSE(app, argc, argv);
  Handlers served;
  for (const detail::Handler& handler : handlers.all()) {
    if (!options.no_exec || handler.name != kExecName) served.add(handler);
  }
  try {
    return run_worker(options.settings, served);
  } catch (const std::exception& error) {  // it could not start: this is its main program, and it says so
    std::fprintf(stderr, "zonda: %s\n", error.what());
    return 1;
  }
}

}  // namespace zonda
