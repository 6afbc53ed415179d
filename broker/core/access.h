// What a peer may do, by its key. A broker that asks for no keys lets everybody do everything.
#pragma once

#include <string>
#include <string_view>

#include "proto/keys/authorized_keys.h"
#include "proto/message_type.h"

namespace zonda {

// Whose key a peer showed. Without keys there is nobody to tell apart, and everybody may do what an
// administrator may.
struct KeyHolder {
  std::string key;   // as text; empty: keys are not asked for
  std::string name;  // of the key
  KeyRole role = KeyRole::Admin;

  bool has_key() const { return !key.empty(); }
  // Whether the jobs of the client of this name are its business.
  bool sees(std::string_view client) const {
    return role == KeyRole::Admin || role == KeyRole::Monitor || client == name;
  }
};

// The messages that a role may say once it has a session, and the questions it may ask in QUERY. What is not
// listed is not allowed.
bool may_say(KeyRole role, MessageType type);
bool may_ask(KeyRole role, std::string_view question);

}  // namespace zonda
