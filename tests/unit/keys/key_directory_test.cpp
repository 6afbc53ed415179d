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
  const PublicKey key = keys.broker_key().public_key;
  CHECK_THROWS_WITH(keys.init(), Contains("broker.key is there already"));
  CHECK(keys.broker_key().public_key == key);
}

TEST_CASE_METHOD(DirectoryFixture, "what was begun is finished, and a place for all is no place for keys") {
  std::filesystem::remove(keys.broker_path());
  keys.init();
  CHECK(keys.broker_key().public_key != PublicKey{});
  CHECK_THROWS_WITH(KeyDirectory("/tmp").init(), Contains("not a directory that only we can use"));
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
  CHECK_THROWS_WITH(keys.add(same), Contains("this key is there already"));
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
  CHECK(keys.enrol({token.key, fresh("w1").key, "w1"}, now).empty());
  CHECK(authorized().find("elastic")->uses == 1);
  CHECK(keys.enrol({token.key, fresh("w2").key, "w2"}, now).empty());
  CHECK(authorized().find("elastic") == nullptr);
  CHECK_THAT(keys.enrol({token.key, fresh("w3").key, "w3"}, now), Contains("does not count any more"));
  CHECK(authorized().all().size() == 2);
}

TEST_CASE_METHOD(DirectoryFixture, "who cannot be enrolled costs the token no use") {
  const AuthorizedKey token = added("elastic", 2);
  added("w1");
  CHECK_THAT(keys.enrol({token.key, fresh("w1").key, "w1"}, now),
             Contains("there is a key with the name w1"));
  CHECK(authorized().find("elastic")->uses == 2);
}

TEST_CASE_METHOD(DirectoryFixture, "only a token that counts enrols") {
  const AuthorizedKey worker = added("w");
  CHECK_FALSE(keys.enrol({worker.key, fresh("w1").key, "w1"}, now).empty());
  CHECK_FALSE(keys.enrol({PublicKey{}, fresh("w1").key, "w1"}, now).empty());
  AuthorizedKey late = fresh("late");
  late.uses = 5;
  late.expires = std::chrono::floor<std::chrono::seconds>(now) - 1s;
  keys.add(late);
  CHECK_FALSE(keys.enrol({late.key, fresh("w1").key, "w1"}, now).empty());
  CHECK(authorized().all().size() == 2);
}

TEST_CASE_METHOD(DirectoryFixture, "who is enrolled has the role of the token, and is so once") {
  AuthorizedKey token = fresh("join");
  token.role = KeyRole::Client;
  token.uses = 3;
  keys.add(token);
  const PublicKey key = new_key_pair().public_key;
  CHECK(keys.enrol({token.key, key, "jane"}, now).empty());
  CHECK(keys.enrol({token.key, key, "jane"}, now).empty());  // the answer was lost
  CHECK(authorized().find("jane")->role == KeyRole::Client);
  CHECK_FALSE(authorized().find("jane")->is_token());
  CHECK(authorized().find("join")->uses == 2);
}

TEST_CASE_METHOD(DirectoryFixture, "a name cannot bring a line of its own") {
  const AuthorizedKey token = added("elastic", 2);
  const std::string evil = "x\nadmin " + to_string(new_key_pair().public_key) + " evil";
  CHECK_FALSE(keys.enrol({token.key, new_key_pair().public_key, evil}, now).empty());
  CHECK_THROWS_AS(keys.add(fresh("a b")), KeyFileError);
  CHECK_THROWS_AS(keys.add(fresh("")), KeyFileError);
  CHECK(authorized().all().size() == 1);
  CHECK(authorized().find("elastic")->uses == 2);
}

TEST_CASE_METHOD(DirectoryFixture, "taking a key away lets no other line of it count") {
  const std::string one = to_string(new_key_pair().public_key);
  const std::string two = to_string(new_key_pair().public_key);
  std::ofstream(keys.list_path(), std::ios::app)
      << "worker " << one << " a\nadmin " << one << " b\nclient " << two << " a\nadmin " << two << " c\n";
  CHECK(keys.remove("c"));
  CHECK(keys.remove("a"));
  CHECK(authorized().all().empty());
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
