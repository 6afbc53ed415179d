// Every message, once: what it means, its number, its fields in their order on the wire. Encoder, decoder,
// printer and golden vectors come from these lists; PROTOCOL.md explains who sends what when, and what
// happens if it is lost.
//
// Numbers are never reused and fields never reordered; new fields go to the end.
// Views (std::string_view, Column) point into the frame they were decoded from.
#pragma once

#include <zonda/job_id.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <variant>
#include <vector>

#include "proto/column.h"

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

enum class Role : std::uint8_t { Client = 1, Worker = 2 };

struct FunctionName {
  std::string name;
  std::string signature;
  static constexpr auto fields =
      std::tuple(Field{"name", &FunctionName::name}, Field{"signature", &FunctionName::signature});
  friend auto operator<=>(const FunctionName&, const FunctionName&) = default;
};

// ---------------------------------------------------------------------------------------------- sessions

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

// ---------------------------------------------------------------------------------------------- clients

// What a job runs and how. Durations in milliseconds, 0: none.
struct JobSpec {
  std::string name;
  std::string function;
  std::string signature;
  std::string queue;
  std::int32_t priority = 0;
  std::uint32_t retries = 0;
  std::uint64_t timeout_ms = 0;   // one attempt
  std::uint64_t deadline_ms = 0;  // everything, from the moment a task is accepted
  std::uint64_t delay_ms = 0;     // not before so much after it is accepted
  std::map<std::string, double> resources;
  std::map<std::string, std::string> labels;
  std::string key;
  std::uint64_t key_digest = 0;  // of the arguments that belong to the key
  bool detached = false;
  std::uint32_t fails_max = 0;  // the job is cancelled after so many failed tasks; 0: never
  static constexpr auto fields =
      std::tuple(Field{"name", &JobSpec::name}, Field{"function", &JobSpec::function},
                 Field{"signature", &JobSpec::signature}, Field{"queue", &JobSpec::queue},
                 Field{"priority", &JobSpec::priority}, Field{"retries", &JobSpec::retries},
                 Field{"timeout_ms", &JobSpec::timeout_ms}, Field{"deadline_ms", &JobSpec::deadline_ms},
                 Field{"delay_ms", &JobSpec::delay_ms}, Field{"resources", &JobSpec::resources},
                 Field{"labels", &JobSpec::labels}, Field{"key", &JobSpec::key},
                 Field{"key_digest", &JobSpec::key_digest}, Field{"detached", &JobSpec::detached},
                 Field{"fails_max", &JobSpec::fails_max});
  friend bool operator==(const JobSpec&, const JobSpec&) = default;
};

// client → broker: opens a job, or says again that it is ours; attaches its reader at `position` of the
// outcome log.
struct OpenJob {
  static constexpr auto type = MessageType::OpenJob;
  JobId job;
  JobSpec spec;
  std::uint64_t position = 0;
  std::uint64_t accepted = 0;  // tasks that the client knows to be accepted
  static constexpr auto fields =
      std::tuple(Field{"job", &OpenJob::job}, Field{"spec", &OpenJob::spec},
                 Field{"position", &OpenJob::position}, Field{"accepted", &OpenJob::accepted});
};

// client → broker: tasks [first, first + arguments.count()) of a job. A resend is byte-identical.
struct Append {
  static constexpr auto type = MessageType::Append;
  JobId job;
  std::uint64_t first = 0;
  std::uint8_t payload_kind = 0;  // 0: inline; others are reserved
  Column arguments;
  static constexpr auto fields =
      std::tuple(Field{"job", &Append::job}, Field{"first", &Append::first},
                 Field{"payload_kind", &Append::payload_kind}, Field{"arguments", &Append::arguments});
};

// client → broker: the job has `count` tasks and no more will come.
struct CloseJob {
  static constexpr auto type = MessageType::CloseJob;
  JobId job;
  std::uint64_t count = 0;
  static constexpr auto fields = std::tuple(Field{"job", &CloseJob::job}, Field{"count", &CloseJob::count});
};

