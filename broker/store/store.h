// What survives the broker, behind one interface: records of a turn are committed together, and all that was
// committed comes back at the next start. Contract test: tests/contract/store_test.cpp, for every
// implementation. All functions are for one thread, the loop's, and none of them waits for a disk but
// replay().
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "broker/core/payload.h"
#include "broker/core/records.h"

namespace zonda {

class Store {
 public:
  virtual ~Store() = default;

  // Takes the records of a turn and returns their number, which grows by one each time. Never blocks; commits
  // happen in this order, each whole or not at all.
  virtual std::uint64_t commit(std::vector<Record> records) = 0;
  // Everything up to this number is as safe as the store makes it.
  virtual std::uint64_t committed() const = 0;
  // Readable when committed(), failure() or is_nearly_full() changed, a payload was read or a backup ended,
  // until the function that tells it was called; -1 if everything is immediate.
  virtual int event_fd() const = 0;

  // The first error of writing, syncing or reading, as a sentence; empty if there was none. Nothing is
  // committed after it: the broker ends, and what it did not acknowledge is as if it never happened.
  virtual std::string failure() const = 0;
  // The disk is nearly full: accepted work can still finish, new work should wait.
  virtual bool is_nearly_full() const = 0;

  // Before the first commit: what was committed and is not forgotten, in an order that can be applied. Jobs
  // come in the order of their opening, each with what was released, its batches, its attempts and fences in
  // their order, its outcomes, how far it was handed out, and whether it is closed. Then summaries, workers
  // that joined and did not leave, and Stopped, if that was the last that was committed. Payloads come along
  // until they are `payload_bytes` together; later ones are to be read. Views of a record whose payload did
  // not come are valid during the call only.
  virtual void replay(std::uint64_t payload_bytes, const std::function<void(Record&)>& apply) = 0;

  // Reads a payload back that was committed, or handed to commit(). Never blocks; take_read() has it later.
  virtual void read(const PayloadName& name) = 0;
  virtual std::vector<Payload> take_read() = 0;

  // Copies a store on disk into a directory that has none, while it goes on; one at a time. Never blocks;
  // take_backup() tells how it ended, once: an empty text, or why there is none. event_fd() is readable then.
  virtual void backup_to(const std::string&) {}
  virtual std::optional<std::string> take_backup() { return std::nullopt; }
};

}  // namespace zonda
