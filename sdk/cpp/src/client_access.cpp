#include "sdk/cpp/src/client_access.h"

#include <zonda/client.h>

#include <future>
#include <utility>

#include "proto/limits.h"
#include "sdk/cpp/src/channel_sink.h"
#include "sdk/cpp/src/engine.h"
#include "sdk/cpp/src/new_job_id.h"
#include "sdk/cpp/src/task_reports.h"

namespace zonda {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::uint64_t kAllowance = 256 << 10;  // more than a runner reads at once, of both streams
constexpr milliseconds kGrantAgain = std::chrono::seconds(3);
constexpr milliseconds kWaitMax = std::chrono::hours(24 * 365);

steady_clock::time_point after(milliseconds timeout) {
  return steady_clock::now() + std::min(timeout, kWaitMax);
}

std::string unanswered(const std::string& address) {
  return "cannot reach broker " + address + ": no answer";
}

}  // namespace

TaskReport TaskOutcome::report() const { return report_of(kind, payload); }

struct JobChannel::Batch {
  std::string lengths;
  std::string payloads;
};

JobChannel::JobChannel(std::shared_ptr<detail::Engine> engine, std::shared_ptr<detail::ChannelSink> sink,
                       JobId job, bool own)
    : engine_(std::move(engine)),
      sink_(std::move(sink)),
      job_(job),
      batch_(std::make_unique<Batch>()),
      own_(own) {}

// An open job that is detached is closed with what it has: nobody else could.
JobChannel::~JobChannel() {
  if (own_) close();
  engine_->intake()->post(LeaveOrder{sink_->job(), sink_.get()});
}

JobId JobChannel::id() const { return sink_->job(); }

void JobChannel::append(std::string_view arguments) {
  const auto length = static_cast<std::uint32_t>(arguments.size());
  batch_->lengths.append(reinterpret_cast<const char*>(&length), sizeof length);
  batch_->payloads.append(arguments);
  ++appended_;
  if (batch_->lengths.size() >= 4 * kFrameTasks || batch_->payloads.size() >= kFrameBytes) flush();
}

bool JobChannel::may_append() const { return engine_->intake()->may_append(); }

void JobChannel::flush() {
  if (batch_->lengths.empty()) return;
  engine_->intake()->append(job_, batch_->lengths, std::move(batch_->payloads));
  batch_->lengths.clear();
  batch_->payloads.clear();
}

void JobChannel::close() {
  if (std::exchange(closed_, true)) return;
  flush();
  engine_->intake()->post(CloseOrder{job_});
}

void JobChannel::cancel(std::uint64_t first, std::uint64_t count) {
  flush();
  engine_->intake()->post(CancelOrder{sink_->job(), first, count});
}

std::optional<JobEvent> JobChannel::next(milliseconds timeout) {
  flush();
  std::optional<JobEvent> event = sink_->next(after(timeout));
  if (const auto position = sink_->position_to_acknowledge())
    engine_->intake()->post(AckOrder{sink_->job(), *position});
  if (const auto* output = event ? std::get_if<OutputEvent>(&*event) : nullptr) take(*output);
  if (watched_) grant_output();
  return event;
}

void JobChannel::watch(std::uint64_t index) {
  watched_ = Watched{index, 0, {}, {}, kOutputWindow, true, steady_clock::now()};
}

void JobChannel::take(const OutputEvent& output) {
  if (output.stream > 2) return;
  if (!watched_ || watched_->index != output.index || watched_->token < output.token)
    watched_ = Watched{output.index, output.attempt, output.token, {}, kOutputWindow, true, {}};
  watched_->silent = false;
  std::uint64_t& taken = watched_->taken[output.stream];
  if (output.token == watched_->token) taken = std::max(taken, output.offset + output.bytes.size());
}

// As soon as there is much more room than was granted, and now and then in case that was lost. What a broken
// connection took along is room that nobody gives back, so a silent command gets a little more: its next
// words tell how far it is.
void JobChannel::grant_output() {
  const std::uint64_t upto =
      watched_->taken[1] + watched_->taken[2] + kOutputWindow + (watched_->silent ? kAllowance : 0);
  const auto now = std::chrono::steady_clock::now();
  if (upto < watched_->granted + kOutputWindow / 4 && now < watched_->granted_at + kGrantAgain) return;
  watched_->granted = upto;
  watched_->silent = true;
  watched_->granted_at = now;
  engine_->intake()->post(OutputRoomOrder{{sink_->job(), watched_->index, watched_->attempt, upto}});
}

