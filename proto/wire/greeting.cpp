#include "proto/wire/greeting.h"

#include <string_view>
#include <utility>

#include "proto/wire/zmq_socket.h"

namespace zonda {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kMechanismAt = 12;
constexpr std::size_t kMechanismBytes = 20;

// Signature and version. Who waits then hears the whole greeting; who went on would be hung up on.
constexpr std::string_view kOurs = "\xff\0\0\0\0\0\0\0\1\x7f\3"sv;

std::string mechanism_in(std::string_view greeting) {
  if (!greeting.starts_with('\xff')) return {};
  const std::string_view padded = greeting.substr(kMechanismAt, kMechanismBytes);
  return std::string(padded.substr(0, padded.find('\0')));
}

}  // namespace

// A stream socket's messages are two parts: whose connection, and bytes; none when a connection begins or
// ends.
std::string greeted_mechanism(ZmqContext& context, const std::string& endpoint,
                              std::chrono::milliseconds within) {
  ZmqSocket raw(context, zmq::socket_type::stream, {.linger = std::chrono::milliseconds(0)});
  if (raw.connect(endpoint) != 0) return {};
  const auto deadline = std::chrono::steady_clock::now() + within;
  zmq::pollitem_t item = raw.poll_item(ZMQ_POLLIN);
  std::string greeting;
  bool has_begun = false;
  while (greeting.size() < kMechanismAt + kMechanismBytes) {
    zmq::message_t connection, bytes;
    if (!poll_until(deadline, &item, 1) || !raw.receive(connection) || !raw.receive(bytes)) return {};
    greeting += bytes_of(bytes);
    if (bytes.size() > 0) continue;
    if (std::exchange(has_begun, true)) return {};
    zmq::message_t ours(kOurs);
    raw.send_to(connection_number(bytes_of(connection)), ours);
  }
  return mechanism_in(greeting);
}

}  // namespace zonda
