#include "proto/keys/key_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <functional>

namespace zonda {
namespace {

constexpr const char* kListHead =
    "# Who may connect to this broker, and as what: role, public key, name.\n"
    "# The broker reads this file again when it changes; a line that is taken out ends the sessions of its "
    "key.\n";

// For as long as it lives, nobody else changes the list.
class Lock {
 public:
  explicit Lock(const std::string& path) : file_(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    if (file_ < 0 || flock(file_, LOCK_EX) != 0) {
      const int error = errno;
      if (file_ >= 0) close(file_);
      throw KeyFileError("cannot lock " + path + ": " + std::strerror(error), "");
    }
  }
  Lock(const Lock&) = delete;
  ~Lock() { close(file_); }

 private:
  int file_;
};

// The line of this name, with its end; empty if there is none.
std::string_view line_of(std::string_view text, const AuthorizedKey& key) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
    std::vector<std::string> complaints;
    const std::string_view line = text.substr(at, end - at);
    if (AuthorizedKeys::parse(line, complaints).find(key.key) != nullptr) return line;
    at = end;
  }
  return {};
}

void replace(std::string& text, std::string_view line, const std::string& by) {
  text.replace(static_cast<std::size_t>(line.data() - text.data()), line.size(), by);
}

AuthorizedKeys parsed(const std::string& text) {
  std::vector<std::string> complaints;
  return AuthorizedKeys::parse(text, complaints);
}

void append(std::string& text, const AuthorizedKey& key, const std::string& path) {
  const AuthorizedKeys known = parsed(text);
  if (known.find(key.name) != nullptr)
    throw KeyFileError("there is a key with the name " + key.name + " in " + path,
                       "'zonda keys revoke " + key.name + "' takes it away");
  if (known.find(key.key) != nullptr) throw KeyFileError("this key is in " + path + " already", "");
  if (!text.empty() && text.back() != '\n') text += '\n';
  text += line_of(key) + "\n";
}

}  // namespace

void KeyDirectory::init() const {
  std::error_code error;
  std::filesystem::create_directories(path_, error);
  if (error) throw KeyFileError("cannot make " + path_ + ": " + error.message(), "");
  if (chmod(path_.c_str(), 0700) != 0) throw KeyFileError("cannot keep " + path_ + " to ourselves", "");
  create_broker_key(broker_path(), new_key_pair());
  create_private_file(list_path(), kListHead);
}

KeyPair KeyDirectory::broker_key() const { return read_broker_key(broker_path()); }

AuthorizedKeys KeyDirectory::authorized(std::vector<std::string>& complaints) const {
  return AuthorizedKeys::parse(read_private_file(list_path()), complaints);
}

void KeyDirectory::add(const AuthorizedKey& key) const {
  const Lock lock(path_ + "/.lock");
  std::string text = read_private_file(list_path());
  append(text, key, list_path());
  replace_private_file(list_path(), text);
}

bool KeyDirectory::remove(std::string_view name) const {
  const Lock lock(path_ + "/.lock");
  std::string text = read_private_file(list_path());
  const AuthorizedKeys known = parsed(text);
  const AuthorizedKey* key = known.find(name);
  if (key == nullptr) return false;
  replace(text, line_of(text, *key), "");
  replace_private_file(list_path(), text);
  return true;
}

void KeyDirectory::enrol(const PublicKey& token, const AuthorizedKey& key,
                         std::chrono::system_clock::time_point now) const {
  const Lock lock(path_ + "/.lock");
  std::string text = read_private_file(list_path());
  const AuthorizedKeys known = parsed(text);
  const AuthorizedKey* found = known.find(token);
  if (found == nullptr || !found->is_token() || *found->uses == 0 || !found->is_valid(now))
    throw KeyFileError("the join token does not count any more", "");
  AuthorizedKey left = *found;
  --*left.uses;
  replace(text, line_of(text, *found), *left.uses > 0 ? line_of(left) + "\n" : "");
  append(text, key, list_path());
  replace_private_file(list_path(), text);
}

}  // namespace zonda
