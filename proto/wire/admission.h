// Who may connect: answers ZeroMQ's question about each key that knocks (ZAP, RFC 27), on a thread of its
// own.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "proto/keys/authorized_keys.h"
#include "proto/wire/zmq_context.h"

namespace zonda {

// A connection is asked for once: one that was admitted lasts when its key is taken away, and it is for
// whoever hears it to end that. Exists before any socket with keys is bound and as long as they are.
class Admission {
 public:
  // One to a context. `look_again`, if there is one, is called on the other thread before a key is refused:
  // it may set other keys.
  Admission(ZmqContext& context, std::shared_ptr<const AuthorizedKeys> keys,
            std::function<void()> look_again = {});
  ~Admission();
  Admission(const Admission&) = delete;

  struct Refusal {
    PublicKey key;
    std::string address;  // of who showed it
    std::string reason;   // "unknown" or "expired"
  };
  // From any thread.
  void set_keys(std::shared_ptr<const AuthorizedKeys> keys);
  // How many were refused since the last call, and the first few of them.
  std::uint64_t take_refusals(std::vector<Refusal>& first);

 private:
  void serve();
  void answer();
  bool admits(const PublicKey& key, std::string address);
  Standing standing_of(const PublicKey& key);

  zmq::socket_t questions_;
  zmq::socket_t end_said_;
  zmq::socket_t end_heard_;
  std::mutex mutex_;
  std::shared_ptr<const AuthorizedKeys> keys_;
  std::vector<Refusal> refusals_;
  std::uint64_t refused_ = 0;
  std::function<void()> look_again_;
  std::thread thread_;
};

}  // namespace zonda
