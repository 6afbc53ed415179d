#include "worker/enrolment.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <filesystem>
#include <stdexcept>

#include "proto/frame.h"
#include "proto/host_name.h"
#include "proto/keys/join_token.h"
#include "proto/keys/key_file.h"
#include "proto/limits.h"
#include "proto/wire/zmq_peer_wire.h"

namespace zonda {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr auto kAskAgain = 1s;
constexpr auto kConnectAgain = 5s;           // after so long without a word
constexpr const char* kAskedFor = ".asked";  // of the file of a key that the broker did not take yet
constexpr std::size_t kSuffix = 8;           // characters of a key that make the name of its host unique

std::string path_of(const WorkerSettings& settings) {
  if (settings.keys.empty()) return default_key_home() + "/worker.key";
  return std::filesystem::is_directory(settings.keys) ? settings.keys + "/worker.key" : settings.keys;
}

// What the broker's list is to call the key.
std::string name_of(const WorkerSettings& settings, const PublicKey& key) {
  if (!settings.name.empty()) return settings.name;
  std::string name = host_name().substr(0, kNameBytesMax - kSuffix - 1);
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return !std::isalnum(c) && c != '-' && c != '.'; },
      '-');
  return name + "-" + to_string(key).substr(0, kSuffix);
}

// Asks for a key to be enrolled until there is an answer.
class Enroller {
 public:
  Enroller(ZmqContext& context, const BaseAddress& broker, const JoinToken& token, Enrol wanted,
           bool asked_before, Signals& signals)
      : wire_(context, options_of(broker, token, signals)),
        wanted_(std::move(wanted)),
        signals_(signals),
        asked_before_(asked_before) {}

  enum class Answer { Yes, Perhaps, No, Interrupted };
  Answer ask() {
    heard_at_ = steady_clock::now();
    while (!answer_) {
      wire_.discard_unsent();
      if (steady_clock::now() - heard_at_ > kConnectAgain) begin_again();
      wire_.send(encode(Header{}, wanted_));
      const TimePoint again = steady_clock::now() + kAskAgain;
      while (!answer_ && steady_clock::now() < again) turn(again);
    }
    return *answer_;
  }
  const std::string& refusal() const { return refusal_; }

 private:
  static PeerWireOptions options_of(const BaseAddress& broker, const JoinToken& token,
                                    const Signals& signals) {
    PeerWireOptions options;
    options.address = broker.endpoint(Port::Back);
    options.wake_ups = {signals.fd()};
    options.tells_denials = true;
    options.keys = CurveKeys{pair_of(token.secret), token.broker};
    return options;
  }

  void turn(TimePoint deadline) {
    wire_.receive_until(deadline, [this](std::string_view bytes) { hear(bytes); });
    if (signals_.take() != 0) answer_ = Answer::Interrupted;
    if (const std::optional<Denial> denial = wire_.take_denial()) hear(*denial);
  }

  void hear(std::string_view bytes) {
    std::variant<Frame, BadFrame> decoded = decode(bytes);
    const Frame* frame = std::get_if<Frame>(&decoded);
    if (frame == nullptr) return;
    heard_at_ = steady_clock::now();
    was_heard_ = true;
    if (const Enrolled* enrolled = std::get_if<Enrolled>(&frame->message);
        enrolled != nullptr && enrolled->key == wanted_.key)
      answer_ = Answer::Yes;
    if (const Refuse* refuse = std::get_if<Refuse>(&frame->message);
        refuse != nullptr && refuse->retry_after_ms == 0)
      refuse_with(refuse->text);
  }

  // A token that was used up may have been used up by this very question: the key itself will tell.
  void hear(const Denial& denial) {
    if (!denial.is_certain())
      spdlog::warn("not-enrolled {}", denial.text);
    else if (was_heard_ || asked_before_)
      answer_ = Answer::Perhaps;
    else if (denial.why == HandshakeFailure::Mechanism)
      refuse_with(denial.text);
    else
      refuse_with("the join token is not known there, or was used up, or has expired");
  }

  // ZeroMQ does not, once a key was refused.
  void begin_again() {
    heard_at_ = steady_clock::now();
    wire_.reconnect();
  }

  void refuse_with(std::string text) {
    refusal_ = std::move(text);
    answer_ = Answer::No;
  }

  ZmqPeerWire wire_;
  Enrol wanted_;
  Signals& signals_;
  std::optional<Answer> answer_;
  std::string refusal_;
  bool asked_before_;       // by an earlier start, for the same key
  bool was_heard_ = false;  // the broker: it may have heard us
  TimePoint heard_at_;
};

// A new key, in its file. Whoever cannot keep one can work as long as it runs.
PeerKey make_key(const WorkerSettings& settings, const PublicKey& broker, const std::string& path) {
  const KeyPair own = new_key_pair();
  const PeerKey key{KeyRole::Worker, name_of(settings, own.public_key), {own, broker}};
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
  try {
    create_peer_key(path, key);
  } catch (const KeyFileError& error) {
    spdlog::warn("key-not-kept {}; the next start needs a token again", error.what());
  }
  return key;
}

KeyAnswer enrol(ZmqContext& context, const WorkerSettings& settings, const BaseAddress& broker,
                const std::string& path, Signals& signals) {
  const std::optional<JoinToken> token = parse_join_token(settings.join);
  if (!token)
    throw std::invalid_argument("this is no join token: 'zonda keys token' at the broker makes one");
  const std::string asked_for = path + kAskedFor;
  const bool asked_before = std::filesystem::exists(asked_for);
  const PeerKey key = asked_before ? read_peer_key(asked_for) : make_key(settings, token->broker, asked_for);
  spdlog::info("enrolling key={} broker={}", key.name, broker.text());
  Enroller enroller(context, broker, *token, {to_string(key.keys.own.public_key), key.name}, asked_before,
                    signals);
  switch (enroller.ask()) {
    case Enroller::Answer::Interrupted: return {{}, {}, {}, true};
    case Enroller::Answer::No: std::filesystem::remove(asked_for); return {{}, {}, enroller.refusal()};
    case Enroller::Answer::Yes: spdlog::info("enrolled key={} file={}", key.name, path); break;
    case Enroller::Answer::Perhaps: return {key.keys, path, {}};
  }
  keep_key({key.keys, path, {}});
  return {key.keys, {}, {}};
}

}  // namespace

KeyAnswer key_of(ZmqContext& context, const WorkerSettings& settings, const BaseAddress& broker,
                 Signals& signals) {
  if (settings.keys.empty() && settings.join.empty()) return {};
  const std::string path = path_of(settings);
  if (settings.join.empty() || std::filesystem::exists(path)) return {read_peer_key(path).keys, {}, {}};
  return enrol(context, settings, broker, path, signals);
}

std::string hint_about_key(const WorkerSettings& settings) {
  const bool has_key = !settings.keys.empty() || !settings.join.empty();
  const std::string path = path_of(settings);
  if (!std::filesystem::exists(path)) return {};
  if (!has_key) return "there is a key in " + path + ": --keys names it";
  return "it came with the key in " + path +
         (settings.join.empty() ? "" : "; without that file it would use the join token");
}

void keep_key(const KeyAnswer& key) {
  std::error_code ignored;
  if (!key.path.empty()) std::filesystem::rename(key.path + kAskedFor, key.path, ignored);
}

}  // namespace zonda
