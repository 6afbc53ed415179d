// The commands of the tool as a table: the parser, --help, the configuration files and the completion scripts
// are all made from it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace zonda::cli {

struct Option {
  std::string name;   // "broker": --broker; if configurable also ZONDA_BROKER and `broker` in the files
  char letter = 0;    // 'b': -b
  std::string value;  // "ADDR", or the choices "table|json"; empty: a switch, whose value is "true"
  std::string help;
  std::function<void(const std::string&)> set;  // once for each time it was given; throws Complaint
  bool configurable = false;
  bool repeats = false;  // may be given several times; in the environment with commas between
};

struct Command {
  std::string name;      // of the root: what people call the program
  std::string summary;   // one line
  std::string operands;  // "JOB…", as help shows them
  std::string examples;  // one a line
  std::size_t operands_min = 0;
  std::size_t operands_max = 0;
  bool takes_command = false;  // options end where the command to run begins
  std::string section{};       // of the configuration files: [worker]
  std::vector<Option> options{};
  std::function<int(const std::vector<std::string>&)> run{};  // with the operands; gives the exit code
  std::vector<Command> children{};
  std::string notes{};  // more lines for --help
};

inline constexpr std::size_t kManyOperands = SIZE_MAX;

// Options that put what they are given into a variable, which must live as long as the command.
namespace option {

Option flag(std::string name, char letter, std::string help, bool& target);
Option text(std::string name, char letter, std::string value, std::string help, std::string& target);
Option list(std::string name, std::string value, std::string help, std::vector<std::string>& target);
Option number(std::string name, std::string value, std::string help, std::uint64_t& target, std::uint64_t max,
              std::uint64_t min = 0);
Option integer(std::string name, std::string value, std::string help, std::int32_t& target);
Option duration(std::string name, std::string help, std::chrono::milliseconds& target);
Option bytes(std::string name, std::string help, std::uint64_t& target);
Option pair(std::string name, std::string help, std::map<std::string, std::string>& target);
Option amount(std::string name, std::string help, std::map<std::string, double>& target);
Option choice(std::string name, char letter, std::vector<std::string> choices, std::string help,
              std::string& target);
Option choice(std::string name, char letter, std::vector<std::string> choices, std::string help,
              std::function<void(const std::string&)> take);
Option configurable(Option option);
Option repeated(Option option);

}  // namespace option

std::pair<std::string, std::string> split_pair(const std::string& text, const std::string& what);  // "K=V"

}  // namespace zonda::cli
