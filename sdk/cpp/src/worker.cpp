#include <zonda/error.h>
#include <zonda/worker.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <optional>

#include "command_line/complaint.h"
#include "command_line/configuration.h"
#include "command_line/help.h"
#include "worker/executor/child.h"
#include "worker/executor/exec_function.h"
#include "worker/worker_command.h"

namespace zonda {
namespace {

// What zonda.toml has for the tool alone: its commands check those keys.
const std::vector<std::string> kSectionsOfTheTool{"broker", "up"};

int print_help(const std::string& text) {
  const bool written = std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
  return to_int(written ? cli::ExitCode::Ok : cli::ExitCode::Failure);
}

int run(const std::string& program, const std::vector<std::string>& words, cli::CommonOptions& options,
        const Handlers& handlers) {
  const std::vector<cli::Option> common = cli::common_options(options);
  const cli::Command command = worker_command(program, program, options, handlers);
  const cli::Parsed parsed = cli::parse(command, common, words);
  if (parsed.help) return print_help(cli::format_help(parsed, common));
  const cli::Configuration configuration(cli::process_configuration(parsed), command, common,
                                         kSectionsOfTheTool);
  cli::set_options(parsed, configuration, common);
  return command.run(parsed.operands);
}

int complain(const cli::Complaint& complaint, bool json) {
  std::fputs(cli::format_complaint(complaint, json).c_str(), stderr);
  return to_int(complaint.code());
}

}  // namespace

struct Worker::Impl {
  Handlers handlers;
};

Worker::Worker() : impl_(std::make_unique<Impl>()) {}
Worker::~Worker() = default;

void Worker::add(detail::Handler handler) {
  const std::string name = handler.name + handler.signature;
  if (!impl_->handlers.add(std::move(handler))) throw Error(name + " is bound already");
}

// It is its program's main program, so it says what went wrong itself.
int Worker::main(int argc, char** argv) {
  Handlers& handlers = impl_->handlers;
  handlers.add(exec_handler());
  if (const std::optional<int> code = run_as_child(argc, argv, handlers)) return *code;
  const std::string program = argc > 0 ? std::filesystem::path(argv[0]).filename().string() : "worker";
  const std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  cli::CommonOptions common;
  try {
    return run(program, words, common, handlers);
  } catch (const cli::Complaint& complaint) {
    return complain(complaint, common.json() || cli::asks_for_json(words));
  } catch (const std::exception& error) {
    return complain(cli::Complaint(cli::ExitCode::Failure, error.what()),
                    common.json() || cli::asks_for_json(words));
  }
}

}  // namespace zonda
