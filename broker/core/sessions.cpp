#include "broker/core/sessions.h"

namespace zonda {

using namespace std::chrono_literals;

namespace {
constexpr auto kWhoInterval = 200ms;
constexpr std::size_t kAskedMax =
    10'000;  // connections remembered; forgetting them all only costs a repeated WHO
}  // namespace

Session& Sessions::open(Connection connection, TimePoint now) {
  if (const Session* before = find(connection)) close(before->number);
  std::uint64_t number = random_();
  while (number == 0 || sessions_.contains(number)) number = random_();
  Session& session = *(sessions_[number] = std::make_unique<Session>());
  session.number = number;
  session.connection = connection;
  session.last_heard = now;
  by_connection_[connection] = number;
  return session;
}

void Sessions::close(std::uint64_t number) {
  const auto at = sessions_.find(number);
  if (at == sessions_.end()) return;
  by_connection_.erase(at->second->connection);
  sessions_.erase(at);
}

Session* Sessions::find(std::uint64_t number) const {
  const auto at = sessions_.find(number);
  return at == sessions_.end() ? nullptr : at->second.get();
}

Session* Sessions::find(Connection connection) const {
  const auto at = by_connection_.find(connection);
  return at == by_connection_.end() ? nullptr : find(at->second);
}

bool Sessions::may_ask_who(Connection connection, TimePoint now) {
  if (asked_.size() > kAskedMax) asked_.clear();
  const auto [at, added] = asked_.try_emplace(connection, now);
  if (!added && now - at->second < kWhoInterval) return false;
  at->second = now;
  return true;
}

}  // namespace zonda
