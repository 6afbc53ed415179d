// RabbitMQ through librabbitmq: persistent messages of 8 bytes in a durable queue, each publish confirmed. A
// worker consumes them, publishes what came to a second queue, and acknowledges a task when its result is
// confirmed.
//   rabbitmq worker PORT TYPE | throughput PORT TYPE TASKS | latency PORT TYPE COUNT     TYPE: classic,
//   quorum
#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_tcp_socket.h>
#include <poll.h>

#include <cstring>
#include <iostream>
#include <string>

#include "tests/bench/peers/report.h"

using namespace zonda::bench;

namespace {

constexpr amqp_channel_t kChannel = 1;
constexpr std::uint64_t kOutstanding = 2'000;
constexpr std::uint16_t kPrefetch = 1'000;
constexpr std::uint64_t kAckEvery = 64;
constexpr std::uint8_t kPersistent = 2;

void check(const amqp_rpc_reply_t& reply) {
  expect(reply.reply_type == AMQP_RESPONSE_NORMAL, "the server refused something");
}

class Connection {
 public:
  explicit Connection(int port) : state_(amqp_new_connection()) {
    amqp_socket_t* socket = amqp_tcp_socket_new(state_);
    expect(amqp_socket_open(socket, "127.0.0.1", port) == AMQP_STATUS_OK, "no server");
    check(amqp_login(state_, "/", 0, AMQP_DEFAULT_FRAME_SIZE, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest"));
    amqp_channel_open(state_, kChannel);
    check(amqp_get_rpc_reply(state_));
  }
  ~Connection() {
    amqp_connection_close(state_, AMQP_REPLY_SUCCESS);  // the server has read the last acknowledgements
    amqp_destroy_connection(state_);
  }

  amqp_connection_state_t get() const { return state_; }
  int descriptor() const { return amqp_get_sockfd(state_); }
  bool has_buffered() const { return amqp_frames_enqueued(state_) != 0 || amqp_data_in_buffer(state_) != 0; }

 private:
  amqp_connection_state_t state_;
};

void declare(Connection& connection, const std::string& queue, const std::string& type) {
  amqp_table_entry_t entry{amqp_cstring_bytes("x-queue-type"), {}};
  entry.value.kind = AMQP_FIELD_KIND_UTF8;
  entry.value.value.bytes = amqp_cstring_bytes(type.c_str());
  const amqp_table_t arguments{1, &entry};
  amqp_queue_declare(connection.get(), kChannel, amqp_cstring_bytes(queue.c_str()), 0, 1, 0, 0, arguments);
  check(amqp_get_rpc_reply(connection.get()));
}

class Publisher {
 public:
  Publisher(int port, const std::string& queue, const std::string& type)
      : connection_(port), queue_(queue + "-" + type) {
    declare(connection_, queue_, type);
    amqp_confirm_select(connection_.get(), kChannel);
    check(amqp_get_rpc_reply(connection_.get()));
  }

  void publish(std::uint64_t number) {
    amqp_basic_properties_t properties{};
    properties._flags = AMQP_BASIC_DELIVERY_MODE_FLAG;
    properties.delivery_mode = kPersistent;
    const int status =
        amqp_basic_publish(connection_.get(), kChannel, amqp_empty_bytes, amqp_cstring_bytes(queue_.c_str()),
                           0, 0, &properties, {sizeof number, &number});
    expect(status == AMQP_STATUS_OK, "a message could not be published");
    ++published_;
  }
  // How many of those published are confirmed, as far as that has been said.
  std::uint64_t confirmed() {
    timeval no_time{};
    amqp_frame_t frame;
    while (amqp_simple_wait_frame_noblock(connection_.get(), &frame, &no_time) == AMQP_STATUS_OK) {
      if (frame.frame_type != AMQP_FRAME_METHOD) continue;
      expect(frame.payload.method.id == AMQP_BASIC_ACK_METHOD, "a message was not confirmed");
      const auto* ack = static_cast<amqp_basic_ack_t*>(frame.payload.method.decoded);
      confirm(ack->delivery_tag, ack->multiple != 0);
    }
    amqp_maybe_release_buffers(connection_.get());
    return confirmed_;
  }
  std::uint64_t published() const { return published_; }
  const Connection& connection() const { return connection_; }

 private:
  // Confirms come out of order: one behind a gap counts when the gap is closed.
  void confirm(std::uint64_t tag, bool multiple) {
    if (multiple) {
      confirmed_ = std::max(confirmed_, tag);
    } else {
      early_.push_back(tag);
      std::push_heap(early_.begin(), early_.end(), std::greater<>());
    }
    while (!early_.empty() && early_.front() <= confirmed_ + 1) {
      confirmed_ = std::max(confirmed_, early_.front());
      std::pop_heap(early_.begin(), early_.end(), std::greater<>());
      early_.pop_back();
    }
  }

  Connection connection_;
  std::string queue_;
  std::uint64_t published_ = 0;
  std::uint64_t confirmed_ = 0;
  std::vector<std::uint64_t> early_;
};

class Consumer {
 public:
  Consumer(int port, const std::string& queue, const std::string& type) : connection_(port) {
    declare(connection_, queue + "-" + type, type);
    amqp_basic_qos(connection_.get(), kChannel, 0, kPrefetch, 0);
    check(amqp_get_rpc_reply(connection_.get()));
    amqp_basic_consume(connection_.get(), kChannel, amqp_cstring_bytes((queue + "-" + type).c_str()),
                       amqp_empty_bytes, 0, 0, 0, amqp_empty_table);
    check(amqp_get_rpc_reply(connection_.get()));
  }

  bool take(std::uint64_t& number) {
    timeval no_time{};
    amqp_envelope_t envelope;
    const amqp_rpc_reply_t reply = amqp_consume_message(connection_.get(), &envelope, &no_time, 0);
    amqp_maybe_release_buffers(connection_.get());
    if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION && reply.library_error == AMQP_STATUS_TIMEOUT)
      return false;
    check(reply);
    expect(envelope.message.body.len == sizeof number, "a wrong message");
    std::memcpy(&number, envelope.message.body.bytes, sizeof number);
    amqp_destroy_envelope(&envelope);
    return true;
  }
  // Of all up to the `count`th, at once.
  void acknowledge(std::uint64_t count) {
    expect(amqp_basic_ack(connection_.get(), kChannel, count, 1) == AMQP_STATUS_OK, "no server");
  }
  const Connection& connection() const { return connection_; }

 private:
  Connection connection_;
};

void wait(const Connection& one, const Connection& other) {
  if (one.has_buffered() || other.has_buffered()) return;
  pollfd items[] = {{one.descriptor(), POLLIN, 0}, {other.descriptor(), POLLIN, 0}};
  poll(items, 2, 10'000);
}

[[noreturn]] void work(int port, const std::string& type) {
  Publisher results(port, "results", type);
  Consumer tasks(port, "tasks", type);
  for (std::uint64_t acknowledged = 0, number = 0;;) {
    bool idle = true;
    for (; tasks.take(number); idle = false) results.publish(number);
    const std::uint64_t stored = results.confirmed();
    if (stored - acknowledged >= (idle ? 1 : kAckEvery)) tasks.acknowledge(acknowledged = stored);
    if (idle) wait(tasks.connection(), results.connection());
  }
}

void call(Publisher& tasks, Consumer& results, std::uint64_t& seen, std::uint64_t count,
          std::uint64_t at_once) {
  std::uint64_t number = 0;
  for (const std::uint64_t end = seen + count; seen < end || tasks.confirmed() < end;) {
    while (tasks.published() < end && tasks.published() - seen < at_once) tasks.publish(tasks.published());
    const std::uint64_t before = seen;
    while (seen < tasks.published() && results.take(number)) {
      if (++seen % kAckEvery == 0 || seen == end) results.acknowledge(seen);
    }
    if (seen == before) wait(tasks.connection(), results.connection());
  }
}

}  // namespace

int main(int argc, char** argv) try {
  expect(argc >= 4, "too few words");
  const std::string what = argv[1];
  const int port = std::stoi(argv[2]);
  const std::string type = argv[3];
  if (what == "worker") work(port, type);
  const std::uint64_t count = std::stoull(argv[4]);
  Publisher tasks(port, "tasks", type);
  Consumer results(port, "results", type);
  std::uint64_t seen = 0;
  measure(what, count, kOutstanding,
          [&](std::uint64_t number, std::uint64_t at_once) { call(tasks, results, seen, number, at_once); });
} catch (const std::exception& error) {
  std::cerr << "rabbitmq: " << error.what() << '\n';
  return 1;
}
