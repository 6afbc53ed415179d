#include "proto/keys/key_directory.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <thread>

#include "tests/temp_directory.h"

using namespace zonda;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

struct DirectoryFixture {
  DirectoryFixture() { keys.init(); }

  AuthorizedKeys authorized() const {
    std::vector<std::string> complaints;
    AuthorizedKeys found = keys.authorized(complaints);
    CHECK(complaints.empty());
    return found;
  }
  // A key of this name, added.
  AuthorizedKey added(const std::string& name, std::optional<std::uint32_t> uses = {}) const {
    AuthorizedKey key{new_key_pair().public_key, KeyRole::Worker, name};
    key.uses = uses;
    keys.add(key);
    return key;
  }
  static AuthorizedKey fresh(const std::string& name) {
    return {new_key_pair().public_key, KeyRole::Worker, name};
  }
  std::string text() const { return read_private_file(keys.list_path()); }

  TempDirectory scratch;
  KeyDirectory keys{scratch / "keys"};
  std::chrono::system_clock::time_point now = std::chrono::system_clock::now();
};

}  // namespace

TEST_CASE_METHOD(DirectoryFixture, "a new deployment has a broker's key and admits nobody") {
  CHECK(keys.broker_key().public_key != PublicKey{});
  CHECK(authorized().all().empty());
  CHECK_THROWS_WITH(keys.init(), Contains("broker.key is there already"));
}

TEST_CASE_METHOD(DirectoryFixture, "keys are added and taken away, and what else is in the list stays") {
  added("a");
  std::ofstream(keys.list_path(), std::ios::app) << "# of the lab\n";
  const AuthorizedKey b = added("b");
  CHECK(authorized().all().size() == 2);
  CHECK(keys.remove("a"));
  CHECK_FALSE(keys.remove("a"));
  CHECK(authorized().find("b")->key == b.key);
  CHECK_THAT(text(), Contains("# of the lab\nworker ") && Contains("# Who may connect"));
}

TEST_CASE_METHOD(DirectoryFixture, "a name and a key are there once") {
  const AuthorizedKey a = added("a");
  CHECK_THROWS_WITH(added("a"), Contains("there is a key with the name a"));
  AuthorizedKey same = a;
  same.name = "b";
  CHECK_THROWS_WITH(keys.add(same), Contains("this key is in"));
  CHECK(authorized().all().size() == 1);
}

TEST_CASE_METHOD(DirectoryFixture, "the last line needs no end") {
  const AuthorizedKey a = fresh("a");
  std::ofstream(keys.list_path(), std::ios::app) << line_of(a);
  added("b");
  CHECK(authorized().all().size() == 2);
  CHECK(keys.remove("a"));
  CHECK(authorized().all().size() == 1);
}

TEST_CASE_METHOD(DirectoryFixture, "a join token enrols as many as it says, and is gone with the last") {
  const AuthorizedKey token = added("elastic", 2);
  keys.enrol(token.key, fresh("w1"), now);
  CHECK(authorized().find("elastic")->uses == 1);
  keys.enrol(token.key, fresh("w2"), now);
  CHECK(authorized().find("elastic") == nullptr);
  CHECK_THROWS_WITH(keys.enrol(token.key, fresh("w3"), now), Contains("does not count any more"));
  CHECK(authorized().all().size() == 2);
}

TEST_CASE_METHOD(DirectoryFixture, "who cannot be enrolled costs the token no use") {
  const AuthorizedKey token = added("elastic", 2);
  added("w1");
  CHECK_THROWS_WITH(keys.enrol(token.key, fresh("w1"), now), Contains("there is a key with the name w1"));
  CHECK(authorized().find("elastic")->uses == 2);
}

TEST_CASE_METHOD(DirectoryFixture, "only a token that counts enrols") {
  const AuthorizedKey worker = added("w");
  CHECK_THROWS_AS(keys.enrol(worker.key, fresh("w1"), now), KeyFileError);
  CHECK_THROWS_AS(keys.enrol(PublicKey{}, fresh("w1"), now), KeyFileError);
  AuthorizedKey late = fresh("late");
  late.uses = 5;
  late.expires = std::chrono::floor<std::chrono::seconds>(now) - 1s;
  keys.add(late);
  CHECK_THROWS_AS(keys.enrol(late.key, fresh("w1"), now), KeyFileError);
  CHECK(authorized().all().size() == 2);
}

TEST_CASE_METHOD(DirectoryFixture, "several who change the list at once lose nothing") {
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([this, thread] {
      for (int key = 0; key < 10; ++key) keys.add(fresh(std::to_string(thread) + "-" + std::to_string(key)));
    });
  }
  for (std::thread& each : threads) each.join();
  CHECK(authorized().all().size() == 40);
}
