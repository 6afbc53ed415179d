// A data directory belongs to one store and one process, and says so.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <thread>

#include "broker/store/sqlite_store.h"
#include "broker/store/store_error.h"
#include "tests/contract/store_under_test.h"

using namespace zonda;
using Catch::Contains;

namespace {

std::string why_not_open(const std::string& path, bool init = false) try {
  SqliteStore::open(DataDirectory::open(path, init));
  return "it opens";
} catch (const StoreError& error) {
  return error.what() + (error.advice.empty() ? "" : "; " + error.advice);
}

}  // namespace

TEST_CASE("a directory that is not there is made, for its owner only") {
  const TempDirectory place;
  const std::string path = place / "data";
  DataDirectory directory = DataDirectory::open(path + "/", false);
  CHECK(directory.created());
  CHECK(directory.path() == path);
  CHECK(!directory.has_store());
  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0700);
  const auto store = SqliteStore::open(std::move(directory));
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    CAPTURE(entry.path());
    CHECK((entry.status().permissions() & std::filesystem::perms::all) ==
          (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
    ++files;
  }
  CHECK(files == 4);  // database, log, head, lock
}

TEST_CASE("a directory without a store is taken only when told so") {
  const TempDirectory place;
  CHECK_THAT(why_not_open(place.path()), Contains("has no store") && Contains("--init"));
  CHECK(why_not_open(place.path(), true) == "it opens");
  CHECK(why_not_open(place.path()) == "it opens");
}

TEST_CASE("a directory that cannot be used says what to do") {
  const TempDirectory place;
  CHECK_THAT(why_not_open(place / "a/b"),
             Contains("cannot create") && Contains("; create " + place / "a" + " first"));
  std::ofstream(place / "file") << "text";
  CHECK_THAT(why_not_open(place / "file"), Contains("file is not a directory; choose a directory"));
  REQUIRE(why_not_open(place / "data") == "it opens");
  std::filesystem::resize_file(place / "data/store.sqlite", 0);
  CHECK_THAT(why_not_open(place / "data"),
             Contains("store.sqlite has no store in it; ") && Contains("restore a backup"));
}

TEST_CASE("a directory of another user says whose it is") {
  const TempDirectory place;
  REQUIRE(why_not_open(place / "data") == "it opens");
  const uid_t self = geteuid();
  const char* const why =
      self == 0 ? " belongs to user root, this is user " : " has permissions that forbid it";
  REQUIRE(chmod(place.path().c_str(), 0) == 0);
  if (self == 0) REQUIRE(seteuid(65'534) == 0);
  const std::string new_one = why_not_open(place / "new");
  const std::string old_one = why_not_open(place / "data");
  if (self == 0) REQUIRE(seteuid(0) == 0);
  REQUIRE(chmod(place.path().c_str(), 0700) == 0);
  for (const std::string& each : {new_one, old_one})
    CHECK_THAT(each, Contains("Permission denied; " + place.path() + why));
}

TEST_CASE("a directory that was made for a store, and got none, is taken") {
  const TempDirectory place;
  const std::string path = place / "data";
  { const DataDirectory given_up = DataDirectory::open(path, false); }
  CHECK(why_not_open(path) == "it opens");
}

TEST_CASE("a store has an id for life, and an epoch that grows with each opening") {
  const TempDirectory place;
  auto store = SqliteStore::open(DataDirectory::open(place / "data", false));
  const JobId id = store->id();
  CHECK(!!id);
  const std::uint64_t first = store->epoch();
  CHECK(store->downtime().count() == 0);
  store.reset();
  store = SqliteStore::open(DataDirectory::open(place / "data", false));
  CHECK(store->id() == id);
  CHECK(store->epoch() > first);
  CHECK(store->downtime() < std::chrono::minutes(1));
  CHECK(SqliteStore::open(DataDirectory::open(place / "other", false))->id() != id);
}

TEST_CASE("a store has one owner, and the second is told who that is") {
  const TempDirectory place;
  const auto store = SqliteStore::open(DataDirectory::open(place / "data", false));
  CHECK_THAT(why_not_open(place / "data"),
             Contains("is in use by process " + std::to_string(getpid()) + " on "));
}

TEST_CASE("a store whose owner is just ending is waited for") {
  const TempDirectory place;
  REQUIRE(why_not_open(place / "data") == "it opens");
  const std::string path = place / "data/lock";
  const int lock = open(path.c_str(), O_RDWR | O_CLOEXEC);
  REQUIRE(flock(lock, LOCK_EX | LOCK_NB) == 0);
  std::string said;
  std::thread second([&] { said = why_not_open(place / "data"); });
  const auto descriptors = [&] {
    std::size_t count = 0;
    std::error_code gone;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
      count += std::filesystem::read_symlink(entry.path(), gone) == path ? 1U : 0U;
    return count;
  };
  while (descriptors() < 2) std::this_thread::yield();  // the second is about to lock, and cannot
  close(lock);
  second.join();
  CHECK(said == "it opens");
}

TEST_CASE("a store that lost one of its files is refused, with the name of the file") {
  for (const char* name : {"store.sqlite", "head"}) {
    CAPTURE(name);
    const TempDirectory place;
    REQUIRE(why_not_open(place / "data") == "it opens");
    std::filesystem::remove(place / "data/" + name);
    CHECK_THAT(why_not_open(place / "data", true),
               Contains(std::string("data/") + name + " is missing") && Contains("; put it back"));
  }
}

TEST_CASE("the files of two stores are not mixed") {
  const TempDirectory place;
  REQUIRE(why_not_open(place / "one") == "it opens");
  REQUIRE(why_not_open(place / "two") == "it opens");
  std::filesystem::copy_file(place / "two/head", place / "one/head",
                             std::filesystem::copy_options::overwrite_existing);
  CHECK_THAT(why_not_open(place / "one"), Contains("the database of one store and the head of another"));
}

TEST_CASE("a store that is older than its head says how much is missing") {
  const TempDirectory place;
  REQUIRE(why_not_open(place / "data") == "it opens");
  std::filesystem::copy_file(place / "data/store.sqlite", place / "old");
  {
    const auto store = SqliteStore::open(DataDirectory::open(place / "data", false));
    commit(*store, {opened(1)});
    commit(*store, {appended(1, 0, 3, "a")});
  }
  std::filesystem::copy_file(place / "old", place / "data/store.sqlite",
                             std::filesystem::copy_options::overwrite_existing);
  CHECK_THAT(why_not_open(place / "data"),
             Contains("ends at commit 1, its head says 4: 3 commits are missing"));
}

TEST_CASE("file systems of other machines are known") {
  CHECK(network_file_system(0x6969) == std::string("NFS"));
  CHECK(network_file_system(static_cast<long>(0xff534d42U)) == std::string("CIFS"));
  CHECK(network_file_system(0xef53) == nullptr);
}
