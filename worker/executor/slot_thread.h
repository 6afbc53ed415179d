// The runner of one thread slot, and the queue of news all of them share.
#pragma once

#include <zonda/detail/handler.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include "proto/column.h"
#include "proto/slab.h"
#include "proto/unique_fd.h"
#include "worker/executor/handlers.h"
#include "worker/executor/outcome_batch.h"
#include "worker/executor/slot_control.h"
#include "worker/executor/slot_page.h"

namespace zonda {

// What runners tell the agent. Wakes it once, however much there is.
class ThreadNews {
 public:
  struct Output {
    std::uint32_t sequence;
    std::uint32_t at;
    std::uint8_t stream;
    std::uint64_t offset;
    std::string bytes;
  };
  struct ThreadEnded {};  // user code called pthread_exit
  struct Item {
    int slot;
    const class SlotThread* from;
    std::variant<OutcomeBatch, Output, ThreadEnded> what;
  };

  ThreadNews();
  void push(Item item);
  void wake();
  std::vector<Item> take();
  int event_fd() const { return event_.get(); }

 private:
  UniqueFd event_;
  std::mutex mutex_;
  std::vector<Item> items_;
  bool rung_ = false;
};

// One thread and its page. Owned together by the executor and the thread, which may outlive it in user code.
class SlotThread {
 public:
  struct Order {
    WorkInfo work;
    const detail::Handler* handler = nullptr;
    Slab slab;
    Column arguments;
  };

  static std::shared_ptr<SlotThread> start(int slot, std::shared_ptr<const Handlers> handlers,
                                           std::shared_ptr<ThreadNews> news);

  SlotPage& page() { return page_; }
  void give(Order order);
  // Asks the thread to end once it is idle; waits for it until `deadline`.
  void leave();
  bool wait_until_left(std::chrono::steady_clock::time_point deadline);
  bool has_left();

 private:
  SlotThread(int slot, std::shared_ptr<const Handlers> handlers, std::shared_ptr<ThreadNews> news)
      : slot_(slot), handlers_(std::move(handlers)), news_(std::move(news)) {}

  void run();
  bool wait_for_order(Order& order);

  int slot_;
  std::shared_ptr<const Handlers> handlers_;
  std::shared_ptr<ThreadNews> news_;
  SlotPage page_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Order> orders_;
  bool leaving_ = false;
  bool left_ = false;
};

}  // namespace zonda
