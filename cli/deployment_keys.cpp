#include "cli/deployment_keys.h"

#include <filesystem>

namespace zonda::cli {

std::string default_key_directory() { return default_key_home() + "/keys"; }

std::string key_file_of(const std::string& directory, const std::string& name) {
  return directory + "/" + name + ".key";
}

// Its file first: a key without a line opens nothing.
PeerKey make_key(const std::string& directory, KeyRole role, const std::string& name,
                 std::optional<AuthorizedKey::Time> expires) {
  const KeyDirectory keys(directory);
  const PeerKey key{role, name, {new_key_pair(), keys.broker_key().public_key}};
  const std::string file = key_file_of(directory, name);
  create_peer_key(file, key);
  try {
    keys.add({key.keys.own.public_key, role, name, expires});
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove(file, ignored);
    throw;
  }
  return key;
}

std::vector<PeerKey> make_deployment_keys(const std::string& directory) {
  KeyDirectory(directory).init();
  std::vector<PeerKey> made;
  for (const KeyRole role : {KeyRole::Admin, KeyRole::Client, KeyRole::Worker})
    made.push_back(make_key(directory, role, std::string(to_string(role))));
  return made;
}

}  // namespace zonda::cli
