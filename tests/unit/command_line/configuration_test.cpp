#include "command_line/configuration.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "command_line/complaint.h"

using namespace zonda::cli;
using Values = std::vector<std::string>;

namespace {

struct ConfigurationFixture {
  std::string directory;
  std::map<std::string, std::string> variables;
  std::string broker, label_text;
  std::uint64_t slots = 0;
  bool ids_only = false, quiet = false;
  std::map<std::string, std::string> labels;
  std::vector<Option> common{option::configurable(option::text("broker", 'b', "ADDR", "", broker)),
                             option::configurable(option::flag("quiet", 'q', "", ids_only))};
  Command root;

  ConfigurationFixture() {
    std::string name = std::filesystem::temp_directory_path() / "zonda-cli-XXXXXX";
    directory = mkdtemp(name.data());
    Command start{.name = "start", .summary = "", .operands = "", .examples = ""};
    start.section = "worker";
    start.options = {option::configurable(option::number("slots", "N", "", slots, 100)),
                     option::configurable(option::pair("label", "", labels)),
                     option::configurable(option::text("drain-timeout", 0, "D", "", label_text)),
                     option::configurable(option::flag("quiet", 'q', "", quiet))};
    start.run = [](const Values&) { return 0; };
    root.children = {start};
  }
  ~ConfigurationFixture() { std::filesystem::remove_all(directory); }

  std::string file(const std::string& name, const std::string& text) {
    std::ofstream(directory + "/" + name) << text;
    return directory + "/" + name;
  }
  Configuration configuration(std::vector<std::string> files, std::vector<std::string> foreign = {}) {
    return Configuration({[this](const std::string& name) -> std::optional<std::string> {
                            const auto at = variables.find(name);
                            return at == variables.end() ? std::nullopt : std::optional(at->second);
                          },
                          std::move(files)},
                         root, common, std::move(foreign));
  }
  void set(const Values& words, std::vector<std::string> files) {
    broker.clear();
    slots = 0;
    ids_only = quiet = false;
    labels.clear();
    set_options(parse(root, common, words), configuration(std::move(files)), common);
  }
  const Option& start_option(std::size_t at) { return root.children[0].options[at]; }
};

}  // namespace

TEST_CASE_METHOD(ConfigurationFixture, "the environment outweighs files, and near files outweigh far ones") {
  const std::string near = file("near.toml", "broker = 'tcp://near'\n");
  const std::string far = file("far.toml", "broker = 'tcp://far'\n[worker]\nslots = 3\n");
  CHECK(configuration({near, far}).values(common[0], "") == Values{"tcp://near"});
  CHECK(configuration({near, far}).values(start_option(0), "worker") == Values{"3"});
  CHECK(configuration({directory + "/none.toml"}).values(common[0], "").empty());
  variables["ZONDA_BROKER"] = "tcp://environment";
  CHECK(configuration({near, far}).values(common[0], "") == Values{"tcp://environment"});
}

TEST_CASE_METHOD(ConfigurationFixture, "lists are arrays, tables, or commas in the environment") {
  const std::string path =
      file("a.toml", "[worker]\nlabel = { disk = 'ssd', rack = 7 }\ndrain_timeout = '30s'\n");
  CHECK(configuration({path}).values(start_option(1), "worker") == Values{"disk=ssd", "rack=7"});
  CHECK(configuration({path}).values(start_option(2), "worker") == Values{"30s"});
  variables["ZONDA_LABEL"] = "a=b,c=d";
  CHECK(configuration({path}).values(start_option(1), "worker") == Values{"a=b", "c=d"});
  variables["ZONDA_DRAIN_TIMEOUT"] = "a,b";
  CHECK(configuration({path}).values(start_option(2), "worker") == Values{"a,b"});
}

TEST_CASE_METHOD(ConfigurationFixture, "unknown keys and broken files are errors") {
  const auto complaint = [&](const std::string& text) -> std::string {
    try {
      configuration({file("bad.toml", text)});
    } catch (const Complaint& bad) {
      CHECK(bad.code() == ExitCode::Usage);
      return std::string(bad.what()).substr(directory.size() + 1) + " | " + bad.hint();
    }
    return "";
  };
  CHECK(complaint("brokr = 'x'") == "bad.toml: unknown key 'brokr' | did you mean 'broker'?");
  CHECK(complaint("[worker]\nslot = 1") ==
        "bad.toml: unknown key 'worker.slot' | did you mean 'worker.slots'?");
  CHECK(complaint("a = 1\nb = = 2").starts_with("bad.toml:2: "));
}

TEST_CASE_METHOD(ConfigurationFixture, "what is given outweighs the environment, and that the files") {
  const std::string path = file("a.toml", "broker = 'tcp://file'\n[worker]\nslots = 3\nlabel = ['a=1']\n");
  set({"start"}, {path});
  CHECK(broker == "tcp://file");
  CHECK(slots == 3);
  CHECK(labels == std::map<std::string, std::string>{{"a", "1"}});
  variables = {{"ZONDA_SLOTS", "4"}, {"ZONDA_LABEL", "b=2"}, {"ZONDA_BROKER", ""}};
  set({"start"}, {path});
  CHECK(broker == "tcp://file");
  CHECK(slots == 4);
  CHECK(labels == std::map<std::string, std::string>{{"b", "2"}});
  set({"start", "--slots", "5", "--label", "c=3", "-b", "tcp://given"}, {path});
  CHECK(broker == "tcp://given");
  CHECK(slots == 5);
  CHECK(labels == std::map<std::string, std::string>{{"c", "3"}});
  variables["ZONDA_SLOTS"] = "many";
  CHECK_THROWS_AS(set({"start"}, {path}), Complaint);
}

TEST_CASE_METHOD(ConfigurationFixture, "a command's option that has a common one's name is set with it") {
  set({"start"}, {});
  CHECK_FALSE(quiet);
  for (const Values& words : {Values{"start", "-q"}, Values{"start", "--quiet"}, Values{"-q", "start"}}) {
    set(words, {});
    CHECK(quiet);
  }
  set({"start"}, {file("all.toml", "quiet = true\n")});
  CHECK(quiet);
  CHECK(ids_only);
  set({"start"}, {file("less.toml", "quiet = true\n[worker]\nquiet = false\n")});
  CHECK_FALSE(quiet);
  set({"start", "--quiet=false"}, {file("all.toml", "quiet = true\n")});
  CHECK_FALSE(quiet);
  variables["ZONDA_QUIET"] = "1";
  set({"start"}, {});
  CHECK(quiet);
  CHECK(ids_only);
}

TEST_CASE_METHOD(ConfigurationFixture, "sections of other programs are theirs to check") {
  const std::string path = file("a.toml", "[broker]\nbind = 'tcp://a'\n[worker]\nslots = 2\n");
  CHECK_THROWS_AS(configuration({path}), Complaint);
  CHECK(configuration({path}, {"broker"}).values(start_option(0), "worker") == Values{"2"});
  CHECK(configuration({file("b.toml", "broker = 'tcp://a'\n")}, {"broker"}).values(common[0], "") ==
        Values{"tcp://a"});
  CHECK_THROWS_AS(configuration({file("c.toml", "[brokr]\nbind = 'tcp://a'\n")}, {"broker"}), Complaint);
}
