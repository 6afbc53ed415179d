#include "proto/peer_session.h"

#include <algorithm>

namespace zonda {

using std::chrono::milliseconds;

namespace {
constexpr milliseconds kHelloWaitMax{5'000};
constexpr milliseconds kIntervalMax{3'600'000};
constexpr std::uint64_t kDeniedRetryMs = 1'000;
constexpr int kLastingWaits = 5;  // a session that lasts for so many of the next wait is a good one

// Whatever a broker says of its clock, we neither spin nor compute beyond what a clock holds.
milliseconds between(std::uint64_t told_ms, milliseconds least, milliseconds most) {
  return milliseconds(static_cast<std::int64_t>(
      std::clamp(told_ms, std::uint64_t(least.count()), std::uint64_t(most.count()))));
}
}  // namespace

PeerSession::PeerSession(Hello hello, std::uint64_t seed) : hello_(std::move(hello)), random_(seed) {
  hello_.protocol_min = kProtocolMin;
  hello_.protocol_max = kProtocolMax;
}

PeerSession::Event PeerSession::handle(std::string_view bytes, TimePoint now, PeerEffects& effects) {
  if (bytes.empty()) return Event::Nothing;
  std::variant<Frame, BadFrame> decoded = decode(bytes);
  Frame* frame = std::get_if<Frame>(&decoded);
  if (frame == nullptr) return Event::Nothing;
  const Refuse* refuse = std::get_if<Refuse>(&frame->message);
  // Perhaps of our own wire: see denied().
  const bool is_denial =
      refuse != nullptr && refuse->attempt == 0 && refuse->code == RefuseCode::NotAuthorised;
  if (!is_denial) last_heard_ = now;
  if (const Welcome* welcome = std::get_if<Welcome>(&frame->message)) {
    header_ = frame->header;
    return on_welcome(*welcome, now);
  }
  if (refuse != nullptr) return on_refuse(*refuse, now);
  if (std::holds_alternative<Who>(frame->message)) {
    begin_again(now, effects);
    return Event::Nothing;
  }
  if (!open_ || frame->header.session != number_) return Event::Nothing;  // of an older session
  header_ = frame->header;
  switch (in_.receive(*frame)) {
    case Arrival::Complete:
      if (const Heartbeat* heartbeat = std::get_if<Heartbeat>(&in_.message());
          heartbeat != nullptr && heartbeat->answer)
        say(Heartbeat{sink_sent_, false}, now, effects);
      return Event::Arrived;
    case Arrival::Partial:
    case Arrival::Duplicate: return Event::Nothing;
    case Arrival::Gap:
    case Arrival::Bad: break;
  }
  begin_again(now, effects);
  return Event::Nothing;
}

// At once, unless the last session was over soon after it had begun: something in it may be what ends it, and
// all of it would be said again and again. Brokers that are restarted in a row are not waited for longer.
void PeerSession::begin_again(TimePoint now, PeerEffects& effects) {
  if (open_ && now - opened_at_ >= std::min(heartbeat_, kLastingWaits * again_wait_))
    again_wait_ = kAgainWait;
  open_ = false;
  if (now < again_not_before_) {
    next_hello_ = again_not_before_;
    return;
  }
  again_not_before_ = now + again_wait_;
  again_wait_ = std::min(again_wait_ * 2, kHelloWaitMax);
  say_hello(now, effects);
}

PeerSession::Event PeerSession::on_welcome(const Welcome& welcome, TimePoint now) {
  if (open_ || welcome.attempt != hello_.attempt) return Event::Nothing;  // answers an older HELLO
  if (welcome.attempt == welcomed_) return Event::Nothing;  // comes again, and that session is over
  welcomed_ = welcome.attempt;
  welcome_ = welcome;
  heartbeat_ = between(welcome.heartbeat_ms, milliseconds(1), kIntervalMax);
  lease_ = between(welcome.lease_ms, milliseconds(1), kIntervalMax);
  number_ = header_.session;
  open_ = true;
  out_ = {};
  in_ = {};
  credit_tasks_ = credit_bytes_ = 0;
  hello_wait_ = kHelloRetry;
  last_sent_ = last_heartbeat_ = opened_at_ = now;
  return Event::Opened;
}

PeerSession::Event PeerSession::on_refuse(const Refuse& refuse, TimePoint now) {
  if (open_ || (refuse.attempt != hello_.attempt && refuse.attempt != 0)) return Event::Nothing;
  refusal_ = refuse;
  if (refuse.retry_after_ms > 0) {
    const std::uint64_t wait = std::min<std::uint64_t>(refuse.retry_after_ms, 60'000);
    next_hello_ = now + milliseconds(static_cast<std::int64_t>(wait / 2 + random_() % (wait + 1)));
  }
  return Event::Refused;
}

std::string PeerSession::denied(const std::string& text, bool for_good) {
  return encode(Header{}, Refuse{RefuseCode::NotAuthorised, text, for_good ? 0 : kDeniedRetryMs, 0});
}

void PeerSession::say_hello(TimePoint now, PeerEffects& effects) {
  ++hello_.attempt;
  effects.restart = true;
  effects.frames.clear();
  effects.frames.push_back(encode(Header{}, hello_));
  // Full jitter, so that a restarted broker does not meet all its peers at once.
  const auto jitter =
      milliseconds(static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(hello_wait_.count())));
  next_hello_ = now + hello_wait_ / 2 + jitter;
  hello_wait_ = std::min(hello_wait_ * 2, kHelloWaitMax);
}

// TCP does not tell us of a broker that is cut off: a connection that something in between forgot looks fine,
// and would take HELLOs for ever.
void PeerSession::watch_connection(TimePoint now, PeerEffects& effects) {
  if (connected_at_ == TimePoint{}) connected_at_ = now;  // the first
  if (now - std::max(last_heard_, connected_at_) < lease_) return;
  connected_at_ = now;
  effects.reconnect = true;
}

void PeerSession::tick(TimePoint now, PeerEffects& effects) {
  watch_connection(now, effects);
  if (open_ && now - last_heard_ >= lease_) open_ = false;  // the broker is gone, or thinks that we are
  if (!open_) {
    if (now >= next_hello_) say_hello(now, effects);
    return;
  }
  if (now - last_sent_ >= pause() || (sink_unsettled_ && now - last_heartbeat_ >= pause()) ||
      (now - last_heard_ >= pause() && now - last_heartbeat_ >= pause())) {
    last_heartbeat_ = now;
    say(Heartbeat{sink_sent_, true}, now, effects);
  }
}

TimePoint PeerSession::next_deadline() const {
  if (!open_) return next_hello_;
  TimePoint next = std::min(last_sent_, std::max(last_heard_, last_heartbeat_)) + pause();
  if (sink_unsettled_) next = std::min(next, last_heartbeat_ + pause());
  return next;
}

void PeerSession::say(const Message& message, TimePoint now, PeerEffects& effects) {
  if (!open_) return;  // the next session re-states all that matters
  Header header;
  header.session = number_;
  header.ack = in_.last();
  header.credit_tasks = credit_tasks_;
  header.credit_bytes = credit_bytes_;
  last_sent_ = now;
  for (std::string& frame : out_.pack(header, message)) effects.frames.push_back(std::move(frame));
}

}  // namespace zonda
