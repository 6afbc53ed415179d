// What the command line tool needs of a client beyond the typed interface: questions, jobs of any kind, and
// their outcomes as bytes with all that is known about them. Not installed.
//
// Everything is pulled: the tool's own thread calls next() and gets outcomes, output, progress and the end in
// the order in which they came. Nothing here runs a callback.
#pragma once

#include <zonda/client_options.h>
#include <zonda/job_id.h>
#include <zonda/task_report.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "proto/messages.h"

namespace zonda {

class Client;

namespace detail {
class Engine;
class ChannelSink;
}  // namespace detail

// The answer to a question: all its pages, or why there is none.
struct QueryAnswer {
  // Answered: `code` is the broker's. Otherwise `failure` says why no answer came: kind unreachable, rejected
  // (type "unauthorized" for exit 5), or timed_out.
  ReplyCode code = ReplyCode::Ok;
  std::string text;                 // explains a code other than Ok, or the failure
  std::vector<std::string> bodies;  // msgpack, one per page; empty bodies are left out
  std::optional<TaskReport> failure;

  bool ok() const { return !failure && code == ReplyCode::Ok; }
};

// The outcome of one task.
struct TaskOutcome {
  std::uint64_t index = 0;
  std::uint8_t kind = 0;  // 0: a value, else TaskReport::Kind
  std::string
      payload;  // the encoded value, or an encoded TaskReport (may be empty: it says no more than kind)
  std::string worker;
  std::uint32_t attempt = 0;

  bool has_value() const { return kind == 0; }
  TaskReport report() const;  // of an outcome that is not a value
};

// Bytes a running command wrote. It waits while they are not taken with next(). What a broken connection took
// along is missing: see the offsets. The outcome holds the first of them again.
struct OutputEvent {
  std::uint64_t index = 0;
  std::uint32_t attempt = 0;
  Token token;              // another one: the task was given back, and begins anew
  std::uint8_t stream = 1;  // 1 stdout, 2 stderr
  std::uint64_t offset = 0;
  std::string bytes;
};

struct ProgressEvent {
  std::uint64_t index = 0;
  std::uint64_t done = 0;
  std::uint64_t total = 0;
  std::string text;
};

// Nothing comes after it. Without a failure: every task has had its outcome. With one: kind rejected (the
// broker's text; type "not_found", "signature", "conflict", "limit", "not_yours" or "invalid", or
// "unauthorized"), unreachable, lost, or cancelled (this client ended).
struct JobEnd {
  std::uint64_t count = 0;
  std::optional<TaskReport> failure;
};

using JobEvent = std::variant<TaskOutcome, OutputEvent, ProgressEvent, JobEnd>;

// One job as this client writes or reads it. Used by one thread, but for interrupt(). Its end cancels an own
// job that is neither detached nor over; one that was attached to goes on.
class JobChannel {
 public:
  JobChannel(std::shared_ptr<detail::Engine> engine, std::shared_ptr<detail::ChannelSink> sink, JobId job,
             bool own);
  ~JobChannel();
  JobChannel(const JobChannel&) = delete;
  JobChannel& operator=(const JobChannel&) = delete;

  // Changes if the job's key turns out to name an earlier job.
  JobId id() const;

  // One more task; `arguments` is one msgpack array. Tasks are gathered into batches; blocks while 64 MiB
  // wait to be accepted. Own jobs only.
  void append(std::string_view arguments);
  bool may_append() const;  // it would not block
  void flush();             // what was gathered leaves now; next(), close() and wait_accepted() do it too
  void close();             // no more tasks

  // Cancels tasks [first, first + count), or with count 0 the whole job. Their outcomes still come.
  void cancel(std::uint64_t first = 0, std::uint64_t count = 0);

  // Output of this task is wanted: it may come on although a connection broke, and took some of it along.
  void watch(std::uint64_t index);

  // The next event; empty when `timeout` passed or interrupt() was called. After JobEnd always empty.
  std::optional<JobEvent> next(std::chrono::milliseconds timeout);
  // Ends a wait of another thread, now or the next one. Not for signal handlers.
  void interrupt();

  // True once the broker has stored all that was appended, and the close if there was one. False after
  // `timeout`, or if the job ended with a failure (next() tells it).
  bool wait_accepted(std::chrono::milliseconds timeout);
  std::uint64_t appended() const { return appended_; }
  std::uint64_t accepted() const;              // tasks
  std::optional<std::uint64_t> count() const;  // of tasks in all, once the broker said that it is final

 private:
  struct Batch;
  struct Watched {  // the output of one task
    std::uint64_t index = 0;
    std::uint32_t attempt = 0;
    Token token;
    std::uint64_t taken[3] = {};  // by stream
    std::uint64_t granted = 0;
    bool silent = true;  // nothing came since then
    std::chrono::steady_clock::time_point granted_at;
  };

  void take(const OutputEvent& output);
  void grant_output();

  std::shared_ptr<detail::Engine> engine_;
  std::shared_ptr<detail::ChannelSink> sink_;
  JobId job_;
  std::unique_ptr<Batch> batch_;
  std::uint64_t appended_ = 0;
  bool own_ = false;
  bool closed_ = false;
  std::optional<Watched> watched_;
};

// What WELCOME said.
struct BrokerFacts {
  JobId store;
  std::uint64_t epoch = 0;
  std::string durability;
  std::uint64_t payload_bytes_max = 0;
};

// A client of the tool. Thread-safe.
class ClientAccess {
 public:
  explicit ClientAccess(ClientOptions options);  // throws Error if the address is malformed
  explicit ClientAccess(Client& client);         // the same connection; may outlive it
  ~ClientAccess();

  // Connects if nobody did yet. Empty once connected; otherwise why not: unreachable (also when `timeout`
  // passes first), or rejected.
  std::optional<TaskReport> wait_connected(std::chrono::milliseconds timeout);
  std::optional<BrokerFacts> broker() const;  // of the last session
  std::string address() const;                // as the messages name it
  // How long there has been no connection: zero while the broker answers at least the heartbeats, and before
  // the first connection. Costs nothing.
  std::chrono::milliseconds silence() const;

  // Asks and waits for all pages. `arguments` is a msgpack map; empty is an empty one.
  QueryAnswer ask(const std::string& what, std::string arguments, std::chrono::milliseconds timeout);

  // A job with any specification; opened at once, so that its id is known.
  std::unique_ptr<JobChannel> open(const JobSpec& spec);
  // Reads somebody's job from `position` of its outcome log. One reader a job and client.
  std::unique_ptr<JobChannel> attach(const JobId& job, std::uint64_t position = 0);

 private:
  std::shared_ptr<detail::Engine> engine_;
  bool owner_ = false;
};

}  // namespace zonda
