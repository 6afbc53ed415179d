// The kinds of messages and how their fields are listed.
#pragma once

#include <cstdint>

namespace zonda {

enum class MessageType : std::uint8_t {
  Hello = 1,
  Welcome = 2,
  Refuse = 3,
  Who = 4,
  Heartbeat = 5,
  Goodbye = 6,
  Drain = 7,
  Credit = 8,
  Piece = 9,
  Enrol = 10,
  Enrolled = 11,
  OpenJob = 16,
  Append = 17,
  CloseJob = 18,
  Accepted = 19,
  JobRefused = 20,
  SameJob = 21,
  Attach = 22,
  Outcomes = 23,
  OutcomeAck = 24,
  Cancel = 25,
  Query = 26,
  Reply = 27,
  JobProgress = 28,
  JobOutput = 29,
  OutputRoom = 30,
  Tasks = 40,
  Started = 41,
  Retract = 42,
  Returned = 43,
  Holdings = 44,
  Stored = 45,
  Results = 46,
  Progress = 47,
  Output = 48,
  Stop = 49,
};

// A member with its name, for lists of fields.
template <class Struct, class Member>
struct Field {
  const char* name;
  Member Struct::*member;
};
template <class Struct, class Member>
Field(const char*, Member Struct::*) -> Field<Struct, Member>;

}  // namespace zonda
