#include "command_line/parser.h"

#include "command_line/complaint.h"
#include "command_line/help.h"

using namespace zonda::cli;
using Words = std::vector<std::string>;

namespace {

struct ParserFixture {
  std::string broker;
  bool quiet = false;
  bool shell = false;
  bool null = false;
  std::vector<Option> common{option::text("broker", 'b', "ADDR", "where", broker),
                             option::flag("quiet", 'q', "less", quiet)};
  Command root;

  ParserFixture() {
    const auto run = [](const Words&) { return 0; };
    Command map{.name = "map",
                .summary = "maps",
                .operands = "-- CMD…",
                .examples = "zonda map -- gzip {}",
                .operands_min = 1,
                .operands_max = kManyOperands,
                .takes_command = true};
    map.options = {option::flag("shell", 0, "with a shell", shell),
                   option::flag("null", '0', "zero bytes", null)};
    map.run = run;
    Command list{.name = "list", .summary = "lists", .operands = "", .examples = ""};
    list.run = run;
    Command job{.name = "job", .summary = "jobs", .operands = "", .examples = ""};
    job.children = {list};
    root.name = "zonda";
    root.children = {map, job};
  }

  Parsed parsed(const Words& words) {
    Parsed parsed = parse(root, common, words);
    for (const auto& [option, value] : parsed.given) option->set(value);
    return parsed;
  }
  std::string complaint(const Words& words) {
    try {
      parse(root, common, words);
    } catch (const Complaint& complaint) {
      return std::string(complaint.what()) + " | " + complaint.hint();
    }
    return "";
  }
};

}  // namespace

TEST_CASE_METHOD(ParserFixture, "options stand before, between and after commands") {
  CHECK(parsed({"-b", "tcp://a", "job", "-q", "list", "--broker=tcp://b"}).path == Words{"job", "list"});
  CHECK(broker == "tcp://b");
  CHECK(quiet);
  parsed({"job", "list", "-btcp://c"});
  CHECK(broker == "tcp://c");
  parsed({"job", "list", "-qb", "tcp://d"});
  CHECK(broker == "tcp://d");
}

TEST_CASE_METHOD(ParserFixture, "a command to run arrives word by word") {
  const Words command{"echo", "{}", "[a,b]", "--shell", "-q", "--", "", "a\nb", "\xff"};
  Words words{"map", "--shell", "--"};
  words.insert(words.end(), command.begin(), command.end());
  CHECK(parsed(words).operands == command);
  CHECK(shell);
  CHECK_FALSE(quiet);
}

TEST_CASE_METHOD(ParserFixture, "a digit is an option or begins a negative number") {
  CHECK(parsed({"map", "-0", "-5"}).operands == Words{"-5"});
  CHECK(null);
}

TEST_CASE_METHOD(ParserFixture, "options end where the command to run begins") {
  CHECK(parsed({"map", "-q", "ls", "-q", "--all"}).operands == Words{"ls", "-q", "--all"});
}

TEST_CASE_METHOD(ParserFixture, "mistakes are named, with what may have been meant") {
  CHECK(complaint({"mpa"}) == "unknown command 'mpa' | did you mean 'map'?");
  CHECK(complaint({"job", "lits"}) == "unknown command 'job lits' | did you mean 'list'?");
  CHECK(complaint({"deploy"}) == "unknown command 'deploy' | 'zonda --help' lists the commands");
  CHECK(complaint({"map", "--shel", "--", "x"}) == "unknown option '--shel' | did you mean '--shell'?");
  CHECK(complaint({"map", "-x", "y"}) == "unknown option '-x' | 'zonda map --help' tells more");
  CHECK(complaint({"map", "--broker"}) == "option --broker needs a value | 'zonda map --help' tells more");
  CHECK(complaint({"map"}) == "expected -- CMD… | 'zonda map --help' tells more");
  CHECK(complaint({"job", "list", "x"}) == "unexpected 'x' | 'zonda job list --help' tells more");
  CHECK(complaint({"job"}) == "'job' needs a command after it | 'zonda job --help' tells more");
  CHECK(complaint({}) == "no command | 'zonda --help' tells more");
}

TEST_CASE_METHOD(ParserFixture, "help begins with what it does and examples") {
  const Parsed help = parse(root, common, {"map", "--help"});
  CHECK(help.help);
  CHECK(format_help(help, common) ==
        "maps\n\n"
        "  zonda map -- gzip {}\n\n"
        "usage: zonda map [options] -- CMD…\n\n"
        "options:\n"
        "      --shell  with a shell\n"
        "  -0, --null   zero bytes\n\n"
        "common options:\n"
        "  -b, --broker ADDR  where\n"
        "  -q, --quiet        less\n");
}

TEST_CASE("a program of one command is called by its own name") {
  std::uint64_t slots = 0;
  bool quiet = false;
  Command root{.name = "resizer", .summary = "resizes", .operands = "", .examples = "resizer --slots 2"};
  root.options = {option::number("slots", "N", "how many", slots, 10),
                  option::flag("quiet", 'q', "less log", quiet)};
  root.run = [](const Words&) { return 0; };
  bool ids = false;
  const std::vector<Option> common{option::flag("quiet", 'q', "only ids", ids)};

  CHECK(format_help(parse(root, common, {"-h"}), common) ==
        "resizes\n\n"
        "  resizer --slots 2\n\n"
        "usage: resizer [options]\n\n"
        "options:\n"
        "      --slots N  how many\n"
        "  -q, --quiet    less log\n");
  CHECK(parse(root, common, {"-q"}).given[0].first == &root.options[1]);
  try {
    parse(root, common, {"--slots"});
    FAIL("it needs a value");
  } catch (const Complaint& complaint) {
    CHECK(complaint.hint() == "'resizer --help' tells more");
  }
}

TEST_CASE("option values are checked") {
  std::uint64_t number = 0;
  std::map<std::string, double> amounts;
  std::string choice;
  const Option slots = option::number("slots", "N", "", number, 10, 1);
  slots.set("7");
  CHECK(number == 7);
  for (const char* bad : {"", "-1", "0", "11", "x", "1.5", "99999999999999999999"})
    CHECK_THROWS_AS(slots.set(bad), Complaint);
  const Option resource = option::amount("resource", "", amounts);
  resource.set("gpu=0.5");
  CHECK(amounts.at("gpu") == 0.5);
  for (const char* bad : {"gpu", "=1", "gpu=", "gpu=-1", "gpu=inf", "gpu=x"})
    CHECK_THROWS_AS(resource.set(bad), Complaint);
  const Option output = option::choice("output", 'o', {"table", "json"}, "", choice);
  CHECK_THROWS_AS(output.set("jsn"), Complaint);
}

TEST_CASE_METHOD(ParserFixture, "a command that runs may have children: other words are its operands") {
  Command& job = root.children.back();
  job.operands_max = 2;
  job.run = [](const Words&) { return 0; };
  CHECK(parsed({"job", "list"}).path == Words{"job", "list"});
  CHECK(parsed({"job", "x", "list"}).operands == Words{"x", "list"});
  CHECK(parsed({"job", "x"}).path == Words{"job"});
}
