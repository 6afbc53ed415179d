// One peer's key: what to copy to the machine where it runs.
//
//   # A key of Zonda. Whoever has this file is the worker lab-7.
//   worker lab-7
//   secret 6ZV…
//   broker kX3…
//
// `broker` is the public key of the broker it is for; the broker's own file has no role, and its own public
// key.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>

#include "proto/keys/authorized_keys.h"
#include "proto/keys/key_pair.h"
#include "proto/keys/private_file.h"

namespace zonda {

// Who a peer is, and what proves it.
struct PeerKey {
  KeyRole role = KeyRole::Client;
  std::string name;
  CurveKeys keys;
};

// ~/.config/zonda, unless XDG_CONFIG_HOME says otherwise; of who has no home /etc/zonda. Keys that are not
// named are there.
std::string default_key_home();

// `path` itself, or if it is a directory the file in it that is called as the first of these roles of which
// there is one: "client.key". Throws KeyFileError if there is none.
std::string peer_key_path(const std::string& path, std::initializer_list<KeyRole> roles);

// Throw KeyFileError.
PeerKey read_peer_key(const std::string& path);
void create_peer_key(const std::string& path, const PeerKey& key);

KeyPair read_broker_key(const std::string& path);
void create_broker_key(const std::string& path, const KeyPair& key);

}  // namespace zonda
