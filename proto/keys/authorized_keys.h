// Who may connect to a broker, and as what: the file `authorized_keys`, one key a line.
//
//   # role   public key                                   name    until when, and for how many
//   worker   kX3lN1V4nQ0pPZb3m9m6u6r0Q7Wc8o1lB2y5d0T1s2A  lab-7
//   client   r1S…                                         jane    expires=2027-01-31T12:00:00Z
//   worker   Zq8…                                         elastic uses=20 expires=2026-12-01T08:00:00Z
//
// A key with `uses` is a join token's: it may do nothing but have so many keys of its role enrolled.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/keys/key_pair.h"

namespace zonda {

// What a key may do. Worker: run tasks. Client: submit, and see its own jobs. Monitor: see all, change
// nothing. Admin: all that clients may, with everybody's jobs, and look after workers and the broker.
enum class KeyRole : std::uint8_t { Worker = 1, Client = 2, Monitor = 3, Admin = 4 };

std::string_view to_string(KeyRole role);
std::optional<KeyRole> parse_key_role(std::string_view text);

struct AuthorizedKey {
  using Time = std::chrono::sys_seconds;

  PublicKey key;
  KeyRole role = KeyRole::Worker;
  std::string name;  // [A-Za-z0-9._-]{1,128}, no two the same
  std::optional<Time> expires{};
  std::optional<std::uint32_t> uses{};  // left, of a join token

  bool is_token() const { return uses.has_value(); }
};

// What a key is worth at some moment.
struct Standing {
  enum class Kind : std::uint8_t {
    Unknown,
    Expired,  // or all of a token's uses are gone
    Token,    // may have another enrolled
    Peer,     // may do what its role may
  };
  Kind kind = Kind::Unknown;
  const AuthorizedKey* key = nullptr;  // null if it is not known

  bool is_peer() const { return kind == Kind::Peer; }
};

// "2027-01-31T12:00:00Z"
std::string to_string(AuthorizedKey::Time time);
std::optional<AuthorizedKey::Time> parse_utc(std::string_view text);

// An immutable list; what changes is which one counts.
class AuthorizedKeys {
 public:
  AuthorizedKeys() = default;
  // A line that is not understood admits nobody; `complaints` says which and why.
  static AuthorizedKeys parse(std::string_view text, std::vector<std::string>& complaints);

  Standing standing(const PublicKey& key, std::chrono::system_clock::time_point now) const;
  // When the next of those expires that have not.
  std::optional<AuthorizedKey::Time> next_expiry(std::chrono::system_clock::time_point now) const;
  const AuthorizedKey* find(const PublicKey& key) const;
  const AuthorizedKey* find(std::string_view name) const;
  const std::vector<AuthorizedKey>& all() const { return keys_; }  // as in the file

 private:
  std::vector<AuthorizedKey> keys_;
  std::map<PublicKey, std::size_t> by_key_;
  std::map<std::string, std::size_t, std::less<>> by_name_;
};

std::string line_of(const AuthorizedKey& key);

}  // namespace zonda
