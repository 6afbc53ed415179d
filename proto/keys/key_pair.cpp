#include "proto/keys/key_pair.h"

#include <sodium.h>

#include <stdexcept>

namespace zonda {
namespace {

static_assert(kKeyBytes == crypto_box_PUBLICKEYBYTES && kKeyBytes == crypto_box_SECRETKEYBYTES);

void require_sodium() {
  if (sodium_init() < 0) throw std::runtime_error("libsodium cannot be used: no random bytes");
}

using Bytes = std::array<std::uint8_t, kKeyBytes>;

std::string text_of(const Bytes& bytes) {
  char text[sodium_base64_ENCODED_LEN(kKeyBytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING)];
  return sodium_bin2base64(text, sizeof text, bytes.data(), bytes.size(),
                           sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

bool read(std::string_view text, Bytes& bytes) {
  std::size_t size = 0;
  return sodium_base642bin(bytes.data(), bytes.size(), text.data(), text.size(), nullptr, &size, nullptr,
                           sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 &&
         size == bytes.size();
}

}  // namespace

SecretKey::~SecretKey() { sodium_memzero(bytes.data(), bytes.size()); }

KeyPair new_key_pair() {
  require_sodium();
  KeyPair pair;
  crypto_box_keypair(pair.public_key.bytes.data(), pair.secret.bytes.data());
  return pair;
}

KeyPair pair_of(const SecretKey& secret) {
  require_sodium();
  KeyPair pair{{}, secret};
  crypto_scalarmult_base(pair.public_key.bytes.data(), secret.bytes.data());
  return pair;
}

std::string to_string(const PublicKey& key) { return text_of(key.bytes); }
std::string to_text(const SecretKey& key) { return text_of(key.bytes); }

std::optional<PublicKey> parse_public_key(std::string_view text) {
  PublicKey key;
  return read(text, key.bytes) ? std::optional(key) : std::nullopt;
}

std::optional<SecretKey> parse_secret_key(std::string_view text) {
  SecretKey key;
  return read(text, key.bytes) ? std::optional(key) : std::nullopt;
}

}  // namespace zonda
