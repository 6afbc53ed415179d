#include "proto/wire/zmq_broker_wire.h"

#include <algorithm>
#include <utility>

#include "proto/wire/zmq_listeners.h"

namespace zonda {
namespace {

// A router never says which peer can be written to again, so blocked ones are tried: at once, then ever less
// often.
constexpr std::chrono::milliseconds kRetryPauseMin{1};
constexpr std::chrono::milliseconds kRetryPauseMax{64};
constexpr int kFramesPerVisit = 32;
// A port that is never empty tells nobody's last words from the others': then it is told all the same.
constexpr std::chrono::milliseconds kLastWordsWait{200};

ZmqSocket socket_of(ZmqContext& context, zmq::socket_type type, const BrokerWireOptions& options) {
  SocketLimits limits = options.limits;
  if (type == zmq::socket_type::pull) limits.frames_max = options.sink_frames_max;
  ZmqSocket socket(context, type, limits);
  if (options.keys) socket.require_keys(*options.keys);
  return socket;
}

std::vector<IpcLock> lock_all(const std::vector<BaseAddress>& addresses) {
  std::vector<IpcLock> locks;
  for (const BaseAddress& address : addresses) {
    if (address.transport == BaseAddress::Transport::Ipc) locks.emplace_back(address.directory);
  }
  return locks;
}

}  // namespace

ZmqBrokerWire::ZmqBrokerWire(ZmqContext& context, BrokerWireOptions options)
    : locks_(lock_all(options.addresses)),
      asks_for_keys_(options.keys.has_value()),
      lanes_{{{Port::Front, socket_of(context, zmq::socket_type::router, options), counters_.front},
              {Port::Back, socket_of(context, zmq::socket_type::router, options), counters_.back},
              {Port::Sink, socket_of(context, zmq::socket_type::pull, options), counters_.sink}}},
      addresses_(bind_all(options.addresses,
                          {lane(Port::Front).socket, lane(Port::Back).socket, lane(Port::Sink).socket})),
      unsent_bytes_max_(options.unsent_bytes_max),
      retry_pause_(kRetryPauseMin) {
  for (Lane& each : lanes_) items_.push_back(each.socket.poll_item(ZMQ_POLLIN));
  for (const int descriptor : options.wake_ups) items_.push_back({nullptr, descriptor, ZMQ_POLLIN, 0});
}

std::string ZmqBrokerWire::front_endpoint() const {
  std::string endpoint = lanes_.front().socket.last_endpoint();
  for (const auto& [any, here] : {std::pair<std::string, std::string>{"tcp://0.0.0.0:", "tcp://127.0.0.1:"},
                                  {"tcp://[::]:", "tcp://[::1]:"}}) {
    if (endpoint.starts_with(any)) endpoint.replace(0, any.size(), here);
  }
  return endpoint;
}

void ZmqBrokerWire::add_wake_up(int descriptor) { items_.push_back({nullptr, descriptor, ZMQ_POLLIN, 0}); }

void ZmqBrokerWire::receive_until(TimePoint deadline, const OnFrame& on_frame) {
  bool something = false;
  do {
    retry_blocked();
    something = wait(deadline) || !gone_.empty();
  } while (!something && std::chrono::steady_clock::now() < deadline);
  drain(on_frame);
}

bool ZmqBrokerWire::wait(TimePoint deadline) {
  if (!gone_.empty()) deadline = TimePoint::min();  // found since the last turn, or just now: to be told
  if (!blocked_.empty()) deadline = std::min(deadline, std::chrono::steady_clock::now() + retry_pause_);
  items_[2].events = sink_read_ ? ZMQ_POLLIN : 0;
  const bool something = poll_until(deadline, items_.data(), items_.size());
  for (std::size_t i = 0; i < lanes_.size(); ++i) lanes_[i].ready = (items_[i].revents & ZMQ_POLLIN) != 0;
  return something;
}

// Round and round in small portions, so that a flood on one port costs the others no more than its share.
void ZmqBrokerWire::drain(const OnFrame& on_frame) {
  int left = kTurnFramesMax;
  first_lane_ = (first_lane_ + 1) % lanes_.size();
  for (bool something = true; something && left > 0;) {
    something = false;
    for (std::size_t i = 0; i < lanes_.size() && left > 0; ++i) {
      Lane& from = lanes_[(first_lane_ + i) % lanes_.size()];
      left -= drain_some(from, std::min(left, kFramesPerVisit), on_frame);
      something = something || from.ready;
    }
  }
  for (auto& [connection, gone] : gone_) gone.is_read = gone.is_read || !lane(connection.port).ready;
}

int ZmqBrokerWire::drain_some(Lane& from, int frames_max, const OnFrame& on_frame) {
  int frames = 0;
  while (frames < frames_max && from.ready) {
    from.ready = is_read(from) && receive_one(from, on_frame);  // the callback may have paused the sink
    if (from.ready) ++frames;
  }
  return frames;
}

// One frame, or one part of a message that is thrown away: such messages can have any number of parts, and
// each counts against the turn. False: nothing is there.
bool ZmqBrokerWire::receive_one(Lane& from, const OnFrame& on_frame) {
  const bool routed = from.port != Port::Sink && !from.discarding;
  if (routed && !from.socket.receive(from.id)) return false;
  if (!from.socket.receive(from.frame)) return false;
  const bool was_discarding = std::exchange(from.discarding, from.frame.more());
  if (was_discarding) return true;
  if (from.discarding) {
    ++counters_.multipart_dropped;
    return true;
  }
  if (routed && !is_numbered(bytes_of(from.id))) {
    ++counters_.named_peer_dropped;
    return true;
  }
  ++from.counters.frames_in;
  from.counters.bytes_in += from.frame.size();
  ArrivedFrame frame = arrived(from.frame);
  if (asks_for_keys_) {
    frame.set_sender(sender_of(from.frame));
    if (frame.sender().empty()) return ++counters_.keyless_dropped, true;
  }
  on_frame({from.port, routed ? connection_number(bytes_of(from.id)) : 0}, std::move(frame));
  return true;
}

void ZmqBrokerWire::send(Connection to, std::string frame) {
  if (gone_.contains(to)) {
    ++counters_.unreachable;
    return;
  }
  zmq::message_t message = to_message(std::move(frame));
  const auto blocked = blocked_.find(to);
  if (blocked == blocked_.end() && offer(to, message)) return;
  if (blocked == blocked_.end()) retry_pause_ = kRetryPauseMin;
  Unsent& unsent = blocked_[to];
  unsent.push(std::move(message));
  if (unsent.bytes() <= unsent_bytes_max_) return;
  ++counters_.overflowed;
  give_up(to, unsent.count());
  blocked_.erase(to);
}

// False if the connection is full. What cannot be delivered at all is dropped and done with.
bool ZmqBrokerWire::offer(Connection to, zmq::message_t& frame) {
  const std::size_t size = frame.size();
  switch (lane(to.port).socket.send_to(to.number, frame)) {
    case ZmqSocket::Sent::Full: ++counters_.full; return false;
    case ZmqSocket::Sent::Gone: give_up(to, 1); return true;
    case ZmqSocket::Sent::Yes: break;
  }
  ++lane(to.port).counters.frames_out;
  lane(to.port).counters.bytes_out += size;
  return true;
}

void ZmqBrokerWire::retry_blocked() {
  if (blocked_.empty()) return;
  bool progress = false;
  for (auto each = blocked_.begin(); each != blocked_.end();) {
    const Connection to = each->first;
    Unsent& unsent = each->second;
    unsent.offer([&](zmq::message_t& frame) {
      if (gone_.contains(to)) {
        ++counters_.unreachable;
        return true;
      }
      const bool done = offer(to, frame);
      progress = progress || done;
      return done;
    });
    each = unsent.empty() ? blocked_.erase(each) : std::next(each);
  }
  retry_pause_ = progress ? kRetryPauseMin : std::min(2 * retry_pause_, kRetryPauseMax);
}

void ZmqBrokerWire::give_up(Connection to, std::size_t frames) {
  counters_.unreachable += frames;
  gone_.try_emplace(to, Gone{std::chrono::steady_clock::now()});
}

std::vector<Connection> ZmqBrokerWire::take_gone() {
  std::vector<Connection> told;
  if (gone_.empty()) return told;
  const TimePoint latest = std::chrono::steady_clock::now() - kLastWordsWait;
  std::erase_if(gone_, [&](const auto& each) {
    const auto& [connection, gone] = each;
    const bool is_due = gone.is_read || gone.since < latest;
    if (is_due) told.push_back(connection);
    return is_due;
  });
  return told;
}

}  // namespace zonda
