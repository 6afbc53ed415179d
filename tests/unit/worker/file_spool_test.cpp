#include "worker/spool/file_spool.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/temp_directory.h"

using namespace zonda;

namespace {

std::string text(char letter, std::size_t size = 10'000) { return std::string(size, letter); }

// The file has no name: found among our descriptors.
int descriptor_of(const std::string& directory) {
  for (const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    if (std::filesystem::read_symlink(each.path(), gone).string().starts_with(directory))
      return std::stoi(each.path().filename());
  }
  return -1;
}

// No file may grow beyond it while this lives.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

}  // namespace

TEST_CASE("what is put is read back until it is released") {
  const TempDirectory directory;
  FileSpool spool(directory / "a/b", 1 << 20);
  const auto a = spool.put(text('a'));
  const auto b = spool.put(text('b'));
  REQUIRE((a && b));
  std::string bytes;
  CHECK(spool.get(*a, bytes));
  CHECK(bytes == text('a'));
  spool.release(*a);
  CHECK(spool.get(*b, bytes));
  CHECK(bytes == text('b'));
  CHECK(spool.get(*b, bytes));
  spool.release(*b);
  CHECK(spool.bytes_used() == 0);
}

TEST_CASE("the file has no name, and its directory is for nobody else") {
  const TempDirectory directory;
  FileSpool spool(directory / "spool", 1 << 20);
  REQUIRE(spool.put(text('a')));
  CHECK(std::filesystem::is_empty(directory / "spool"));
  struct stat info {};
  REQUIRE(::stat((directory / "spool").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0700);
  REQUIRE(::fstat(descriptor_of(directory / "spool"), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
}

TEST_CASE("it takes no more than it may, and again after some was released") {
  const TempDirectory directory;
  FileSpool spool(directory.path(), 8 * 4'096);
  const auto a = spool.put(text('a', 4 * 4'096));
  const auto b = spool.put(text('b', 4 * 4'096));
  REQUIRE((a && b));
  CHECK_FALSE(spool.put("c"));
  CHECK(spool.fault().empty());
  spool.release(*a);
  CHECK(spool.put("c"));
}

TEST_CASE("released space goes back to the disk while other outcomes wait") {
  const TempDirectory directory;
  FileSpool spool(directory.path(), std::uint64_t{1} << 30);
  std::vector<Spool::Place> places;
  for (int n = 0; n < 64; ++n) places.push_back(*spool.put(text('x', 256 << 10)));
  for (int n = 0; n < 60; ++n) spool.release(places[static_cast<std::size_t>(n)]);
  struct stat info {};
  REQUIRE(::fstat(descriptor_of(directory.path()), &info) == 0);
  if (spool.bytes_used() > (std::uint64_t{16} << 20) - 1) return;  // no holes on this filesystem
  CHECK(spool.bytes_used() == 4 * (256 << 10));
  CHECK(info.st_blocks * 512 <= 8 * (256 << 10));
}

TEST_CASE("a write that fails keeps nothing and is told until one works") {
  const TempDirectory directory;
  FileSpool spool(directory.path(), 1 << 20);
  const auto a = spool.put(text('a'));
  REQUIRE(a);
  {
    const FileSizeLimit limit(16'384);
    CHECK_FALSE(spool.put(text('b', 20'000)));
    CHECK(spool.fault().find(directory.path()) != std::string::npos);
  }
  std::string bytes;
  CHECK(spool.get(*a, bytes));
  CHECK(bytes == text('a'));
  CHECK(spool.put(text('b', 20'000)));
  CHECK(spool.fault().empty());
}

TEST_CASE("damage is not given out") {
  const TempDirectory directory;
  FileSpool spool(directory.path(), 1 << 20);
  const auto a = spool.put(text('a'));
  REQUIRE(a);
  REQUIRE(::pwrite(descriptor_of(directory.path()), "b", 1, 5'000) == 1);
  std::string bytes;
  CHECK_FALSE(spool.get(*a, bytes));
  CHECK(spool.fault().find("not what was written") != std::string::npos);
}

TEST_CASE("a file that cannot be made is told with its directory") {
  CHECK_THROWS_WITH(FileSpool("/proc/nowhere", 1), Catch::Contains("/proc/nowhere"));
}
