#include "proto/peer_session.h"

#include <algorithm>

namespace zonda {

using std::chrono::milliseconds;

namespace {
constexpr milliseconds kHelloWaitMax{5'000};
}

PeerSession::PeerSession(Hello hello, std::uint64_t seed) : hello_(std::move(hello)), random_(seed) {
  hello_.protocol_min = kProtocolMin;
  hello_.protocol_max = kProtocolMax;
}

PeerSession::Event PeerSession::handle(std::string_view bytes, TimePoint now, PeerEffects& effects) {
  if (bytes.empty()) return Event::Nothing;
  std::variant<Frame, BadFrame> decoded = decode(bytes);
  Frame* frame = std::get_if<Frame>(&decoded);
  if (frame == nullptr) return Event::Nothing;
  last_heard_ = now;
  if (const Welcome* welcome = std::get_if<Welcome>(&frame->message)) {
    header_ = frame->header;
    return on_welcome(*welcome, now);
  }
  if (const Refuse* refuse = std::get_if<Refuse>(&frame->message)) return on_refuse(*refuse, now);
  if (std::holds_alternative<Who>(frame->message)) {
    open_ = false;
    say_hello(now, effects);
    return Event::Nothing;
  }
  if (!open_ || frame->header.session != number_) return Event::Nothing;  // of an older session
  header_ = frame->header;
  switch (in_.receive(*frame)) {
    case Arrival::Complete:
      return Event::Arrived;
    case Arrival::Partial:
    case Arrival::Duplicate:
      return Event::Nothing;
    case Arrival::Gap:
    case Arrival::Bad:
      break;
  }
  open_ = false;
  say_hello(now, effects);
  return Event::Nothing;
}

PeerSession::Event PeerSession::on_welcome(const Welcome& welcome, TimePoint now) {
  if (open_ || welcome.attempt != hello_.attempt) return Event::Nothing;  // answers an older HELLO
  welcome_ = welcome;
  number_ = header_.session;
  open_ = true;
  out_ = {};
  in_ = {};
  credit_tasks_ = credit_bytes_ = 0;
  hello_wait_ = kHelloRetry;
  last_sent_ = last_heartbeat_ = now;
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

void PeerSession::tick(TimePoint now, PeerEffects& effects) {
  const auto lease = milliseconds(static_cast<std::int64_t>(std::max<std::uint64_t>(welcome_.lease_ms, 1)));
  if (open_ && now - last_heard_ >= lease) open_ = false;  // the broker is gone, or thinks that we are
  if (!open_) {
    if (now >= next_hello_) say_hello(now, effects);
    return;
  }
  const auto heartbeat = milliseconds(static_cast<std::int64_t>(welcome_.heartbeat_ms));
  if (now - last_sent_ >= heartbeat || (sink_unsettled_ && now - last_heartbeat_ >= heartbeat) ||
      (now - last_heard_ >= heartbeat && now - last_heartbeat_ >= heartbeat)) {
    last_heartbeat_ = now;
    say(Heartbeat{sink_sent_, true}, now, effects);
  }
}

TimePoint PeerSession::next_deadline() const {
  if (!open_) return next_hello_;
  const auto heartbeat = milliseconds(static_cast<std::int64_t>(welcome_.heartbeat_ms));
  TimePoint next = std::min(last_sent_ + heartbeat, std::max(last_heard_, last_heartbeat_) + heartbeat);
  if (sink_unsettled_) next = std::min(next, last_heartbeat_ + heartbeat);
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
