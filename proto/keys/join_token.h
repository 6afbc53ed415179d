// What a new worker shows once to get a key of its own: the secret of a key that may do nothing else, and the
// public key of the broker. `zonda-join.` and 86 characters of [A-Za-z0-9_-]; whoever has the text can join.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proto/keys/key_pair.h"

namespace zonda {

struct JoinToken {
  SecretKey secret;
  PublicKey broker;
};

std::string to_text(const JoinToken& token);
std::optional<JoinToken> parse_join_token(std::string_view text);

}  // namespace zonda
