#include "proto/keys/key_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <functional>

#include "proto/names.h"
#include "proto/unique_fd.h"

namespace zonda {
namespace {

constexpr const char* kListHead =
    "# Who may connect to this broker, and as what: role, public key, name.\n"
    "# The broker reads this file again when it changes; a line that is taken out ends the sessions of its "
    "key.\n";

// For as long as it lives, nobody else changes the list.
class Lock {
 public:
  explicit Lock(const std::string& directory)
      : directory_(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    int locked = -1;
    while (directory_ && (locked = flock(directory_.get(), LOCK_EX)) != 0 && errno == EINTR) {
    }
    if (locked != 0) throw KeyFileError("cannot lock " + directory + ": " + std::strerror(errno), "");
  }

 private:
  UniqueFd directory_;
};

AuthorizedKeys parsed(std::string_view text) {
  std::vector<std::string> complaints;
  return AuthorizedKeys::parse(text, complaints);
}

// `edit` says for the key of each line what is to be there instead, empty for nothing; other lines stay.
std::string edited(std::string_view text, const std::function<std::string(const AuthorizedKey&)>& edit) {
  std::string result;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, std::min(text.find('\n'), text.size() - 1) + 1);
    text.remove_prefix(line.size());
    const AuthorizedKeys alone = parsed(line);
    const std::string was = alone.all().empty() ? std::string() : line_of(alone.all().front());
    const std::string is = alone.all().empty() ? std::string() : edit(alone.all().front());
    if (is == was)
      result.append(line);
    else if (!is.empty())
      result.append(is).append("\n");
  }
  return result;
}

void append(std::string& text, const AuthorizedKey& key) {
  if (!text.empty() && text.back() != '\n') text += '\n';
  text.append(line_of(key)).append("\n");
}

// Why the list cannot have it; empty: it can.
std::string objection(const AuthorizedKeys& known, const PublicKey& key, const std::string& name) {
  if (!is_name(name)) return "a key's name is [A-Za-z0-9._-]{1,128}";
  if (known.find(name) != nullptr) return "there is a key with the name " + name;
  if (known.find(key) != nullptr) return "this key is there already";
  return {};
}

void make_private_directory(const std::string& path) {
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
  if (mkdir(path.c_str(), 0700) == 0) return;
  struct stat info {};
  if (errno != EEXIST || lstat(path.c_str(), &info) != 0)
    throw KeyFileError("cannot make " + path + ": " + std::strerror(errno), "");
  if (!S_ISDIR(info.st_mode) || info.st_uid != geteuid() || (info.st_mode & 077) != 0)
    throw KeyFileError(path + " is not a directory that only we can use", "name one that is not there yet");
}

}  // namespace

// The broker's key last: once it is there, all is.
void KeyDirectory::init() const {
  make_private_directory(path_);
  const Lock lock(path_);
  const bool is_new = !std::filesystem::exists(broker_path()) && !std::filesystem::exists(list_path());
  if (is_new) create_private_file(list_path(), kListHead);
  create_broker_key(broker_path(), new_key_pair());
}

KeyPair KeyDirectory::broker_key() const { return read_broker_key(broker_path()); }

AuthorizedKeys KeyDirectory::authorized(std::vector<std::string>& complaints) const {
  return AuthorizedKeys::parse(read_private_file(list_path()), complaints);
}

void KeyDirectory::add(const AuthorizedKey& key) const {
  const Lock lock(path_);
  std::string text = read_private_file(list_path());
  if (const std::string why = objection(parsed(text), key.key, key.name); !why.empty())
    throw KeyFileError(why + " (" + list_path() + ")", "'zonda keys revoke NAME' takes a key away");
  append(text, key);
  replace_private_file(list_path(), text);
}

// Of lines that do not count, since another has their key or their name, none may begin to.
bool KeyDirectory::remove(std::string_view name) const {
  const Lock lock(path_);
  const std::string text = read_private_file(list_path());
  const AuthorizedKeys known = parsed(text);
  const AuthorizedKey* key = known.find(name);
  if (key == nullptr) return false;
  replace_private_file(list_path(), edited(text, [&](const AuthorizedKey& each) {
                         return each.key == key->key || each.name == name ? std::string() : line_of(each);
                       }));
  return true;
}

std::string KeyDirectory::enrol(const Enrolment& wanted, std::chrono::system_clock::time_point now) const {
  const Lock lock(path_);
  std::string text = read_private_file(list_path());
  const AuthorizedKeys known = parsed(text);
  if (const AuthorizedKey* same = known.find(wanted.key); same != nullptr && same->name == wanted.name)
    return {};
  const Standing standing = known.standing(wanted.token, now);
  if (standing.kind != Standing::Kind::Token) return "the join token does not count any more";
  if (std::string why = objection(known, wanted.key, wanted.name); !why.empty()) return why;
  AuthorizedKey left = *standing.key;
  --*left.uses;
  text = edited(text, [&](const AuthorizedKey& each) {
    if (each.key != wanted.token) return line_of(each);
    return each.name == left.name && *left.uses > 0 ? line_of(left) : std::string();
  });
  append(text, {wanted.key, left.role, wanted.name});
  replace_private_file(list_path(), text);
  return {};
}

}  // namespace zonda
