// Golden dialogues with the broker core: the *.txt beside this file. Each command is followed by ---- and
// what the broker did. ZONDA_REWRITE=1 writes what it does now into the files; read the difference before you
// keep it.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/scenarios/stage.h"

namespace {

// The same text with the answers that the broker gives now.
std::string played(const std::string& text) {
  zonda::Stage stage;
  std::istringstream lines(text);
  std::string line, result;
  bool in_answer = false;
  while (std::getline(lines, line)) {
    if (line.empty()) {
      if (in_answer) result += "\n";
      in_answer = false;
    } else if (line.starts_with("#")) {
      result += line + "\n";
    } else if (line == "----") {
      in_answer = true;
    } else if (!in_answer) {
      result += line + "\n----\n" + stage.play(line);
    }
  }
  return result;
}

std::string contents_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("the broker says what the scenarios say it does") {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(ZONDA_SCENARIOS)) {
    if (entry.path().extension() == ".txt" && entry.path().filename() != "CMakeLists.txt")
      paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  REQUIRE(paths.size() >= 10);
  for (const std::filesystem::path& path : paths) {
    DYNAMIC_SECTION(path.stem().string()) {
      const std::string expected = contents_of(path);
      const std::string now = played(expected);
      if (std::getenv("ZONDA_REWRITE") != nullptr) {
        std::ofstream(path) << now;
        continue;
      }
      CHECK(now == expected);
    }
  }
}
