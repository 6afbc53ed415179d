#include "broker/core/sessions.h"

#include <utility>

namespace zonda {

using namespace std::chrono_literals;

namespace {
constexpr auto kInterval = 200ms;
constexpr std::size_t kSaidMax = 10'000;  // connections remembered; forgetting them all costs a repetition
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
  partial_bytes_ -= at->second->partial_bytes;
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

void Sessions::count_partial(Session& session) {
  const std::uint64_t bytes = session.in.partial_bytes() + session.sink.partial_bytes();
  partial_bytes_ += bytes - std::exchange(session.partial_bytes, bytes);
}

std::vector<Session*> Sessions::all() const {
  std::vector<Session*> found;
  for (const auto& [connection, number] : by_connection_) found.push_back(find(number));
  return found;
}

bool Rarely::may_say(Connection connection, TimePoint now) {
  if (said_.size() > kSaidMax) said_.clear();
  const auto [at, added] = said_.try_emplace(connection, now);
  if (!added && now - at->second < kInterval) return false;
  at->second = now;
  return true;
}

}  // namespace zonda
