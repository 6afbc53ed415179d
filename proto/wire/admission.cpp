#include "proto/wire/admission.h"

#include <array>
#include <cstring>
#include <iterator>
#include <utility>
#include <zmq_addon.hpp>

#include "proto/wire/zmq_socket.h"

namespace zonda {
namespace {

constexpr const char* kQuestions = "inproc://zeromq.zap.01";  // where libzmq asks
constexpr const char* kEnd = "inproc://zonda.admission.end";
constexpr std::size_t kRefusalsMax = 16;

enum Part : std::size_t { Version, Number, Domain, Address, Identity, Mechanism, Credentials, Count };

zmq::socket_t bound(ZmqContext& context, zmq::socket_type type, const char* address) {
  zmq::socket_t socket(context.handle(), type);
  socket.set(zmq::sockopt::linger, 0);
  socket.bind(address);
  return socket;
}

}  // namespace

Admission::Admission(ZmqContext& context, std::shared_ptr<const AuthorizedKeys> keys,
                     std::function<void()> look_again)
    : questions_(bound(context, zmq::socket_type::rep, kQuestions)),
      end_said_(context.handle(), zmq::socket_type::pair),
      end_heard_(bound(context, zmq::socket_type::pair, kEnd)),
      keys_(std::move(keys)),
      look_again_(std::move(look_again)) {
  end_said_.set(zmq::sockopt::linger, 0);
  end_said_.connect(kEnd);
  thread_ = std::thread([this] { serve(); });
}

Admission::~Admission() {
  end_said_.send(zmq::message_t(), zmq::send_flags::none);
  thread_.join();
}

void Admission::set_keys(std::shared_ptr<const AuthorizedKeys> keys) {
  const std::lock_guard lock(mutex_);
  keys_ = std::move(keys);
}

std::uint64_t Admission::take_refusals(std::vector<Refusal>& first) {
  const std::lock_guard lock(mutex_);
  first = std::exchange(refusals_, {});
  return std::exchange(refused_, 0);
}

void Admission::serve() {
  zmq::pollitem_t items[] = {{questions_.handle(), 0, ZMQ_POLLIN, 0},
                             {end_heard_.handle(), 0, ZMQ_POLLIN, 0}};
  for (;;) {
    poll_until(std::chrono::steady_clock::time_point::max(), items, std::size(items));
    if (items[1].revents != 0) return;
    if (items[0].revents != 0) answer();
  }
}

void Admission::answer() {
  std::vector<zmq::message_t> question;
  if (!zmq::recv_multipart(questions_, std::back_inserter(question), zmq::recv_flags::dontwait)) return;
  PublicKey key;
  bool yes = question.size() == Count && question[Mechanism].to_string_view() == "CURVE" &&
             question[Credentials].size() == key.bytes.size();
  if (yes) {
    std::memcpy(key.bytes.data(), question[Credentials].data(), key.bytes.size());
    yes = admits(key, question[Address].to_string());
  }
  const std::string number = question.size() > Number ? question[Number].to_string() : "";
  const std::array<std::string, 6> reply{"1.0", number, yes ? "200" : "400", "", yes ? to_string(key) : "",
                                         ""};
  std::vector<zmq::const_buffer> parts;
  for (const std::string& part : reply) parts.push_back(zmq::buffer(part));
  zmq::send_multipart(questions_, parts);
}

bool Admission::admits(const PublicKey& key, std::string address) {
  const auto counts = [](const Standing& standing) {
    return standing.kind == Standing::Kind::Peer || standing.kind == Standing::Kind::Token;
  };
  if (counts(standing_of(key))) return true;
  if (look_again_) look_again_();
  const Standing standing = standing_of(key);
  if (counts(standing)) return true;
  const std::lock_guard lock(mutex_);
  ++refused_;
  if (refusals_.size() < kRefusalsMax)
    refusals_.push_back({key, std::move(address), standing.key == nullptr ? "unknown" : "expired"});
  return false;
}

Standing Admission::standing_of(const PublicKey& key) {
  const std::lock_guard lock(mutex_);
  return keys_->standing(key, std::chrono::system_clock::now());
}

}  // namespace zonda