// broker → client: tasks [0, count) are stored. Answers OPEN_JOB, APPEND, CLOSE_JOB and ATTACH.
struct Accepted {
  static constexpr auto type = MessageType::Accepted;
  JobId job;
  std::uint64_t count = 0;
  bool closed = false;  // count is final
  static constexpr auto fields = std::tuple(Field{"job", &Accepted::job}, Field{"count", &Accepted::count},
                                            Field{"closed", &Accepted::closed});
};

enum class JobRefusedCode : std::uint8_t {
  NotFound = 1,
  Signature = 2,
  Conflict = 3,
  Limit = 4,
  NotYours = 5,
  Invalid = 6
};

// broker → client: the job as a whole is refused, now or from now on.
struct JobRefused {
  static constexpr auto type = MessageType::JobRefused;
  JobId job;
  JobRefusedCode code = JobRefusedCode::Invalid;
  std::string text;
  static constexpr auto fields = std::tuple(Field{"job", &JobRefused::job}, Field{"code", &JobRefused::code},
                                            Field{"text", &JobRefused::text});
};

// broker → client: the key of this job names an earlier one; attach to that.
struct SameJob {
  static constexpr auto type = MessageType::SameJob;
  JobId job;
  JobId existing;
  static constexpr auto fields =
      std::tuple(Field{"job", &SameJob::job}, Field{"existing", &SameJob::existing});
};

// client → broker: read a job's outcome log from `position`, without owning the job.
struct Attach {
  static constexpr auto type = MessageType::Attach;
  JobId job;
  std::uint64_t position = 0;
  static constexpr auto fields = std::tuple(Field{"job", &Attach::job}, Field{"position", &Attach::position});
};

// A run of outcomes of consecutive tasks, all of one attempt on one worker.
struct OutcomeRange {
  std::uint64_t first = 0;
  std::uint32_t attempt = 0;
  std::string worker;
  std::string_view kinds;  // one byte a task: 0 a value, else TaskReport::Kind; empty: all are values
  Column outcomes;
  static constexpr auto fields =
      std::tuple(Field{"first", &OutcomeRange::first}, Field{"attempt", &OutcomeRange::attempt},
                 Field{"worker", &OutcomeRange::worker}, Field{"kinds", &OutcomeRange::kinds},
                 Field{"outcomes", &OutcomeRange::outcomes});
};

// broker → client: the outcome log from `position` on.
struct Outcomes {
  static constexpr auto type = MessageType::Outcomes;
  JobId job;
  std::uint64_t position = 0;
  std::vector<OutcomeRange> ranges;
  static constexpr auto fields =
      std::tuple(Field{"job", &Outcomes::job}, Field{"position", &Outcomes::position},
                 Field{"ranges", &Outcomes::ranges});
};

// client → broker: outcomes before `position` arrived; those of an attached job may be released.
struct OutcomeAck {
  static constexpr auto type = MessageType::OutcomeAck;
  JobId job;
  std::uint64_t position = 0;
  static constexpr auto fields =
      std::tuple(Field{"job", &OutcomeAck::job}, Field{"position", &OutcomeAck::position});
};

// client → broker: cancel tasks [first, first + count); count 0: the whole job, which is closed by it.
struct Cancel {
  static constexpr auto type = MessageType::Cancel;
  JobId job;
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  static constexpr auto fields =
      std::tuple(Field{"job", &Cancel::job}, Field{"first", &Cancel::first}, Field{"count", &Cancel::count});
};

// client → broker: a question or an administrator's order. `arguments` is a msgpack map.
struct Query {
  static constexpr auto type = MessageType::Query;
  std::uint64_t id = 0;
  std::string what;  // "status", "job.list", …: PROTOCOL.md
  std::string_view arguments;
  static constexpr auto fields =
      std::tuple(Field{"id", &Query::id}, Field{"what", &Query::what}, Field{"arguments", &Query::arguments});
};

enum class ReplyCode : std::uint8_t {
  Ok = 0,
  NotFound = 3,
  Refused = 4,
  NotAuthorised = 5,
  Usage = 2,
  Partly = 10
};

