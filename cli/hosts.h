// The hosts of a deployment: named on the command line, or in a file.
//
//   broker = "tcp://10.0.0.1:5570"
//   keys = "worker.key"              # or a directory with that file
//   ssh = "ssh -p 2222"              # how to get to them
//   directory = ".zonda"             # on them
//   hosts = ["lab-7", "jane@lab-8"]
//   slots = 8                        # options of worker start, for all
//
//   ["jane@lab-8"]
//   slots = 16                       # and for one
//   label = { disk = "ssd" }
#pragma once

#include <map>
#include <string>
#include <vector>

namespace zonda::cli {

struct Host {
  std::string name;                  // as ssh knows it
  std::string directory;             // on it
  std::vector<std::string> options;  // of worker start: {"--slots", "8"}
  std::string agent{};               // its directory, in that one; empty: that one
};

struct Hosts {
  std::string broker;  // empty: not said
  std::string keys;    // the same
  std::vector<std::string> ssh{"ssh"};
  std::string directory = ".zonda";
  std::vector<Host> all;
};

// `operands`: names, or one file that ends with .toml. Throws Complaint (usage).
Hosts parse_hosts(const std::vector<std::string>& operands);

std::vector<std::string> words_of(const std::string& text);  // at blanks

}  // namespace zonda::cli
