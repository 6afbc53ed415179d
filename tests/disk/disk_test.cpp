// What was acknowledged is there after any failure of the disk and any death of the process.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <random>

#include "broker/store/sqlite_store.h"
#include "tests/disk/history.h"
#include "tests/temp_directory.h"

using namespace zonda;

namespace {

struct Fault {
  std::string kind;
  int at = 0;  // 0: none
  std::string mark;
};

// A run of store_driver. It ends with this object at the latest.
class Driver {
 public:
  Driver(const std::string& directory, std::uint64_t seed, std::size_t commits, std::size_t from,
         const std::string& durability, const Fault& fault = {}) {
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    std::vector<std::string> words{ZONDA_STORE_DRIVER,   directory,
                                   std::to_string(seed), std::to_string(commits),
                                   std::to_string(from), durability};
    std::vector<std::string> variables{"PATH=/usr/bin:/bin"};
    if (fault.at > 0) {
      variables.push_back("LD_PRELOAD=" ZONDA_DISK_FAULT);
      variables.push_back("ASAN_OPTIONS=verify_asan_link_order=0");
      variables.push_back("ZONDA_FAULT_DIR=" + directory);
      variables.push_back("ZONDA_FAULT_KIND=" + fault.kind);
      variables.push_back("ZONDA_FAULT_AT=" + std::to_string(fault.at));
      variables.push_back("ZONDA_FAULT_MARK=" + fault.mark);
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
    const int error = posix_spawn(&pid_, ZONDA_STORE_DRIVER, &actions, nullptr, pointers(words).data(),
                                  pointers(variables).data());
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    output_ = ends[0];
    REQUIRE(error == 0);
  }
  ~Driver() {
    kill();
    wait();
    close(output_);
  }

  // The next line it says; empty: it ended.
  std::string line() {
    std::string line;
    for (char c = 0; read(output_, &c, 1) == 1;) {
      if (c == '\n') return line;
      line += c;
    }
    return {};
  }
  void kill() {
    if (pid_ > 0) ::kill(pid_, SIGKILL);
  }
  void wait() {
    if (pid_ > 0) waitpid(pid_, &status_, 0);
    pid_ = -1;
  }
  // How many commits it acknowledged, all in all, until it ended.
  std::size_t acknowledged(std::size_t before) {
    for (std::string said = line(); !said.empty(); said = line()) {
      if (said.starts_with("committed "))
        before = std::stoull(said.substr(10));
      else
        said_ += said + "\n";
    }
    wait();
    return before;
  }
  int exit_code() const { return WIFEXITED(status_) ? WEXITSTATUS(status_) : -1; }
  bool says(std::string_view part) const { return said_.find(part) != std::string::npos; }

 private:
  static std::vector<char*> pointers(std::vector<std::string>& words) {
    std::vector<char*> all;
    for (std::string& word : words) all.push_back(word.data());
    all.push_back(nullptr);
    return all;
  }

  pid_t pid_ = -1;
  int output_ = -1;
  int status_ = 0;
  std::string said_;
};

// Opens the store as the next broker does. Gives the commit after which it tells what it does.
std::size_t place_in(const History& history, const std::string& directory, std::size_t acknowledged) {
  const auto store = SqliteStore::open(DataDirectory::open(directory, true));
  const auto place = history.place_of(*store, acknowledged);
  REQUIRE(place);
  return *place;
}

constexpr int kPowerIsGone = 9;  // exit code of disk_fault

// Fails the 1st, 2nd, … operation of a broker's whole life, until it had fewer than that.
void fail_each_operation(const std::string& kind, const std::string& durability) {
  constexpr std::uint64_t kSeed = 7;
  constexpr std::size_t kCommits = 8;
  const History history(kSeed, kCommits);
  bool says_full = false;
  for (int at = 1;; ++at) {
    CAPTURE(kind, at);
    const TempDirectory place(TempDirectory::in_memory());
    const std::string mark = place.path() + ".mark";
    Driver driver(place / "data", kSeed, kCommits, 0, durability, {kind, at, mark});
    const std::size_t acknowledged = driver.acknowledged(0);
    const bool struck = std::filesystem::remove(mark);
    if (!struck) {
      REQUIRE(acknowledged == kCommits);
      REQUIRE(driver.exit_code() == 0);
      CHECK(at > 20);  // or nothing was tested
      CHECK(says_full == (kind == "enospc" || kind == "short"));
      return;
    }
    if (kind == "power")
      REQUIRE(driver.exit_code() == kPowerIsGone);
    else
      REQUIRE((driver.exit_code() == 0 || driver.exit_code() == 3));
    says_full = says_full || driver.says("store.sqlite: the disk is full");
    const bool may_lose = kind == "power" && durability == "batch";  // the last commits, but none in part
    place_in(history, place / "data", may_lose ? 0 : acknowledged);
  }
}

}  // namespace

TEST_CASE("what was acknowledged outlives any one operation that fails") {
  for (const char* kind : {"eio", "enospc", "short", "dead"}) fail_each_operation(kind, "fsync");
}

TEST_CASE("what was acknowledged outlives any sync that fails, and takes along what it was for") {
  fail_each_operation("sync", "fsync");
}

TEST_CASE("what was acknowledged outlives the machine, whenever it stops") {
  fail_each_operation("power", "fsync");
}

TEST_CASE("a machine that stops without a sync each time leaves no commit in part") {
  fail_each_operation("power", "batch");
}

TEST_CASE("what was acknowledged outlives any operation that fails, also without a sync each time") {
  fail_each_operation("eio", "batch");
}

TEST_CASE("what was acknowledged outlives the death of the process, again and again") {
  std::random_device device;
  const std::uint64_t seed = device();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  constexpr std::size_t kCommits = 1'200;
  const History history(seed, kCommits);
  const TempDirectory place(TempDirectory::in_memory());
  std::size_t at = 0;
  for (int deaths = 0; deaths < 40 && at < kCommits; ++deaths) {
    CAPTURE(deaths, at);
    Driver driver(place / "data", seed, kCommits, at, deaths % 2 == 0 ? "fsync" : "batch");
    for (std::uint64_t left = random() % 60; left > 0 && !driver.line().empty(); --left) {
    }
    driver.kill();
    at = place_in(history, place / "data", driver.acknowledged(at));
  }
  CHECK(at > 100);
}
