// Says in the log when outcomes pile up, when their disk fails, and when that is over.
#pragma once

#include <string>

#include "worker/core/outbox.h"
#include "worker/spool/file_spool.h"

namespace zonda {

class OutboxWatch {
 public:
  OutboxWatch(const Outbox& outbox, const FileSpool* spool) : outbox_(&outbox), spool_(spool) {}

  void look();  // once per turn

 private:
  const Outbox* outbox_;
  const FileSpool* spool_;  // null: there is none
  bool was_full_ = false;
  std::string fault_;
  std::uint64_t damaged_ = 0;
};

}  // namespace zonda
