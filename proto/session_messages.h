// Messages that open, keep and end a session. See messages.h.
#pragma once

#include <zonda/job_id.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "proto/column.h"
#include "proto/message_type.h"

namespace zonda {

enum class Role : std::uint8_t { Client = 1, Worker = 2 };

struct FunctionName {
  std::string name;
  std::string signature;
  static constexpr auto fields =
      std::tuple(Field{"name", &FunctionName::name}, Field{"signature", &FunctionName::signature});
  friend auto operator<=>(const FunctionName&, const FunctionName&) = default;
};

// peer → broker: opens a session, or resumes after a lost connection (same peer and incarnation).
struct Hello {
  static constexpr auto type = MessageType::Hello;
  Role role = Role::Client;
  std::uint8_t protocol_min = 0;
  std::uint8_t protocol_max = 0;
  std::uint64_t attempt = 0;      // grows with every HELLO of this incarnation; WELCOME echoes it
  std::string sdk;                // "zonda-cpp/0.1.0"
  JobId peer;                     // who, as long as its process or its configured name lives
  std::uint64_t incarnation = 0;  // random per process start
  std::string name;               // for people; unique among live workers
  std::string host;
  std::uint32_t pid = 0;
  std::string cookie;  // what the broker wrote to the user's runtime directory
  bool draining = false;
  std::uint32_t slots = 0;
  std::vector<std::string> queues;
  std::map<std::string, double> resources;
  std::map<std::string, std::string> labels;
  std::vector<FunctionName> functions;
  static constexpr auto fields = std::tuple(
      Field{"role", &Hello::role}, Field{"protocol_min", &Hello::protocol_min},
      Field{"protocol_max", &Hello::protocol_max}, Field{"attempt", &Hello::attempt},
      Field{"sdk", &Hello::sdk}, Field{"peer", &Hello::peer}, Field{"incarnation", &Hello::incarnation},
      Field{"name", &Hello::name}, Field{"host", &Hello::host}, Field{"pid", &Hello::pid},
      Field{"cookie", &Hello::cookie}, Field{"draining", &Hello::draining}, Field{"slots", &Hello::slots},
      Field{"queues", &Hello::queues}, Field{"resources", &Hello::resources}, Field{"labels", &Hello::labels},
      Field{"functions", &Hello::functions});
};

// broker → peer: the session named in the header is open; both sides count from 1 again.
struct Welcome {
  static constexpr auto type = MessageType::Welcome;
  std::uint8_t protocol = 0;
  std::uint64_t attempt = 0;  // of the HELLO it answers
  JobId store;                // changes when the broker lost its memory
  std::uint64_t epoch = 0;
  std::string back;  // addresses; empty: by convention
  std::string sink;
  std::uint64_t heartbeat_ms = 0;
  std::uint64_t lease_ms = 0;
  std::uint64_t payload_bytes_max = 0;
  std::string durability;  // "memory", "fsync", "batch"
  static constexpr auto fields = std::tuple(
      Field{"protocol", &Welcome::protocol}, Field{"attempt", &Welcome::attempt},
      Field{"store", &Welcome::store}, Field{"epoch", &Welcome::epoch}, Field{"back", &Welcome::back},
      Field{"sink", &Welcome::sink}, Field{"heartbeat_ms", &Welcome::heartbeat_ms},
      Field{"lease_ms", &Welcome::lease_ms}, Field{"payload_bytes_max", &Welcome::payload_bytes_max},
      Field{"durability", &Welcome::durability});
};

enum class RefuseCode : std::uint8_t {
  Version = 1,
  NameTaken = 2,
  NotAuthorised = 3,
  Recovering = 4,
  Malformed = 5,
  Full = 6,
  ShuttingDown = 7,
};

// broker → peer: no session. retry_after_ms 0: trying again will not help.
struct Refuse {
  static constexpr auto type = MessageType::Refuse;
  RefuseCode code = RefuseCode::Malformed;
  std::string text;
  std::uint64_t retry_after_ms = 0;
  std::uint64_t attempt = 0;  // of the HELLO it answers
  static constexpr auto fields =
      std::tuple(Field{"code", &Refuse::code}, Field{"text", &Refuse::text},
                 Field{"retry_after_ms", &Refuse::retry_after_ms}, Field{"attempt", &Refuse::attempt});
};

// peer → broker, by the key of a join token: let this key of mine be of the token's role from now on.
struct Enrol {
  static constexpr auto type = MessageType::Enrol;
  std::string key;   // public, as text
  std::string name;  // of it, unique among keys
  static constexpr auto fields = std::tuple(Field{"key", &Enrol::key}, Field{"name", &Enrol::name});
};

// broker → peer: it is. Come again with that key.
struct Enrolled {
  static constexpr auto type = MessageType::Enrolled;
  std::string key;
  std::string role;  // "worker"
  static constexpr auto fields = std::tuple(Field{"key", &Enrolled::key}, Field{"role", &Enrolled::role});
};

// broker → peer: your session is not known, or a frame of it is missing. Say HELLO.
struct Who {
  static constexpr auto type = MessageType::Who;
  static constexpr std::tuple<> fields{};
};

// Both ways, when nothing else was said for a while. The broker answers a peer's.
struct Heartbeat {
  static constexpr auto type = MessageType::Heartbeat;
  std::uint64_t sink_sent = 0;  // worker: number of its last frame to the sink
  bool answer = false;          // please answer
  static constexpr auto fields =
      std::tuple(Field{"sink_sent", &Heartbeat::sink_sent}, Field{"answer", &Heartbeat::answer});
};

// peer → broker: the session is over; nothing is held and nothing is expected.
struct Goodbye {
  static constexpr auto type = MessageType::Goodbye;
  static constexpr std::tuple<> fields{};
};

// broker → worker: leave when you are done. worker → broker: I shall; give me nothing new.
struct Drain {
  static constexpr auto type = MessageType::Drain;
  static constexpr std::tuple<> fields{};
};

// Both ways: nothing but the header, whose credit matters.
struct Credit {
  static constexpr auto type = MessageType::Credit;
  static constexpr std::tuple<> fields{};
};

// Both ways, all lanes: part of a message larger than a frame. Pieces of one message follow each other on
// their lane.
struct Piece {
  static constexpr auto type = MessageType::Piece;
  std::uint64_t total = 0;   // size of the whole message's frame
  std::uint64_t offset = 0;  // of these bytes in it
  std::string_view bytes;
  static constexpr auto fields = std::tuple(Field{"total", &Piece::total}, Field{"offset", &Piece::offset},
                                            Field{"bytes", &Piece::bytes});
};

}  // namespace zonda
