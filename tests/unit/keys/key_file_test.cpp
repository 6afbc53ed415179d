#include "proto/keys/key_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "tests/temp_directory.h"

using namespace zonda;
using Catch::Matchers::Contains;

namespace {

void write(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
  chmod(path.c_str(), 0600);
}

}  // namespace

TEST_CASE("a key is read as it was written, and is its user's alone") {
  const TempDirectory scratch;
  const PeerKey key{KeyRole::Worker, "lab-7", {new_key_pair(), new_key_pair().public_key}};
  create_peer_key(scratch / "a.key", key);
  const PeerKey read = read_peer_key(scratch / "a.key");
  CHECK(read.role == KeyRole::Worker);
  CHECK(read.name == "lab-7");
  CHECK(read.keys.own.public_key == key.keys.own.public_key);
  CHECK(read.keys.own.secret.bytes == key.keys.own.secret.bytes);
  CHECK(read.keys.broker == key.keys.broker);
  struct stat info {};
  REQUIRE(stat((scratch / "a.key").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
}

TEST_CASE("a broker's key is no peer's, and no peer's is a broker's") {
  const TempDirectory scratch;
  create_broker_key(scratch / "broker.key", new_key_pair());
  create_peer_key(scratch / "a.key", {KeyRole::Client, "a", {new_key_pair(), new_key_pair().public_key}});
  CHECK_THROWS_WITH(read_peer_key(scratch / "broker.key"), Contains("it has no role"));
  CHECK_THROWS_WITH(read_broker_key(scratch / "a.key"), Contains("no file of a broker's key"));
}

TEST_CASE("a key that others can read is refused, with what to do") {
  const TempDirectory scratch;
  create_broker_key(scratch / "broker.key", new_key_pair());
  for (const mode_t mode : {0640, 0604, 0620}) {
    chmod((scratch / "broker.key").c_str(), mode);
    try {
      read_broker_key(scratch / "broker.key");
      FAIL("it was read");
    } catch (const KeyFileError& error) {
      CHECK_THAT(error.what(), Contains("can be read by others"));
      CHECK(error.hint == "chmod 600 " + scratch / "broker.key");
    }
  }
}

TEST_CASE("a key that is there is not overwritten") {
  const TempDirectory scratch;
  const KeyPair first = new_key_pair();
  create_broker_key(scratch / "broker.key", first);
  CHECK_THROWS_WITH(create_broker_key(scratch / "broker.key", new_key_pair()), Contains("is there already"));
  CHECK(read_broker_key(scratch / "broker.key").public_key == first.public_key);
  CHECK(std::distance(std::filesystem::directory_iterator(scratch.path()), {}) == 1);  // nothing half made
}

TEST_CASE("what is no file of a key is told so") {
  const TempDirectory scratch;
  const std::string secret = "secret " + to_text(new_key_pair().secret) + "\n";
  const std::string broker = "broker " + to_string(new_key_pair().public_key) + "\n";
  const auto complains = [&](const std::string& text, const char* about) {
    write(scratch / "a.key", text);
    CHECK_THROWS_WITH(read_peer_key(scratch / "a.key"), Contains(about));
  };
  complains("worker a\n" + broker, "no 'secret' in it");
  complains("worker a\n" + secret, "no 'broker' in it");
  complains("worker a\n" + broker + "secret abc\n", "no 'secret' in it");
  complains("worker a\n" + broker + secret + secret, "see line 4");
  complains("worker a b\n" + broker + secret, "see line 1");
  complains("slave a\n" + broker + secret, "a word in it is none of its words");
  complains("worker a/b\n" + broker + secret, "it has no role");
  CHECK_THROWS_WITH(read_peer_key(scratch / "b.key"), Contains("No such file"));
  CHECK_THROWS_WITH(read_peer_key(scratch / ""), Contains("no plain file"));
  REQUIRE(mkfifo((scratch / "fifo").c_str(), 0600) == 0);
  CHECK_THROWS_WITH(read_peer_key(scratch / "fifo"), Contains("no plain file"));
}

TEST_CASE("a broker's key whose halves do not match is refused") {
  const TempDirectory scratch;
  write(scratch / "broker.key", "broker " + to_string(new_key_pair().public_key) + "\nsecret " +
                                    to_text(new_key_pair().secret) + "\n");
  CHECK_THROWS_WITH(read_broker_key(scratch / "broker.key"), Contains("is not that of its secret"));
}
