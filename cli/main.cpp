// The command line tool.
#include <csignal>

#include "cli/commands/commands.h"
#include "cli/daemons.h"
#include "command_line/complaint.h"
#include "command_line/configuration.h"
#include "command_line/help.h"
#include "command_line/parser.h"
#include "proto/wire/heap.h"
#include "worker/executor/child.h"

namespace {

using namespace zonda::cli;

// What people try before they have read anything.
std::vector<std::string> with_usual_words(std::vector<std::string> words) {
  if (words.empty()) return words;
  if (words[0] == "--version") words[0] = "version";
  if (words[0] != "help") return words;
  words.erase(words.begin());
  words.emplace_back("--help");
  return words;
}

int run(Environment& environment, const std::vector<std::string>& words) {
  const std::vector<Option> common = common_options(environment.common);
  const Command root = root_command(environment);
  const Parsed parsed = parse(root, common, with_usual_words(words));
  if (parsed.help) {
    environment.out.write(format_help(parsed, common));
    return 0;
  }
  set_options(parsed, Configuration(process_configuration(parsed), root, common), common);
  for (const auto& [option, value] : parsed.given) {
    if (option->name == "broker") environment.common.broker_given = true;
    if (option->name == "keys") environment.common.keys_given = true;
  }
  return parsed.command->run(parsed.operands);
}

int complain(Environment& environment, const Complaint& complaint, bool json) {
  try {
    environment.out.flush();  // what was found out before it went wrong
  } catch (...) {             // there is no better time to say this
  }
  try {
    environment.err.write(format_complaint(complaint, json || environment.json()));
    environment.err.flush();
  } catch (...) {  // nobody reads it
  }
  return to_int(complaint.code());
}

}  // namespace

int main(int argc, char** argv) {
  // An executor child of a worker is this program started again.
  if (const std::optional<int> code = zonda::run_as_child(argc, argv, served_functions())) return *code;
  zonda::keep_freed_memory();
  std::signal(SIGPIPE,
              SIG_IGN);  // an attached job is cancelled when nobody reads its output: see OutputClosed
  const std::vector<std::string> words(argv + 1, argv + argc);
  Environment environment;
  try {
    const int code = run(environment, words);
    environment.out.flush();
    return code;
  } catch (const Complaint& complaint) {
    return complain(environment, complaint, asks_for_json(words));
  } catch (const OutputClosed&) {
    return to_int(ExitCode::Failure);
  } catch (const std::exception& error) {
    return complain(environment, Complaint(ExitCode::Failure, error.what()), asks_for_json(words));
  }
}
