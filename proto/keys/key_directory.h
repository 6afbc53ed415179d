// What a broker knows of keys, in one directory: its own, and who may connect.
//
//   broker.key        the broker's secret
//   authorized_keys   read again whenever it changes
//
// Whoever changes the list holds a lock, so that the command line and a running broker can both do it.
#pragma once

#include <chrono>
#include <string>

#include "proto/keys/authorized_keys.h"
#include "proto/keys/enrolment.h"
#include "proto/keys/key_file.h"

namespace zonda {

class KeyDirectory {
 public:
  explicit KeyDirectory(std::string path) : path_(std::move(path)) {}

  // Makes what is not there of the directory, an empty list and the broker's key. Throws KeyFileError if the
  // key is there already, or the directory is open to others.
  void init() const;

  KeyPair broker_key() const;  // throws KeyFileError
  // Throws KeyFileError if the list cannot be read; lines that are not understood are complaints.
  AuthorizedKeys authorized(std::vector<std::string>& complaints) const;

  // One more line, on disk when this returns. Throws KeyFileError if the name or the key is there.
  void add(const AuthorizedKey& key) const;
  // False if no key has this name.
  bool remove(std::string_view name) const;
  // Adds a key of the token's role and takes one use off the token, which is gone after its last; what was
  // done already is done. Returns why not: the token does not count any more, or the name is another's.
  std::string enrol(const Enrolment& wanted, std::chrono::system_clock::time_point now) const;

  std::string list_path() const { return path_ + "/authorized_keys"; }
  std::string broker_path() const { return path_ + "/broker.key"; }

 private:
  std::string path_;
};

}  // namespace zonda
