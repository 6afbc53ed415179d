#include "proto/keys/key_pair.h"

#include <catch2/catch.hpp>

#include "proto/keys/join_token.h"

using namespace zonda;

TEST_CASE("the public key follows from the secret") {
  const KeyPair pair = new_key_pair();
  CHECK(pair_of(pair.secret).public_key == pair.public_key);
  CHECK(new_key_pair().public_key != pair.public_key);
}

TEST_CASE("the public key of a known secret is the known one") {  // RFC 7748, section 6.1
  const std::optional<SecretKey> secret = parse_secret_key("dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo");
  REQUIRE(secret);
  CHECK(to_string(pair_of(*secret).public_key) == "hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo");
}

TEST_CASE("keys as texts mind neither shells nor files") {
  const KeyPair pair = new_key_pair();
  const std::string text = to_string(pair.public_key);
  CHECK(text.size() == 43);
  CHECK(text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") ==
        std::string::npos);
  CHECK(parse_public_key(text) == pair.public_key);
  CHECK(pair_of(*parse_secret_key(to_text(pair.secret))).public_key == pair.public_key);
}

TEST_CASE("what is no key is none") {
  const std::string text = to_string(new_key_pair().public_key);
  CHECK_FALSE(parse_public_key(""));
  CHECK_FALSE(parse_public_key(text.substr(1)));
  CHECK_FALSE(parse_public_key(text + "A"));
  CHECK_FALSE(parse_public_key(text + "="));
  CHECK_FALSE(parse_public_key(" " + text));
  CHECK_FALSE(parse_public_key(text.substr(0, 42) + "!"));
}

TEST_CASE("a join token carries a secret and the broker's key") {
  const KeyPair own = new_key_pair();
  const KeyPair broker = new_key_pair();
  const std::string text = to_text(JoinToken{own.secret, broker.public_key});
  const std::optional<JoinToken> token = parse_join_token(text);
  REQUIRE(token);
  CHECK(pair_of(token->secret).public_key == own.public_key);
  CHECK(token->broker == broker.public_key);
  CHECK_FALSE(parse_join_token(text.substr(1)));
  CHECK_FALSE(parse_join_token(text + "A"));
  CHECK_FALSE(parse_join_token(to_string(own.public_key)));
}
