// A spool in a file without a name: whatever ends the process takes it along, kill -9 too. Used space is
// given back to the disk as outcomes are delivered, where the filesystem can punch holes; else when all are.
#pragma once

#include <cstdint>
#include <string>

#include "proto/unique_fd.h"
#include "worker/core/spool.h"

namespace zonda {

// $XDG_STATE_HOME/zonda, else ~/.local/state/zonda, else /var/tmp/zonda-UID: on a disk, not in memory.
std::string default_spool_directory();

class FileSpool final : public Spool {
 public:
  // In `directory`, which is made with mode 0700 if it is not there. At most so many bytes. Throws
  // std::runtime_error if no file can be made there.
  FileSpool(const std::string& directory, std::uint64_t bytes_max);

  std::optional<Place> put(std::string_view bytes) override;
  bool get(const Place& place, std::string& bytes) override;
  void release(const Place& place) override;

  std::uint64_t bytes_used() const { return used_; }  // on the disk, in whole blocks
  // Why the last use of the disk failed; empty while it works. That it is full as configured is no fault.
  const std::string& fault() const { return fault_; }

 private:
  std::string directory_;
  UniqueFd file_;
  std::uint64_t bytes_max_;
  std::uint64_t end_ = 0;   // where the next bytes go
  std::uint64_t live_ = 0;  // bytes put and not released, in whole blocks
  std::uint64_t used_ = 0;  // and what could not be given back
  std::string fault_;
};

}  // namespace zonda
