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
  std::map<std::string, std::string> labels;
  std::vector<Option> common{option::configurable(option::text("broker", 'b', "ADDR", "", broker))};
  Command root;

  ConfigurationFixture() {
    std::string name = std::filesystem::temp_directory_path() / "zonda-cli-XXXXXX";
    directory = mkdtemp(name.data());
    Command start{.name = "start", .summary = "", .operands = "", .examples = ""};
    start.section = "worker";
    start.options = {option::configurable(option::number("slots", "N", "", slots, 100)),
                     option::configurable(option::pair("label", "", labels)),
                     option::configurable(option::text("drain-timeout", 0, "D", "", label_text))};
    root.children = {start};
  }
  ~ConfigurationFixture() { std::filesystem::remove_all(directory); }

  std::string file(const std::string& name, const std::string& text) {
    std::ofstream(directory + "/" + name) << text;
    return directory + "/" + name;
  }
  Configuration configuration(std::vector<std::string> files) {
    return Configuration({[this](const std::string& name) -> std::optional<std::string> {
                            const auto at = variables.find(name);
                            return at == variables.end() ? std::nullopt : std::optional(at->second);
                          },
                          std::move(files)},
                         root, common);
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
