#include "sdk/cpp/src/client_loop.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "proto/host_name.h"
#include "proto/wire/cookie.h"
#include "sdk/cpp/src/new_job_id.h"
#include "sdk/cpp/src/submit_job.h"
#include "sdk/cpp/src/task_cost.h"
#include "sdk/cpp/src/task_reports.h"

namespace zonda {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::chrono::seconds kEndWait{1};
constexpr std::chrono::seconds kIdleCheck{10};
constexpr std::size_t kSayFramesMax = 1'024;  // said in one turn; more only when all of these are sent

// One context per process, as long as there is a client.
std::shared_ptr<ZmqContext> process_context() {
  static std::mutex mutex;
  static std::weak_ptr<ZmqContext> known;
  const std::lock_guard lock(mutex);
  std::shared_ptr<ZmqContext> context = known.lock();
  if (!context) known = context = std::make_shared<ZmqContext>();
  return context;
}

// Empty where none is wanted, or none can be had: the broker then says what it thinks of that.
std::string cookie_for(const BaseAddress& address) {
  if (address.transport == BaseAddress::Transport::Tcp && !address.is_loopback()) return {};
  try {
    return user_cookie();
  } catch (const std::runtime_error&) {
    return {};
  }
}

std::string in_seconds(milliseconds duration) {
  std::string text = std::to_string(duration.count() / 1000);
  if (duration.count() % 1000 != 0) return std::to_string(duration.count()) + "ms";
  return text + "s";
}

void refuse(Order& order, const TaskReport& failure) {
  if (auto* open = std::get_if<OpenOrder>(&order)) {
    if (open->sink) open->sink->on_end(&failure, 0);
  } else if (auto* attach = std::get_if<AttachOrder>(&order)) {
    if (attach->sink) attach->sink->on_end(&failure, 0);
  } else if (auto* append = std::get_if<AppendOrder>(&order)) {
    if (append->futures) append->futures->adopt(std::move(append->tasks));  // its job has ended
  } else if (auto* ask = std::get_if<AskOrder>(&order)) {
    if (ask->on_reply) ask->on_reply(nullptr, &failure);
  } else if (auto* connect = std::get_if<ConnectOrder>(&order)) {
    if (connect->on_known) connect->on_known(failure);
  }
}

}  // namespace

ClientLoop::ClientLoop(LoopOptions options, std::shared_ptr<Intake> intake)
    : options_(std::move(options)),
      intake_(std::move(intake)),
      table_({[this](const Welcome& welcome) { on_connected(welcome); },
              [this](const Refuse& refuse) { on_refused(refuse); },
              [this](std::string line) { intake_->callbacks().log(std::move(line)); }}) {}

void ClientLoop::run() {
  TaskReport failure = client_ended();
  try {
    if (wait_for_first_order()) {
      connect();
      while (!may_end(steady_clock::now())) turn();
      say_goodbye();
    }
  } catch (const std::exception& error) {
    failure = report_of(TaskReport::unreachable, {},
                        "cannot reach broker " + options_.address.text() + ": " + error.what());
  }
  finish(failure);
}

void ClientLoop::say_goodbye() {
  if (const std::uint64_t jobs = table_.detached_unaccepted(); jobs > 0)
    intake_->callbacks().log("ended before the broker had stored the tasks of " + std::to_string(jobs) +
                             " detached jobs; Future::wait_accepted() waits for that");
  core_->goodbye(steady_clock::now(), effects_);
  for (std::string& frame : std::exchange(effects_.frames, {})) wire_->send(std::move(frame));
  const TimePoint latest = *ending_since_ + kEndWait;
  while (core_->is_connected() && wire_->has_unsent() && steady_clock::now() < latest)
    wire_->receive_until(latest, [](std::string_view) {});
}

bool ClientLoop::wait_for_first_order() {
  while (intake_->may_sleep(0)) {
    pollfd wake{intake_->wake_descriptor(), POLLIN, 0};
    poll(&wake, 1, -1);
    if (wake.revents != 0) break;
  }
  intake_->take(orders_);
  return !orders_.empty() || !intake_->is_closed();
}

void ClientLoop::connect() {
  context_ = process_context();
  PeerWireOptions options;
  options.address = options_.address.endpoint(Port::Front);
  options.wake_ups = {intake_->wake_descriptor()};
  options.tells_denials = true;
  options.keys = options_.keys;
  wire_.emplace(*context_, std::move(options));
  Hello hello;
  hello.role = Role::Client;
  hello.sdk = "zonda-cpp/0.1.0";
  hello.peer = new_job_id();
  hello.incarnation = random_number();
  hello.name = options_.name;
  hello.host = host_name();
  hello.pid = static_cast<std::uint32_t>(getpid());
  hello.cookie = cookie_for(options_.address);
  core_.emplace(std::move(hello), random_number(), table_);
  table_.set_core(*core_);
  carry_out_orders();
  speak(steady_clock::now());
}

void ClientLoop::turn() {
  const bool sleep = intake_->may_sleep(core_->unaccepted_bytes() + kTaskOverhead * core_->unaccepted_tasks(),
                                        ending_since_.has_value());
  wire_->receive_until(sleep && !again_ ? next_deadline() : TimePoint::min(), [this](ArrivedFrame frame) {
    const TimePoint now = steady_clock::now();
    last_heard_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
    core_->handle(std::move(frame), now, effects_);
  });
  if (const std::optional<Denial> denial = wire_->take_denial())
    core_->handle(PeerSession::denied(denial->text, denial->is_certain()), steady_clock::now(), effects_);
  again_ = false;
  intake_->take(orders_);
  carry_out_orders();
  const TimePoint now = steady_clock::now();
  speak(now);
  watch_connect(now);
  if (now >= idle_check_) {
    idle_check_ = now + kIdleCheck;
    intake_->retire_idle(now);
  }
}

