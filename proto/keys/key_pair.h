// The key pairs of CurveZMQ (ZeroMQ RFC 26; X25519). Who holds the secret is who the public key names.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace zonda {

inline constexpr std::size_t kKeyBytes = 32;

struct PublicKey {
  std::array<std::uint8_t, kKeyBytes> bytes{};

  friend auto operator<=>(const PublicKey&, const PublicKey&) = default;
};

// Wiped when it goes; never printed but into files and tokens.
class SecretKey {
 public:
  SecretKey() = default;
  SecretKey(const SecretKey&) = default;
  SecretKey& operator=(const SecretKey&) = default;
  ~SecretKey();

  std::array<std::uint8_t, kKeyBytes> bytes{};
};

struct KeyPair {
  PublicKey public_key;
  SecretKey secret;
};

// What a peer needs to connect: its own keys, and the broker's, which proves that it is the broker.
struct CurveKeys {
  KeyPair own;
  PublicKey broker;
};

KeyPair new_key_pair();
KeyPair pair_of(const SecretKey& secret);

// 43 characters of [A-Za-z0-9_-] (base64url, RFC 4648), which no shell and no file format minds.
std::string to_string(const PublicKey& key);
std::string to_text(const SecretKey& key);
std::optional<PublicKey> parse_public_key(std::string_view text);
std::optional<SecretKey> parse_secret_key(std::string_view text);

}  // namespace zonda
