#include "cli/completion.h"

using namespace zonda::cli;

TEST_CASE("completion knows commands and their options") {
  bool flag = false;
  Command root;
  Command list{.name = "list", .summary = "it's a list", .operands = "", .examples = ""};
  list.options = {option::flag("all", 'a', "all of them", flag)};
  Command job{.name = "job", .summary = "jobs", .operands = "", .examples = ""};
  job.children = {list};
  root.children = {job};
  const std::vector<Option> common{option::flag("quiet", 'q', "less", flag)};

  const std::string bash = completion_for_bash(root, common);
  CHECK(bash.find("\"job list\") words=\"--all --quiet --help\" ;;") != bash.npos);
  CHECK(bash.find("\"\") words=\"job --quiet --help\" ;;") != bash.npos);
  CHECK(completion_for_zsh(root, common).find("\"job\") words=\"list --quiet --help\" ;;") !=
        std::string::npos);
  const std::string fish = completion_for_fish(root, common);
  CHECK(fish.find("complete -c zonda -n '__fish_seen_subcommand_from job' -f -a list -d 'it\\'s a list'\n") !=
        fish.npos);
}