void ClientLoop::carry_out_orders() {
  for (Order& order : orders_) {
    if (auto* connect = std::get_if<ConnectOrder>(&order))
      connecting_.push_back(std::move(connect->on_known));
    else
      table_.carry_out(order);
  }
  orders_.clear();
}

void ClientLoop::speak(TimePoint now) {
  table_.settle();
  core_->settle(now, effects_, wire_->has_unsent() ? 0 : kSayFramesMax);
  if (table_.resume()) again_ = true;
  if (std::exchange(effects_.restart, false)) wire_->discard_unsent();
  if (std::exchange(effects_.reconnect, false)) wire_->reconnect();
  for (std::string& frame : effects_.frames) wire_->send(std::move(frame));
  effects_.frames.clear();
  if (core_->has_more() && !wire_->has_unsent()) again_ = true;
}

// Before its first answer a broker has `connect_timeout`; after that the core goes on trying for ever.
void ClientLoop::watch_connect(TimePoint now) {
  if (refused_) return give_up(*std::exchange(refused_, std::nullopt));
  if (core_->is_connected()) {
    for (const OnKnown& each : std::exchange(connecting_, {})) each(std::nullopt);
    return;
  }
  if (was_connected_) return;
  if (!has_demand()) return silent_since_.reset();
  if (!silent_since_) silent_since_ = now;
  if (now - *silent_since_ < options_.connect_timeout) return;
  const std::string why =
      last_refusal_.empty() ? "no answer in " + in_seconds(options_.connect_timeout) : last_refusal_;
  give_up(
      report_of(TaskReport::unreachable, {}, "cannot reach broker " + options_.address.text() + ": " + why));
}

void ClientLoop::give_up(const TaskReport& failure) {
  silent_since_.reset();
  for (const OnKnown& each : std::exchange(connecting_, {})) each(failure);
  table_.fail_all(failure);
}

TimePoint ClientLoop::next_deadline() const {
  TimePoint next = std::min(core_->next_deadline(), idle_check_);
  if (silent_since_) next = std::min(next, *silent_since_ + options_.connect_timeout);
  if (ending_since_) next = std::min(next, *ending_since_ + kEndWait);
  return next;
}

void ClientLoop::on_connected(const Welcome& welcome) {
  was_connected_ = true;
  asked_whether_obeyed_ = false;
  silent_since_.reset();
  last_refusal_.clear();
  const std::lock_guard lock(welcome_mutex_);
  welcome_ = welcome;
}

void ClientLoop::on_refused(const Refuse& refuse) {
  if (refuse.code == RefuseCode::Recovering) {  // it is there, and will be ready
    silent_since_.reset();
    return;
  }
  if (refuse.retry_after_ms > 0) {
    last_refusal_ = refuse.text;
    return;
  }
  if (refuse.code == RefuseCode::NotAuthorised) {
    refused_ = report_of(TaskReport::rejected, "unauthorized", refuse.text);
    return;
  }
  refused_ = report_of(TaskReport::rejected, "refused", refuse.text);
}

bool ClientLoop::may_end(TimePoint now) {
  if (!intake_->is_closed()) return false;
  if (!ending_since_) ending_since_ = now;
  if (std::exchange(orders_left_, false)) {
    again_ = true;  // a last turn for what was said before the end
    return false;
  }
  if (now - *ending_since_ >= kEndWait) return true;
  if (!core_->is_connected()) return core_->is_obeyed() && table_.detached_unaccepted() == 0;
  if (core_->has_more() || wire_->has_unsent() || table_.detached_unaccepted() > 0) return false;
  // What libzmq has taken and the kernel has not is gone when its socket is closed, linger or not.
  if (!core_->is_obeyed() && !std::exchange(asked_whether_obeyed_, true)) {
    core_->ask_whether_obeyed(now, effects_);
    again_ = true;
  }
  return core_->is_obeyed();
}

// Everybody who waits is told, also of orders that nobody carried out.
void ClientLoop::finish(const TaskReport& failure) {
  intake_->close();
  for (const OnKnown& each : std::exchange(connecting_, {})) each(failure);
  if (core_) table_.fail_all(failure);
  do {
    for (Order& order : std::exchange(orders_, {})) refuse(order, failure);
    intake_->take(orders_);
  } while (!orders_.empty());
}

// A broker that lives is heard once in a heartbeat: a silent client asks it for an answer.
milliseconds ClientLoop::silence() const {
  const std::optional<Welcome> known = welcome();
  if (!known) return milliseconds(0);
  const TimePoint heard{TimePoint::duration(last_heard_.load(std::memory_order_relaxed))};
  const TimePoint due =
      heard +
      milliseconds(static_cast<std::int64_t>(std::min<std::uint64_t>(known->heartbeat_ms, 3'600'000)));
  return std::max(milliseconds(0), std::chrono::duration_cast<milliseconds>(steady_clock::now() - due));
}

std::optional<Welcome> ClientLoop::welcome() const {
  const std::lock_guard lock(welcome_mutex_);
  return welcome_;
}

}  // namespace zonda
