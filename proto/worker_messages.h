// Messages between workers and the broker. See messages.h.
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

}  // namespace zonda
