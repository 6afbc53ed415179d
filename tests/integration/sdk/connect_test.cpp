#include <zonda/client.h>

#include <sys/resource.h>
#include <sys/stat.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "proto/wire/address.h"
#include "proto/wire/cookie.h"
#include "tests/integration/sdk/test_cluster.h"
#include "tests/integration/sdk/test_functions.h"

namespace zonda::test {

using namespace std::chrono_literals;

namespace {
// A runtime directory of the test's own.
class RuntimeDir {
 public:
  RuntimeDir() {
    char path[] = "/tmp/zonda-run-XXXXXX";
    REQUIRE(mkdtemp(path) != nullptr);
    path_ = path;
    setenv("XDG_RUNTIME_DIR", path, 1);
  }
  ~RuntimeDir() {
    unsetenv("XDG_RUNTIME_DIR");
    std::filesystem::remove_all(path_);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};
}  // namespace

TEST_CASE("a malformed address is an error of the constructor") {
  CHECK_THROWS_AS(Client("http://example.org"), Error);
  CHECK_THROWS_AS(Client(""), Error);
  CHECK_THROWS_AS(Client(ClientOptions{.name = "no name"}), Error);
  setenv("ZONDA_BROKER", "nonsense", 1);
  CHECK_THROWS_AS(Client(), Error);
  unsetenv("ZONDA_BROKER");
  CHECK_NOTHROW(Client());
}

TEST_CASE("a silent broker is unreachable, in futures and in iterations") {
  Client client(ClientOptions{.broker = "ipc:///tmp/zonda-nobody-is-here", .connect_timeout = 50ms});
  const Future<std::int64_t> future = client.submit(square(1));
  CHECK_THROWS_AS(future.get(), Unreachable);
  CHECK_THROWS_WITH(future.get(), "cannot reach broker ipc:///tmp/zonda-nobody-is-here: no answer in 50ms");
  CHECK_THROWS_AS(client.map(square, std::views::iota(0)).collect(), Unreachable);
  CHECK_THROWS_AS(client.submit(square(1)).get(), Unreachable);
}

TEST_CASE("futures end when no socket can be had") {
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  Client client("ipc:///tmp/zonda-nobody-is-here");
  const rlimit none{3, before.rlim_max};
  REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
  const Future<std::int64_t> future = client.submit(square(1));
  const bool ready = future.wait_for(20s);
  REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
  REQUIRE(ready);
  CHECK_THROWS_AS(future.get(), Unreachable);
  CHECK_THROWS_AS(client.submit(square(1)).get(), TaskCancelled);
}

TEST_CASE("a broker that comes later is found") {
  Gates::close_all();
  TestBroker early;
  const std::string address = early.address();
  early.stop();
  Client client(address);
  const Future<std::int64_t> future = client.submit(square(4));
  early.restart_with_empty_memory();
  TestWorker worker(early);
  CHECK(future.get() == 16);
}

TEST_CASE("work that the broker forgot is lost, and what comes after is not") {
  Gates::close_all();
  TestBroker broker;
  TestWorker worker(broker);
  Client client(broker.address());
  const Future<std::string> future = client.submit(wait_for("never"));
  REQUIRE(future.wait_accepted(10s));
  Results<std::string> results = client.map(wait_for, std::vector<std::string>(10, "never"));
  client.submit(nothing()).wait_accepted(10s);  // in another job, after the map
  broker.restart_with_empty_memory();
  CHECK_THROWS_WITH(future.get(), Catch::Contains("the broker lost its memory"));
  CHECK_THROWS_AS(results.collect(), TaskLost);
  CHECK(client.submit(square(5)).get() == 25);
}

TEST_CASE("on tcp loopback a broker knows its user by a cookie") {
  Gates::close_all();
  RuntimeDir runtime;
  TestBroker broker("tcp://127.0.0.1:0", user_cookie());
  {
    TestBroker others("tcp://127.0.0.1:0", "of another user");
    Client stranger(others.address());
    CHECK_THROWS_AS(stranger.submit(square(1)).get(), Unauthorized);
  }
  Client client(broker.address());
  CHECK(client.submit(square(1)).wait_accepted(10s));
}

TEST_CASE("a user has one cookie, in a file that nobody else can use") {
  RuntimeDir runtime;
  const std::string cookie = user_cookie();
  CHECK(cookie.size() == 32);
  CHECK(user_cookie() == cookie);
  const std::string file = runtime.path() + "/zonda/cookie";
  chmod(file.c_str(), 0644);
  CHECK_THROWS_AS(user_cookie(), std::runtime_error);
  std::filesystem::remove_all(runtime.path() + "/zonda");
  std::filesystem::create_directory_symlink("/tmp", runtime.path() + "/zonda");
  CHECK_THROWS_AS(user_cookie(), std::runtime_error);
}

}  // namespace zonda::test
