// A deployment's keys in one directory: the broker's, who may connect, and the keys that were made.
//
//   broker.key        the broker's secret
//   authorized_keys   read again whenever it changes
//   NAME.key          of a peer: to be copied to where it runs, and best moved
//
// Whoever changes the list holds a lock, so that the command line and a running broker can both do it.
#pragma once

#include <chrono>
#include <string>

#include "proto/keys/authorized_keys.h"
#include "proto/keys/key_file.h"

namespace zonda {

class KeyDirectory {
 public:
  explicit KeyDirectory(std::string path) : path_(std::move(path)) {}

  // Makes the directory, the broker's key and an empty list. Throws KeyFileError, also if there are any.
  void init() const;

  KeyPair broker_key() const;  // throws KeyFileError
  // Throws KeyFileError if the list cannot be read; lines that are not understood are complaints.
  AuthorizedKeys authorized(std::vector<std::string>& complaints) const;

  // One more line, on disk when this returns. Throws KeyFileError if the name or the key is there.
  void add(const AuthorizedKey& key) const;
  // False if no key has this name.
  bool remove(std::string_view name) const;
  // Adds `key` and takes one use off the token; drops the token after its last. Throws KeyFileError if it
  // does not count any more.
  void enrol(const PublicKey& token, const AuthorizedKey& key,
             std::chrono::system_clock::time_point now) const;

  std::string list_path() const { return path_ + "/authorized_keys"; }
  std::string broker_path() const { return path_ + "/broker.key"; }
  std::string key_path(const std::string& name) const { return path_ + "/" + name + ".key"; }

 private:
  std::string path_;
};

}  // namespace zonda
