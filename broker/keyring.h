// The keys of a running broker: its own, and who may connect, kept as the list on disk says. Files are slow
// and locks of others are slower, so it has a thread of its own.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "broker/core/effects.h"
#include "proto/keys/key_directory.h"
#include "proto/wire/admission.h"
#include "proto/wire/wake.h"

namespace zonda {

class Keyring {
 public:
  // Admits to the sockets of this context who is in the list. Throws KeyFileError if there is none.
  Keyring(ZmqContext& context, KeyDirectory directory);
  ~Keyring();
  Keyring(const Keyring&) = delete;

  const KeyPair& broker_key() const { return broker_key_; }
  const KeyPair& stranger() const { return stranger_; }  // a key that nobody admits, to see that it is so

  // What happened since the last call; the first time, who may connect.
  struct News {
    std::shared_ptr<const AuthorizedKeys> keys;                      // to be looked at again; null: no need
    std::vector<std::pair<PendingEnrolment, std::string>> enrolled;  // and why not; empty: well
    std::vector<std::string> events;                                 // for the log
    std::uint64_t refused = 0;                                       // connections
  };
  News take();
  bool has_news() const { return has_news_; }
  int event_fd() const { return wake_.descriptor(); }  // readable while there may be something to take
  void enrol(PendingEnrolment pending);

 private:
  // What tells one state of the list's file from another.
  struct Seen {
    std::uint64_t file = 0;
    std::uint64_t bytes = 0;
    std::int64_t changed_ns = 0;  // since 1970
    bool is_settled() const;
    friend bool operator==(const Seen&, const Seen&) = default;
  };

  void work();
  void look();
  void look_patiently();
  void look_for_refusals();
  void carry_out(const std::vector<PendingEnrolment>& wanted);
  void read_list(const Seen& seen);
  void publish();
  void tell(std::string event);
  Seen see() const;

  const KeyDirectory directory_;
  const KeyPair broker_key_;
  const KeyPair stranger_ = new_key_pair();
  std::mutex list_mutex_;  // of what the list was when it was read last
  std::shared_ptr<const AuthorizedKeys> keys_;
  Seen read_;
  std::string last_error_;
  std::optional<AuthorizedKey::Time> next_expiry_;
  std::unique_ptr<Admission> admission_;

  std::mutex mutex_;  // of what goes to and fro; held for moments
  std::condition_variable asked_;
  std::vector<PendingEnrolment> wanted_;
  News news_;
  std::atomic<bool> has_news_ = false;
  bool ending_ = false;
  Wake wake_;
  std::thread thread_;
};

}  // namespace zonda
