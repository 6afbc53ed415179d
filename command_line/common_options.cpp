#include "command_line/common_options.h"

namespace zonda::cli {

std::vector<Option> common_options(CommonOptions& options) {
  std::vector<Option> common{
      option::text("broker", 'b', "ADDR", "the broker; default tcp://127.0.0.1:5570", options.broker),
      option::text("keys", 0, "PATH", "key for a broker that asks for one: a file, or a directory of keys",
                   options.keys),
      option::choice("output", 'o', {"table", "json", "jsonl", "id"}, "how to print", options.output),
      option::flag("quiet", 'q', "print ids only", options.ids_only),
      option::duration("connect-timeout", "give up on a silent broker; default 5s", options.connect_timeout),
      option::flag("yes", 'y', "do not ask", options.yes)};
  for (Option& option : common) option.configurable = true;
  return common;
}

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

}  // namespace zonda::cli