void JobChannel::interrupt() { sink_->interrupt(); }

bool JobChannel::wait_accepted(milliseconds timeout) {
  flush();
  return sink_->wait_accepted(appended_, closed_, after(timeout));
}

std::uint64_t JobChannel::accepted() const { return sink_->accepted(); }
std::optional<std::uint64_t> JobChannel::count() const { return sink_->count(); }

ClientAccess::ClientAccess(ClientOptions options)
    : engine_(std::make_shared<detail::Engine>(options)), owner_(true) {}
ClientAccess::ClientAccess(Client& client) : engine_(client.engine_) {}
ClientAccess::~ClientAccess() {
  if (owner_) engine_->shut_down();
}

std::optional<TaskReport> ClientAccess::wait_connected(milliseconds timeout) {
  auto known = std::make_shared<std::promise<std::optional<TaskReport>>>();
  std::future<std::optional<TaskReport>> answer = known->get_future();
  const bool posted = engine_->intake()->post(
      ConnectOrder{[known](const std::optional<TaskReport>& failure) { known->set_value(failure); }});
  if (!posted) return client_ended();
  if (answer.wait_until(after(timeout)) == std::future_status::ready) return answer.get();
  return report_of(TaskReport::unreachable, {}, unanswered(address()));
}

std::optional<BrokerFacts> ClientAccess::broker() const {
  const std::optional<Welcome> welcome = engine_->loop().welcome();
  if (!welcome) return std::nullopt;
  return BrokerFacts{welcome->store, welcome->epoch, welcome->durability, welcome->payload_bytes_max};
}

milliseconds ClientAccess::silence() const { return engine_->loop().silence(); }

std::string ClientAccess::address() const { return engine_->loop().options().address.text(); }

QueryAnswer ClientAccess::ask(const std::string& what, std::string arguments, milliseconds timeout) {
  struct Pages {
    QueryAnswer answer;
    std::promise<void> complete;
  };
  auto pages = std::make_shared<Pages>();
  std::future<void> complete = pages->complete.get_future();
  const std::uint64_t id = engine_->intake()->next_question();
  AskOrder order{id, what, std::move(arguments), [pages](const Reply* reply, const TaskReport* failure) {
                   QueryAnswer& answer = pages->answer;
                   if (failure != nullptr) {
                     answer.failure = *failure;
                     answer.text = failure->message;
                     return pages->complete.set_value();
                   }
                   answer.code = reply->code;
                   if (!reply->text.empty()) answer.text = reply->text;
                   if (!reply->body.empty()) answer.bodies.emplace_back(reply->body);
                   if (reply->last) pages->complete.set_value();
                 }};
  QueryAnswer failed;
  if (!engine_->intake()->post(std::move(order))) {
    failed.failure = client_ended();
  } else if (complete.wait_until(after(timeout)) == std::future_status::ready) {
    return std::move(pages->answer);
  } else {
    engine_->intake()->post(UnaskOrder{id});
    failed.failure = report_of(TaskReport::timed_out, {}, "broker " + address() + " did not answer in time");
  }
  failed.text = failed.failure->message;
  return failed;
}

std::unique_ptr<JobChannel> ClientAccess::open(const JobSpec& spec) {
  const JobId job = new_job_id();
  auto sink = std::make_shared<detail::ChannelSink>(job, 0);
  if (!engine_->intake()->post(OpenOrder{job, spec, sink})) {
    const TaskReport ended = client_ended();
    sink->on_end(&ended, 0);
  }
  return std::make_unique<JobChannel>(engine_, std::move(sink), job, true);
}

std::unique_ptr<JobChannel> ClientAccess::attach(const JobId& job, std::uint64_t position) {
  auto sink = std::make_shared<detail::ChannelSink>(job, position);
  if (!engine_->intake()->post(AttachOrder{job, position, sink})) {
    const TaskReport ended = client_ended();
    sink->on_end(&ended, 0);
  }
  return std::make_unique<JobChannel>(engine_, std::move(sink), job, false);
}

}  // namespace zonda
