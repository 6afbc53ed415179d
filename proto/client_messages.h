// Messages between clients and the broker. See messages.h.
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
  std::uint64_t received = 0;  // outcomes, acknowledged or not
  std::uint64_t epoch = 0;     // of the last of them, as OutcomeRange says it; 0: not known
  static constexpr auto fields =
      std::tuple(Field{"job", &OpenJob::job}, Field{"spec", &OpenJob::spec},
                 Field{"position", &OpenJob::position}, Field{"accepted", &OpenJob::accepted},
                 Field{"received", &OpenJob::received}, Field{"epoch", &OpenJob::epoch});
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
  bool closed = false;          // count is final
  std::string durability = {};  // what "stored" is worth, as in WELCOME
  static constexpr auto fields =
      std::tuple(Field{"job", &Accepted::job}, Field{"count", &Accepted::count},
                 Field{"closed", &Accepted::closed}, Field{"durability", &Accepted::durability});
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
  std::uint64_t received = 0;  // as in OPEN_JOB
  std::uint64_t epoch = 0;
  static constexpr auto fields =
      std::tuple(Field{"job", &Attach::job}, Field{"position", &Attach::position},
                 Field{"received", &Attach::received}, Field{"epoch", &Attach::epoch});
};

// A run of outcomes of consecutive tasks, all of one attempt on one worker.
struct OutcomeRange {
  std::uint64_t first = 0;
  std::uint32_t attempt = 0;
  std::string worker;
  std::string_view kinds;  // one byte a task: 0 a value, else TaskReport::Kind; empty: all are values
  Column outcomes;
  std::uint64_t epoch = 0;  // of the broker that recorded them
  static constexpr auto fields =
      std::tuple(Field{"first", &OutcomeRange::first}, Field{"attempt", &OutcomeRange::attempt},
                 Field{"worker", &OutcomeRange::worker}, Field{"kinds", &OutcomeRange::kinds},
                 Field{"outcomes", &OutcomeRange::outcomes}, Field{"epoch", &OutcomeRange::epoch});
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
inline constexpr std::uint64_t kReadsNoMore = ~0ULL;  // as a position: the log is of no interest any more
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
  std::uint64_t epoch =
      0;  // with `lease` the token it runs under: a task given back runs again under another
  std::uint64_t lease = 0;
  static constexpr auto fields =
      std::tuple(Field{"job", &JobOutput::job}, Field{"index", &JobOutput::index},
                 Field{"attempt", &JobOutput::attempt}, Field{"stream", &JobOutput::stream},
                 Field{"offset", &JobOutput::offset}, Field{"bytes", &JobOutput::bytes},
                 Field{"epoch", &JobOutput::epoch}, Field{"lease", &JobOutput::lease});

  Token token() const { return {epoch, lease}; }
};

// client → broker → worker: an attempt may have said so many bytes of output in all, both streams together.
struct OutputRoom {
  static constexpr auto type = MessageType::OutputRoom;
  JobId job;
  std::uint64_t index = 0;
  std::uint32_t attempt = 0;
  std::uint64_t upto = 0;
  static constexpr auto fields =
      std::tuple(Field{"job", &OutputRoom::job}, Field{"index", &OutputRoom::index},
                 Field{"attempt", &OutputRoom::attempt}, Field{"upto", &OutputRoom::upto});
};

}  // namespace zonda
