// What user threads want of the I/O thread, in the order in which they said it.
#pragma once

#include <zonda/job_id.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "proto/messages.h"
#include "proto/slab.h"
#include "sdk/cpp/src/job_sink.h"

namespace zonda {

class SubmitJob;

namespace detail {
class TaskState;
}

struct OpenOrder {
  JobId job;
  JobSpec spec;
  std::shared_ptr<JobSink> sink;
};
struct AttachOrder {
  JobId job;
  std::uint64_t position = 0;
  std::shared_ptr<JobSink> sink;
};
struct AppendOrder {
  JobId job;
  Slab slab;
  Column arguments;  // in the slab
  std::shared_ptr<SubmitJob> futures{};
  std::vector<std::shared_ptr<detail::TaskState>> tasks{};  // of `futures`
};
struct CloseOrder {
  JobId job;
};
// count 0: the whole job.
struct CancelOrder {
  JobId job;
  std::uint64_t first = 0;
  std::uint64_t count = 0;
};
// A job that need not be one of ours.
struct CancelAnyOrder {
  JobId job;
};
// This reader of it is gone: an own job is cancelled unless it is detached.
struct LeaveOrder {
  JobId job;
  const JobSink* sink = nullptr;
};
// More output of a command that is watched may come.
struct OutputRoomOrder {
  OutputRoom room;
};
struct AckOrder {
  JobId job;
  std::uint64_t position = 0;
};
struct AskOrder {
  // One of the two is given; the last call has a reply with last == true or a failure. On the I/O thread.
  using OnReply = std::function<void(const Reply* reply, const TaskReport* failure)>;
  std::uint64_t id = 0;
  std::string what;
  std::string arguments;
  OnReply on_reply;
};
struct UnaskOrder {
  std::uint64_t id = 0;
};
struct ConnectOrder {
  std::function<void(const std::optional<TaskReport>& failure)> on_known;  // on the I/O thread
};

using Order = std::variant<OpenOrder, AttachOrder, AppendOrder, CloseOrder, CancelOrder, CancelAnyOrder,
                           LeaveOrder, OutputRoomOrder, AckOrder, AskOrder, UnaskOrder, ConnectOrder>;

}  // namespace zonda
