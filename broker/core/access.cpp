#include "broker/core/access.h"

#include <algorithm>
#include <array>

namespace zonda {
namespace {

using namespace std::string_view_literals;
using enum MessageType;

constexpr std::array kSessions{Heartbeat, Goodbye, Credit, Piece};
constexpr std::array kWorkers{Holdings, Started, Returned, Drain, Progress, Output, Results};
constexpr std::array kReaders{Attach, OutcomeAck, Query};
constexpr std::array kOwners{OpenJob, Append, CloseJob, Cancel, OutputRoom};

constexpr std::array kReading{"status"sv,       "functions"sv, "worker.list"sv, "worker.info"sv,
                              "job.list"sv,     "job.info"sv,  "task.list"sv,   "task.info"sv,
                              "task.explain"sv, "pool.list"sv, "pool.log"sv};
constexpr std::array kOwning{"job.cancel"sv, "job.forget"sv, "job.retry"sv};
constexpr std::array kRunning{"worker.drain"sv,  "worker.stop"sv, "broker.stop"sv,
                              "broker.backup"sv, "pool.report"sv, "pool.scale"sv};

template <class T, class List>
bool is_one_of(const T& value, const List& list) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

bool is_client(KeyRole role) { return role == KeyRole::Client || role == KeyRole::Admin; }
bool is_reader(KeyRole role) { return role == KeyRole::Monitor || is_client(role); }

}  // namespace

// Without keys workers have the role of an administrator, too; what a session is for is checked beside this.
bool may_say(KeyRole role, MessageType type) {
  if (is_one_of(type, kSessions)) return true;
  if (is_one_of(type, kWorkers)) return role == KeyRole::Worker || role == KeyRole::Admin;
  if (is_one_of(type, kReaders)) return is_reader(role);
  return is_one_of(type, kOwners) && is_client(role);
}

bool may_ask(KeyRole role, std::string_view question) {
  if (is_one_of(question, kReading)) return is_reader(role);
  if (is_one_of(question, kOwning)) return is_client(role);
  return is_one_of(question, kRunning) && role == KeyRole::Admin;
}

}  // namespace zonda
