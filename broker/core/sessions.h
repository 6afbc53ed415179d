// The sessions: one connection of one incarnation of one peer each, from HELLO to GOODBYE or expiry.
#pragma once

#include <zonda/job_id.h>

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <unordered_map>
#include <vector>

#include "broker/core/access.h"
#include "broker/core/clock.h"
#include "proto/lane.h"
#include "proto/messages.h"
#include "proto/wire/wire.h"

namespace zonda {

struct WorkerRecord;
struct ClientRecord;

struct Session {
  std::uint64_t number = 0;
  Connection connection;
  KeyHolder holder;
  WorkerRecord* worker = nullptr;  // one of the two
  ClientRecord* client = nullptr;
  LaneSender out;
  LaneReceiver in;
  LaneReceiver sink;
  bool resend_due = false;             // its sink lane has a gap
  std::uint64_t resend_asked = ~0ULL;  // after which frame a resend was last asked for,
  TimePoint resend_asked_at;           // and when
  std::uint64_t partial_bytes = 0;     // of messages that are not complete, as they were last counted
  std::uint64_t sink_behind = ~0ULL;   // last frame read when a heartbeat told of later ones
  std::set<JobId> reads;               // jobs whose logs it reads
  std::uint64_t on_way_outcomes = 0;   // the window: outcomes that were sent and not acknowledged,
  std::uint64_t on_way_bytes = 0;      // and their bytes
  std::uint64_t probe = ~0ULL;         // the frame that asks for a sign of life; none: ~0
  TimePoint last_heard;
  TimePoint timer_at;  // when its timer fires; older ones are void
  // Credit granted to a client: how many tasks and bytes it may have sent in this session, and how many came.
  std::uint64_t granted_tasks = 0;
  std::uint64_t granted_bytes = 0;
  std::uint64_t received_tasks = 0;
  std::uint64_t received_bytes = 0;
};

// Something that is said at most once to a connection in a while.
class Rarely {
 public:
  bool may_say(Connection connection, TimePoint now);

 private:
  std::map<Connection, TimePoint> said_;
};

class Sessions {
 public:
  // Numbers are random: who can name a session may send results for it, and those of an earlier incarnation
  // of the broker mean nothing to this one.
  explicit Sessions(std::uint64_t seed) : random_(seed) {}

  Session& open(Connection connection, TimePoint now);
  void close(std::uint64_t number);
  Session* find(std::uint64_t number) const;
  Session* find(Connection connection) const;

  std::vector<Session*> all() const;  // by connection

  // A peer that answers slowly is not asked for every frame it sent.
  bool may_ask_who(Connection connection, TimePoint now) { return asked_.may_say(connection, now); }
  // A peer that is not wanted and does not listen costs little.
  bool may_turn_away(Connection connection, TimePoint now) { return turned_away_.may_say(connection, now); }
  bool may_enrol(Connection connection, TimePoint now) { return enrolled_.may_say(connection, now); }

  // After each piece of a message. `partial_bytes()`: of all sessions.
  void count_partial(Session& session);
  std::uint64_t partial_bytes() const { return partial_bytes_; }

  std::size_t size() const { return sessions_.size(); }

 private:
  std::unordered_map<std::uint64_t, std::unique_ptr<Session>> sessions_;
  std::map<Connection, std::uint64_t> by_connection_;
  std::uint64_t partial_bytes_ = 0;
  Rarely asked_;
  Rarely turned_away_;
  Rarely enrolled_;
  std::mt19937_64 random_;
};

}  // namespace zonda
