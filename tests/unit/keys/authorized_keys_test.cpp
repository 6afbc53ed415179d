#include "proto/keys/authorized_keys.h"

#include <catch2/catch.hpp>

using namespace zonda;
using namespace std::chrono_literals;

namespace {

const std::string kOne = "hSDwCYkwp1R0i33ctD73Wg2_OgDOBfGgpf6sQHTvTmo";
const std::string kTwo = "3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08";

// The one complaint about a text.
std::string complaint(const std::string& text) {
  std::vector<std::string> complaints;
  CHECK(AuthorizedKeys::parse(text, complaints).all().empty());
  REQUIRE(complaints.size() == 1);
  return complaints.front();
}

AuthorizedKeys parsed(const std::string& text) {
  std::vector<std::string> complaints;
  AuthorizedKeys keys = AuthorizedKeys::parse(text, complaints);
  CHECK(complaints.empty());
  return keys;
}

}  // namespace

TEST_CASE("a line is a role, a key, a name and what limits it") {
  const AuthorizedKeys keys = parsed("# who may come\n\n  worker " + kOne + "  lab-7\r\n" + "client\t" +
                                     kTwo + " jane expires=2027-01-31T12:00:00Z uses=3");
  REQUIRE(keys.all().size() == 2);
  const AuthorizedKey* worker = keys.find("lab-7");
  REQUIRE(worker != nullptr);
  CHECK(worker->role == KeyRole::Worker);
  CHECK(to_string(worker->key) == kOne);
  CHECK_FALSE(worker->is_token());
  const AuthorizedKey* client = keys.find(*parse_public_key(kTwo));
  REQUIRE(client != nullptr);
  CHECK(client->name == "jane");
  CHECK(client->uses == 3);
  CHECK(keys.find("nobody") == nullptr);
  CHECK(keys.find(PublicKey{}) == nullptr);
}

TEST_CASE("a key counts until it expires, and not in that second") {
  const AuthorizedKeys keys = parsed("client " + kTwo + " jane expires=2027-01-31T12:00:00Z");
  const AuthorizedKey& key = keys.all().front();
  CHECK(keys.standing(key.key, *key.expires - 1s).is_peer());
  CHECK(keys.standing(key.key, *key.expires).kind == Standing::Kind::Expired);
  CHECK(keys.next_expiry(*key.expires - 1s) == key.expires);
  CHECK(keys.next_expiry(*key.expires) == std::nullopt);
}

TEST_CASE("a key is worth what its line says") {
  const AuthorizedKeys keys =
      parsed("worker " + kOne + " elastic uses=3\nclient " + kTwo + " spent uses=0\n");
  const auto now = std::chrono::system_clock::now();
  CHECK(keys.standing(*parse_public_key(kOne), now).kind == Standing::Kind::Token);
  CHECK(keys.standing(*parse_public_key(kTwo), now).kind == Standing::Kind::Expired);
  CHECK(keys.standing(new_key_pair().public_key, now).kind == Standing::Kind::Unknown);
}

TEST_CASE("a line that is not understood admits nobody, and is told with its number") {
  CHECK(complaint("\nworker " + kOne) == "line 2: a line has a role, a key and a name");
  CHECK(complaint("boss " + kOne + " x") == "line 1: 'boss' is no role: worker, client, monitor or admin");
  CHECK(complaint("worker abc x") == "line 1: 'abc' is no public key: 43 characters of [A-Za-z0-9_-]");
  CHECK(complaint("worker " + kOne + " a/b") == "line 1: 'a/b' is no name: [A-Za-z0-9._-]{1,128}");
  CHECK(complaint("worker " + kOne + " x expires=2027-02-30T00:00:00Z") ==
        "line 1: '2027-02-30T00:00:00Z' is no time like 2027-01-31T12:00:00Z");
  CHECK(
      complaint("worker " + kOne + " x expires=2027-02-03 00:00:00Z").ends_with("like 2027-01-31T12:00:00Z"));
  CHECK(complaint("worker " + kOne + " x uses=-1") == "line 1: '-1' is no number of uses");
  CHECK(complaint("worker " + kOne + " x uses=4000000000") == "line 1: '4000000000' is no number of uses");
  CHECK(complaint("worker " + kOne + " x expire=never") ==
        "line 1: 'expire=never' is neither expires=TIME nor uses=N");
}

TEST_CASE("of two lines with the same key or name the first counts") {
  std::vector<std::string> complaints;
  const AuthorizedKeys keys = AuthorizedKeys::parse(
      "worker " + kOne + " a\nadmin " + kOne + " b\nclient " + kTwo + " a\n", complaints);
  CHECK(complaints ==
        std::vector<std::string>{"line 2: the key is there twice", "line 3: the name 'a' is there twice"});
  REQUIRE(keys.all().size() == 1);
  CHECK(keys.all().front().role == KeyRole::Worker);
}

TEST_CASE("a key becomes the line it was read from") {
  for (const std::string& line :
       {"monitor " + kOne + " eye", "worker " + kTwo + " e expires=2028-02-29T23:59:59Z uses=20"}) {
    const AuthorizedKeys keys = parsed(line);
    CHECK(line_of(keys.all().front()) == line);
  }
}
