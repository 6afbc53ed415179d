#include "proto/keys/authorized_keys.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <utility>

#include "proto/names.h"

namespace zonda {
namespace {

constexpr std::array<std::pair<std::string_view, KeyRole>, 4> kRoles{{{"worker", KeyRole::Worker},
                                                                      {"client", KeyRole::Client},
                                                                      {"monitor", KeyRole::Monitor},
                                                                      {"admin", KeyRole::Admin}}};
constexpr std::uint32_t kUsesMax = 1'000'000;

std::vector<std::string_view> words_of(std::string_view line) {
  constexpr std::string_view kBlanks = " \t\r";
  std::vector<std::string_view> words;
  for (std::size_t at = line.find_first_not_of(kBlanks); at != std::string_view::npos;
       at = line.find_first_not_of(kBlanks, at)) {
    const std::size_t end = std::min(line.find_first_of(kBlanks, at), line.size());
    words.push_back(line.substr(at, end - at));
    at = end;
  }
  return words;
}

template <class T>
std::optional<T> number_of(std::string_view text) {
  T number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

std::string quoted(std::string_view word) {
  std::string text(1, '\'');
  text.append(word).push_back('\'');
  return text;
}

// The option's value, if that is what the word is.
std::optional<std::string_view> value_of(std::string_view word, std::string_view option) {
  if (!word.starts_with(option)) return std::nullopt;
  return word.substr(option.size());
}

// What is wrong with the line; nothing if it became a key.
std::string read(const std::vector<std::string_view>& words, AuthorizedKey& entry) {
  if (words.size() < 3) return "a line has a role, a key and a name";
  const std::optional<KeyRole> role = parse_key_role(words[0]);
  if (!role) return quoted(words[0]) + " is no role: worker, client, monitor or admin";
  const std::optional<PublicKey> key = parse_public_key(words[1]);
  if (!key) return quoted(words[1]) + " is no public key: 43 characters of [A-Za-z0-9_-]";
  if (!is_name(words[2])) return quoted(words[2]) + " is no name: [A-Za-z0-9._-]{1,128}";
  entry = {*key, *role, std::string(words[2])};
  for (std::size_t at = 3; at < words.size(); ++at) {
    if (const auto expires = value_of(words[at], "expires=")) {
      entry.expires = parse_utc(*expires);
      if (!entry.expires) return quoted(*expires) + " is no time like 2027-01-31T12:00:00Z";
    } else if (const auto uses = value_of(words[at], "uses=")) {
      entry.uses = number_of<std::uint32_t>(*uses);
      if (!entry.uses || *entry.uses > kUsesMax) return quoted(*uses) + " is no number of uses";
    } else {
      return quoted(words[at]) + " is neither expires=TIME nor uses=N";
    }
  }
  return {};
}

}  // namespace

std::string_view to_string(KeyRole role) {
  return std::find_if(kRoles.begin(), kRoles.end(), [&](const auto& each) { return each.second == role; })
      ->first;
}

std::optional<KeyRole> parse_key_role(std::string_view text) {
  const auto found =
      std::find_if(kRoles.begin(), kRoles.end(), [&](const auto& each) { return each.first == text; });
  return found != kRoles.end() ? std::optional(found->second) : std::nullopt;
}

std::string to_string(AuthorizedKey::Time time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  char text[32];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text;
}

std::optional<AuthorizedKey::Time> parse_utc(std::string_view text) {
  using namespace std::chrono;
  if (text.size() != 20) return std::nullopt;
  const auto part = [&](std::size_t at, std::size_t size) {
    return number_of<unsigned>(text.substr(at, size));
  };
  const auto year = part(0, 4), month = part(5, 2), day = part(8, 2);
  const auto hour = part(11, 2), minute = part(14, 2), second = part(17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const year_month_day date(std::chrono::year(static_cast<int>(*year)), std::chrono::month(*month),
                            std::chrono::day(*day));
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  const AuthorizedKey::Time time = sys_days(date) + hours(*hour) + minutes(*minute) + seconds(*second);
  return to_string(time) == text ? std::optional(time) : std::nullopt;  // the separators, too
}

AuthorizedKeys AuthorizedKeys::parse(std::string_view text, std::vector<std::string>& complaints) {
  AuthorizedKeys keys;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::vector<std::string_view> words = words_of(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (words.empty() || words.front().starts_with('#')) continue;
    AuthorizedKey entry;
    std::string wrong = read(words, entry);
    if (wrong.empty() && keys.find(entry.key) != nullptr) wrong = "the key is there twice";
    if (wrong.empty() && keys.find(entry.name) != nullptr)
      wrong = "the name " + quoted(entry.name) + " is there twice";
    if (!wrong.empty()) {
      complaints.push_back("line " + std::to_string(number) + ": " + wrong);
      continue;
    }
    keys.by_key_.emplace(entry.key, keys.keys_.size());
    keys.by_name_.emplace(entry.name, keys.keys_.size());
    keys.keys_.push_back(std::move(entry));
  }
  return keys;
}

Standing AuthorizedKeys::standing(const PublicKey& key, std::chrono::system_clock::time_point now) const {
  const AuthorizedKey* found = find(key);
  if (found == nullptr) return {};
  if ((found->expires && *found->expires <= now) || found->uses == 0u)
    return {Standing::Kind::Expired, found};
  return {found->is_token() ? Standing::Kind::Token : Standing::Kind::Peer, found};
}

std::optional<AuthorizedKey::Time> AuthorizedKeys::next_expiry(
    std::chrono::system_clock::time_point now) const {
  std::optional<AuthorizedKey::Time> next;
  for (const AuthorizedKey& key : keys_) {
    if (key.expires && *key.expires > now && (!next || *key.expires < *next)) next = key.expires;
  }
  return next;
}

const AuthorizedKey* AuthorizedKeys::find(const PublicKey& key) const {
  const auto found = by_key_.find(key);
  return found != by_key_.end() ? &keys_[found->second] : nullptr;
}

const AuthorizedKey* AuthorizedKeys::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found != by_name_.end() ? &keys_[found->second] : nullptr;
}

std::string line_of(const AuthorizedKey& key) {
  std::string line(to_string(key.role));
  line.append(" ").append(to_string(key.key)).append(" ").append(key.name);
  if (key.expires) line += " expires=" + to_string(*key.expires);
  if (key.uses) line += " uses=" + std::to_string(*key.uses);
  return line;
}

}  // namespace zonda
