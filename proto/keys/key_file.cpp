#include "proto/keys/key_file.h"

#include <cstdlib>
#include <filesystem>
#include <map>
#include <sstream>

#include "proto/names.h"

namespace zonda {
namespace {

constexpr const char* kHint = "'zonda keys init' and 'zonda keys add' make files of keys";

// The lines `word value` of a file, but for comments.
std::map<std::string, std::string> lines_of(const std::string& path) {
  std::istringstream text(read_private_file(path));
  std::map<std::string, std::string> lines;
  std::string line;
  for (int number = 1; std::getline(text, line); ++number) {
    std::istringstream words(line);
    std::string word, value, more;
    if (!(words >> word) || word.starts_with('#')) continue;
    words >> value;
    if (value.empty() || words >> more || !lines.emplace(word, value).second)
      throw KeyFileError(path + " is no file of a key: see line " + std::to_string(number), kHint);
  }
  return lines;
}

template <class T>
T require(const std::map<std::string, std::string>& lines, const std::string& path, const char* word,
          std::optional<T> (*parse)(std::string_view)) {
  const auto line = lines.find(word);
  const std::optional<T> value = line != lines.end() ? parse(line->second) : std::nullopt;
  if (!value) throw KeyFileError(path + " is no file of a key: no '" + std::string(word) + "' in it", kHint);
  return *value;
}

std::string text_of(const std::string& who, const std::string& first_line, const KeyPair& own) {
  return "# A key of Zonda. Whoever has this file is " + who + ".\n" + first_line + "\nsecret " +
         to_text(own.secret) + "\n";
}

}  // namespace

std::string default_key_home() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value != nullptr ? value : "");
  };
  if (const std::string config = variable("XDG_CONFIG_HOME"); !config.empty()) return config + "/zonda";
  const std::string home = variable("HOME");
  return home.empty() ? "/etc/zonda" : home + "/.config/zonda";
}

std::string peer_key_path(const std::string& path, std::initializer_list<KeyRole> roles) {
  if (!std::filesystem::is_directory(path)) return path;
  std::string names;
  for (const KeyRole role : roles) {
    const std::string name = std::string(to_string(role)) + ".key";
    if (std::filesystem::exists(path + "/" + name)) return path + "/" + name;
    names += (names.empty() ? "" : " and no ") + name;
  }
  throw KeyFileError("there is no " + names + " in " + path, "name the file of the key itself");
}

PeerKey read_peer_key(const std::string& path) {
  const auto lines = lines_of(path);
  PeerKey key;
  for (const auto& [word, value] : lines) {
    if (const std::optional<KeyRole> role = parse_key_role(word)) {
      key.role = *role;
      key.name = value;
    } else if (word != "secret" && word != "broker") {
      throw KeyFileError(path + " is no file of a key: a word in it is none of its words", kHint);
    }
  }
  if (!is_name(key.name)) throw KeyFileError(path + " is no file of a peer's key: it has no role", kHint);
  key.keys.own = pair_of(require(lines, path, "secret", parse_secret_key));
  key.keys.broker = require(lines, path, "broker", parse_public_key);
  return key;
}

void create_peer_key(const std::string& path, const PeerKey& key) {
  const std::string role(to_string(key.role));
  create_private_file(path, text_of("the " + role + " " + key.name, role + " " + key.name, key.keys.own) +
                                "broker " + to_string(key.keys.broker) + "\n");
}

KeyPair read_broker_key(const std::string& path) {
  const auto lines = lines_of(path);
  if (lines.size() != 2 || !lines.contains("broker"))
    throw KeyFileError(path + " is no file of a broker's key", kHint);
  const KeyPair pair = pair_of(require(lines, path, "secret", parse_secret_key));
  if (parse_public_key(lines.at("broker")) != pair.public_key)
    throw KeyFileError(path + ": its public key is not that of its secret", kHint);
  return pair;
}

void create_broker_key(const std::string& path, const KeyPair& key) {
  create_private_file(path, text_of("the broker", "broker " + to_string(key.public_key), key));
}

}  // namespace zonda
