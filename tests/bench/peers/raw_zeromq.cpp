// The floor: what ZeroMQ itself does on the way of a task, and nothing else. Frames go DEALER → ROUTER →
// DEALER to a worker, which returns them, and PUSH → PULL → ROUTER → DEALER back. Nobody remembers, decodes
// or counts what is in them.
//   raw_zeromq broker BASE | worker BASE          BASE: tcp://HOST:PORT or ipc://DIRECTORY, three endpoints
//   raw_zeromq throughput BASE FRAMES TASKS BYTES TASKS of BYTES in each frame; prints tasks and seconds
//   raw_zeromq latency BASE COUNT                 one frame of one task at a time
//   raw_zeromq there|back BASE FRAMES BYTES       frames of so many bytes one way, small ones the other
#include <cstring>
#include <deque>
#include <iostream>
#include <string>
#include <zmq.hpp>

#include "proto/wire/heap.h"
#include "tests/bench/peers/report.h"

using namespace zonda::bench;

namespace {

constexpr std::uint64_t kWindow =
    256;                            // frames on their way: fewer than any queue holds, so that none is lost
constexpr std::size_t kTurn = 256;  // frames of one socket in turn
constexpr std::uint64_t kStreamWindow = 64;  // of large frames

std::string endpoint(const std::string& base, int lane) {
  if (base.starts_with("ipc://")) return base + "/" + std::to_string(lane);
  const std::size_t colon = base.rfind(':');
  return base.substr(0, colon + 1) + std::to_string(std::stoi(base.substr(colon + 1)) + lane);
}

enum Lane { kFront, kBack, kSink };

// How each frame begins.
struct Head {
  std::uint64_t number;
  std::uint64_t back;  // bytes wanted back
};

zmq::message_t filled(const Head& head, std::size_t bytes) {
  expect(bytes >= sizeof head, "a frame needs room for its head");
  zmq::message_t frame(bytes);
  std::memset(frame.data(), 'x', bytes);
  std::memcpy(frame.data(), &head, sizeof head);
  return frame;
}

bool take(zmq::socket_t& socket, zmq::message_t& message) {
  return socket.recv(message, zmq::recv_flags::dontwait).has_value();
}

void send(zmq::socket_t& socket, zmq::message_t&& message, zmq::send_flags flags = zmq::send_flags::none) {
  expect(socket.send(std::move(message), flags).has_value(), "a frame could not be sent");
}

[[noreturn]] void forward(zmq::context_t& context, const std::string& base) {
  zmq::socket_t front(context, ZMQ_ROUTER), back(context, ZMQ_ROUTER), sink(context, ZMQ_PULL);
  front.bind(endpoint(base, kFront));
  back.bind(endpoint(base, kBack));
  sink.bind(endpoint(base, kSink));
  zmq::pollitem_t items[] = {{front, 0, ZMQ_POLLIN, 0}, {back, 0, ZMQ_POLLIN, 0}, {sink, 0, ZMQ_POLLIN, 0}};
  zmq::message_t client, worker, from, frame;
  const auto send_to = [](zmq::socket_t& router, const zmq::message_t& peer, zmq::message_t& what) {
    send(router, zmq::message_t(peer.data(), peer.size()), zmq::send_flags::sndmore);
    send(router, std::move(what));
  };
  for (;;) {
    zmq::poll(items, 3, std::chrono::milliseconds(-1));
    for (std::size_t left = kTurn; left > 0 && take(back, from); --left) {  // it is there
      expect(take(back, frame), "a worker without a word");
      worker.move(from);
    }
    for (std::size_t left = kTurn; left > 0 && worker.size() > 0 && take(front, from); --left) {
      expect(take(front, frame), "a client without a word");
      client.move(from);
      send_to(back, worker, frame);
    }
    for (std::size_t left = kTurn; left > 0 && take(sink, frame); --left) send_to(front, client, frame);
  }
}

[[noreturn]] void work(zmq::context_t& context, const std::string& base) {
  zmq::socket_t back(context, ZMQ_DEALER), sink(context, ZMQ_PUSH);
  back.connect(endpoint(base, kBack));
  sink.connect(endpoint(base, kSink));
  send(back, zmq::message_t());
  for (zmq::message_t frame;;) {
    expect(back.recv(frame).has_value(), "nothing came");
    if (frame.size() >= sizeof(Head)) {
      Head head;
      std::memcpy(&head, frame.data(), sizeof head);
      if (head.back != frame.size()) frame = filled(head, head.back);
    }
    send(sink, std::move(frame));
  }
}

// Sends so many numbered frames, `window` at a time, and sees each of them come back in order and in size.
template <class Each>
void echo(zmq::socket_t& socket, std::uint64_t frames, std::size_t there, std::size_t back,
          std::uint64_t window, Each each) {
  zmq::message_t frame;
  for (std::uint64_t sent = 0, seen = 0; seen < frames;) {
    for (; sent < frames && sent - seen < window; ++sent) send(socket, filled({sent, back}, there));
    expect(socket.recv(frame).has_value() && frame.size() == back, "a frame came back changed");
    expect(std::memcmp(frame.data(), &seen, sizeof seen) == 0, "a frame is missing");
    ++seen;
    each();
  }
}

void measure(zmq::context_t& context, const std::string& what, const std::string& base, std::uint64_t frames,
             std::uint64_t tasks, std::size_t bytes) {
  zmq::socket_t socket(context, ZMQ_DEALER);
  socket.connect(endpoint(base, kFront));
  const auto nothing = [] {};
  echo(socket, 1'000, sizeof(Head), sizeof(Head), 1, nothing);  // connected and warm
  auto began = Clock::now();
  if (what == "latency") {
    std::vector<double> latencies;
    echo(socket, frames, bytes, bytes, 1, [&] {
      latencies.push_back(seconds_since(began));
      began = Clock::now();
    });
    return print_latencies(std::move(latencies));
  }
  if (what == "throughput") {
    echo(socket, frames, tasks * bytes, tasks * bytes, kWindow, nothing);
  } else {
    const std::size_t there = what == "there" ? bytes : sizeof(Head);
    const std::size_t back = what == "back" ? bytes : sizeof(Head);
    echo(socket, kStreamWindow, there, back, kStreamWindow, nothing);  // warm for these, too
    began = Clock::now();
    echo(socket, frames, there, back, kStreamWindow, nothing);
  }
  print_rate(frames * tasks, seconds_since(began));
}

}  // namespace

int main(int argc, char** argv) try {
  const std::vector<std::string> words(argv + 1, argv + argc);
  expect(words.size() >= 2,
         "usage: raw_zeromq broker|worker|throughput|latency|there|back BASE [COUNT ...]; see its source");
  const auto number = [&](std::size_t at) { return std::stoull(words.at(at)); };
  zonda::keep_freed_memory();  // as Zonda's programs do
  zmq::context_t context;
  const std::string& what = words.at(0);
  const std::string& base = words.at(1);
  if (what == "broker") forward(context, base);
  if (what == "worker") work(context, base);
  if (what == "throughput") measure(context, what, base, number(2), number(3), number(4));
  if (what == "latency") measure(context, what, base, number(2), 1, 32);
  if (what == "there" || what == "back") measure(context, what, base, number(2), 1, number(3));
} catch (const std::exception& error) {
  std::cerr << "raw_zeromq: " << error.what() << '\n';
  return 1;
}