// broker → client: one page of the answer. `body` is a msgpack value; `text` explains a code other than Ok.
struct Reply {
  static constexpr auto type = MessageType::Reply;
  std::uint64_t id = 0;
  ReplyCode code = ReplyCode::Ok;
  std::string text;
  bool last = true;
  std::string_view body;
  static constexpr auto fields =
      std::tuple(Field{"id", &Reply::id}, Field{"code", &Reply::code}, Field{"text", &Reply::text},
                 Field{"last", &Reply::last}, Field{"body", &Reply::body});
};

// broker → client: how far a running task says it is.
struct JobProgress {
  static constexpr auto type = MessageType::JobProgress;
  JobId job;
  std::uint64_t index = 0;
  std::uint64_t done = 0;
  std::uint64_t total = 0;
  std::string text;
  static constexpr auto fields = std::tuple(
      Field{"job", &JobProgress::job}, Field{"index", &JobProgress::index}, Field{"done", &JobProgress::done},
      Field{"total", &JobProgress::total}, Field{"text", &JobProgress::text});
};

// broker → client: bytes a running command wrote. Best effort; the outcome holds them all.
struct JobOutput {
  static constexpr auto type = MessageType::JobOutput;
  JobId job;
  std::uint64_t index = 0;
  std::uint32_t attempt = 0;
  std::uint8_t stream = 1;
  std::uint64_t offset = 0;
  std::string_view bytes;
  static constexpr auto fields =
      std::tuple(Field{"job", &JobOutput::job}, Field{"index", &JobOutput::index},
                 Field{"attempt", &JobOutput::attempt}, Field{"stream", &JobOutput::stream},
                 Field{"offset", &JobOutput::offset}, Field{"bytes", &JobOutput::bytes});
};

// ---------------------------------------------------------------------------------------------- workers

// A range of tasks with all a worker needs to run it. It travels whole, so a worker keeps nothing about jobs.
struct TaskRange {
  JobId job;
  std::uint64_t first = 0;
  std::uint64_t epoch = 0;
  std::uint64_t lease = 0;
  std::uint32_t attempt = 1;
  std::string function;
  std::string signature;
  std::uint64_t timeout_ms = 0;
  Column arguments;
  static constexpr auto fields = std::tuple(
      Field{"job", &TaskRange::job}, Field{"first", &TaskRange::first}, Field{"epoch", &TaskRange::epoch},
      Field{"lease", &TaskRange::lease}, Field{"attempt", &TaskRange::attempt},
      Field{"function", &TaskRange::function}, Field{"signature", &TaskRange::signature},
      Field{"timeout_ms", &TaskRange::timeout_ms}, Field{"arguments", &TaskRange::arguments});
  Token token() const { return {epoch, lease}; }
};

// broker → worker: run these.
struct Tasks {
  static constexpr auto type = MessageType::Tasks;
  std::vector<TaskRange> ranges;
  static constexpr auto fields = std::tuple(Field{"ranges", &Tasks::ranges});
};

// Some tasks under one token, named without their payloads.
struct Held {
  JobId job;
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  std::uint64_t epoch = 0;
  std::uint64_t lease = 0;
  bool started = false;
  static constexpr auto fields = std::tuple(Field{"job", &Held::job}, Field{"first", &Held::first},
                                            Field{"count", &Held::count}, Field{"epoch", &Held::epoch},
                                            Field{"lease", &Held::lease}, Field{"started", &Held::started});
  Token token() const { return {epoch, lease}; }
  friend bool operator==(const Held&, const Held&) = default;
};

// worker → broker: these run for more than a moment. Results imply it.
struct Started {
  static constexpr auto type = MessageType::Started;
  std::vector<Held> tasks;
  static constexpr auto fields = std::tuple(Field{"tasks", &Started::tasks});
};

// broker → worker: give back what of these has not started. Answered by RETURNED, if there is any.
struct Retract {
  static constexpr auto type = MessageType::Retract;
  std::vector<Held> tasks;
  static constexpr auto fields = std::tuple(Field{"tasks", &Retract::tasks});
};

// worker → broker: not started, not mine any more.
struct Returned {
  static constexpr auto type = MessageType::Returned;
  std::vector<Held> tasks;
  static constexpr auto fields = std::tuple(Field{"tasks", &Returned::tasks});
};

