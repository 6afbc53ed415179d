// The command line tool.
#include <algorithm>
#include <csignal>
#include <filesystem>

#include "cli/commands/commands.h"
#include "cli/daemons.h"
#include "command_line/complaint.h"
#include "command_line/configuration.h"
#include "command_line/help.h"
#include "command_line/parser.h"
#include "worker/executor/child.h"

namespace {

using namespace zonda::cli;

// A file that was named weighs more than those that are found.
void add_named_file(const Parsed& parsed, ConfigurationSources& sources) {
  for (const auto& [option, value] : parsed.given) {
    if (option->name != "config") continue;
    if (!std::filesystem::exists(value)) throw Complaint(ExitCode::Usage, "cannot read " + value);
    sources.files.insert(sources.files.begin(), value);
  }
}

// Options that were not given get what the configuration says; then all are set.
void set_options(const Parsed& parsed, const Command& root, const std::vector<Option>& common) {
  ConfigurationSources sources = process_configuration();
  add_named_file(parsed, sources);
  const Configuration configuration(std::move(sources), root, common);
  const auto configure = [&](const Option& option, const std::string& section) {
    const bool given = std::any_of(parsed.given.begin(), parsed.given.end(),
                                   [&](const auto& each) { return each.first == &option; });
    if (given) return;
    for (const std::string& value : configuration.values(option, section)) option.set(value);
  };
  for (const Option& option : common) configure(option, "");
  for (const Option& option : parsed.command->options) configure(option, parsed.command->section);
  for (const auto& [option, value] : parsed.given) option->set(value);
}

int run(Environment& environment, const std::vector<std::string>& words) {
  const std::vector<Option> common = common_options(environment.common);
  const Command root = root_command(environment);
  const Parsed parsed = parse(root, common, words);
  if (parsed.help) {
    environment.out.write(format_help(*parsed.command, parsed.path, common));
    return 0;
  }
  set_options(parsed, root, common);
  return parsed.command->run(parsed.operands);
}

// The mode of complaints about options that could not even be read.
bool asks_for_json(const std::vector<std::string>& words) {
  for (std::size_t at = 0; at < words.size() && words[at] != "--"; ++at) {
    const std::string& word = words[at];
    const std::string& next = at + 1 < words.size() ? words[at + 1] : word;
    if (word == "-ojson" || word == "--output=json" || word == "-ojsonl" || word == "--output=jsonl")
      return true;
    if ((word == "-o" || word == "--output") && next.starts_with("json")) return true;
  }
  return false;
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
