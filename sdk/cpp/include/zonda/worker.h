// Serves functions to a broker. A program that binds its functions and calls main() is a worker process with
// the options of `zonda worker start`.
#pragma once

#include <zonda/context.h>
#include <zonda/detail/bind.h>
#include <zonda/function.h>

#include <memory>

namespace zonda {

class Worker {
 public:
  Worker();
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Serves `function` with `callable`, which takes its arguments, after a Context& if it wants one. What does
  // not fit is a compile error. It runs in child processes started from this program (--isolation process,
  // the default) or in threads of it, several at a time. What it throws arrives at the client as TaskFailed.
  // Throws Error if the function is bound already.
  template <class R, class... A, class Callable>
  void bind(const Function<R(A...)>& function, Callable callable) {
    add(detail::make_handler(function, std::move(callable)));
  }

  // Runs until SIGTERM, SIGINT or `zonda worker drain`, then returns the exit code for main(). The options of
  // `zonda worker start` are taken from the words, from ZONDA_… and zonda.toml; mistakes are told on
  // stderr. Exit codes: 0 left in order, 2 usage, 4 refused, 5 not authorised, 1 another failure. Say it
  // once, on the main thread, before other threads exist: executor children are this program started again,
  // and their main() ends here.
  int main(int argc, char** argv);

 private:
  void add(detail::Handler handler);

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace zonda
