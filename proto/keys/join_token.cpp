#include "proto/keys/join_token.h"

namespace zonda {
namespace {

constexpr std::string_view kBeginning = "zonda-join.";
constexpr std::size_t kKeyText = 43;

}  // namespace

std::string to_text(const JoinToken& token) {
  return std::string(kBeginning) + to_text(token.secret) + to_string(token.broker);
}

std::optional<JoinToken> parse_join_token(std::string_view text) {
  if (!text.starts_with(kBeginning) || text.size() != kBeginning.size() + 2 * kKeyText) return std::nullopt;
  const auto secret = parse_secret_key(text.substr(kBeginning.size(), kKeyText));
  const auto broker = parse_public_key(text.substr(kBeginning.size() + kKeyText));
  if (!secret || !broker) return std::nullopt;
  return JoinToken{*secret, *broker};
}

}  // namespace zonda