// worker → broker, first thing in a session: all that it holds, running, waiting or finished. Paged.
struct Holdings {
  static constexpr auto type = MessageType::Holdings;
  std::vector<Held> tasks;
  bool last = true;
  static constexpr auto fields = std::tuple(Field{"tasks", &Holdings::tasks}, Field{"last", &Holdings::last});
};

// broker → worker: the frames of your sink lane up to this number are stored. Forget them.
struct Stored {
  static constexpr auto type = MessageType::Stored;
  std::uint64_t upto = 0;
  bool resend = false;  // a frame after it was missed: send all of them again, under their numbers
  static constexpr auto fields = std::tuple(Field{"upto", &Stored::upto}, Field{"resend", &Stored::resend});
};

// A run of outcomes under one token.
struct ResultRange {
  JobId job;
  std::uint64_t first = 0;
  std::uint64_t epoch = 0;
  std::uint64_t lease = 0;
  std::uint64_t busy_us = 0;
  std::string_view kinds;  // as in OutcomeRange
  Column outcomes;
  static constexpr auto fields =
      std::tuple(Field{"job", &ResultRange::job}, Field{"first", &ResultRange::first},
                 Field{"epoch", &ResultRange::epoch}, Field{"lease", &ResultRange::lease},
                 Field{"busy_us", &ResultRange::busy_us}, Field{"kinds", &ResultRange::kinds},
                 Field{"outcomes", &ResultRange::outcomes});
  Token token() const { return {epoch, lease}; }
};

// worker → broker's sink. Kept by the worker until STORED.
struct WorkerResults {
  static constexpr auto type = MessageType::Results;
  std::vector<ResultRange> ranges;
  static constexpr auto fields = std::tuple(Field{"ranges", &WorkerResults::ranges});
};

// worker → broker: how far a running task says it is.
struct WorkerProgress {
  static constexpr auto type = MessageType::Progress;
  JobId job;
  std::uint64_t index = 0;
  std::uint64_t epoch = 0;
  std::uint64_t lease = 0;
  std::uint64_t done = 0;
  std::uint64_t total = 0;
  std::string text;
  static constexpr auto fields =
      std::tuple(Field{"job", &WorkerProgress::job}, Field{"index", &WorkerProgress::index},
                 Field{"epoch", &WorkerProgress::epoch}, Field{"lease", &WorkerProgress::lease},
                 Field{"done", &WorkerProgress::done}, Field{"total", &WorkerProgress::total},
                 Field{"text", &WorkerProgress::text});
  Token token() const { return {epoch, lease}; }
};

// worker → broker: bytes a running command wrote.
struct Output {
  static constexpr auto type = MessageType::Output;
  JobId job;
  std::uint64_t index = 0;
  std::uint64_t epoch = 0;
  std::uint64_t lease = 0;
  std::uint32_t attempt = 0;
  std::uint8_t stream = 1;
  std::uint64_t offset = 0;
  std::string_view bytes;
  static constexpr auto fields = std::tuple(
      Field{"job", &Output::job}, Field{"index", &Output::index}, Field{"epoch", &Output::epoch},
      Field{"lease", &Output::lease}, Field{"attempt", &Output::attempt}, Field{"stream", &Output::stream},
      Field{"offset", &Output::offset}, Field{"bytes", &Output::bytes});
  Token token() const { return {epoch, lease}; }
};

// broker → worker: these are over for us, whatever you still say: stop them, forget them.
struct Stop {
  static constexpr auto type = MessageType::Stop;
  std::vector<Held> tasks;
  static constexpr auto fields = std::tuple(Field{"tasks", &Stop::tasks});
};

using Message = std::variant<Hello, Welcome, Refuse, Who, Heartbeat, Goodbye, Drain, Credit, Piece, OpenJob,
                             Append, CloseJob, Accepted, JobRefused, SameJob, Attach, Outcomes, OutcomeAck,
                             Cancel, Query, Reply, JobProgress, JobOutput, Tasks, Started, Retract, Returned,
                             Holdings, Stored, WorkerResults, WorkerProgress, Output, Stop>;

}  // namespace zonda
