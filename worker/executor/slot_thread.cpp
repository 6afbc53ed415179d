#include "worker/executor/slot_thread.h"

#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <system_error>
#include <thread>
#include <utility>

#include "proto/assert.h"
#include "worker/executor/work_runner.h"

namespace zonda {
namespace {

class ThreadRunnerNews final : public RunnerNews {
 public:
  ThreadRunnerNews(int slot, const SlotThread* from, ThreadNews& news)
      : slot_(slot), from_(from), news_(news) {}
  void send(const OutcomeBatchView& batch) override { news_.push({slot_, from_, copy_of(batch)}); }
  void send(const OutcomeBatchView& batch, std::string& payloads) override {
    if (!Slab::is_worth_taking(payloads)) return send(batch);
    OutcomeBatchView rest = batch;
    rest.payloads = {};
    OutcomeBatch whole = copy_of(rest);
    whole.payloads = std::move(payloads);
    news_.push({slot_, from_, std::move(whole)});
  }
  void send_output(std::uint32_t sequence, std::uint32_t at, detail::OutputStream stream,
                   std::uint64_t offset, std::string_view bytes) override {
    const auto number = static_cast<std::uint8_t>(stream);
    news_.push({slot_, from_, ThreadNews::Output{sequence, at, number, offset, std::string(bytes)}});
  }

 private:
  int slot_;
  const SlotThread* from_;
  ThreadNews& news_;
};

}  // namespace

ThreadNews::ThreadNews() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!event_) throw std::system_error(errno, std::generic_category(), "eventfd");
}

void ThreadNews::push(Item item) {
  bool ring = false;
  {
    const std::lock_guard lock(mutex_);
    items_.push_back(std::move(item));
    ring = !std::exchange(rung_, true);
  }
  if (ring) wake();
}

void ThreadNews::wake() {
  const std::uint64_t one = 1;
  const ssize_t written = ::write(event_.get(), &one, sizeof one);
  ZONDA_ASSERT(written == sizeof one);
}

std::vector<ThreadNews::Item> ThreadNews::take() {
  std::uint64_t rings = 0;
  // Before the swap: whoever pushes after it rings again.
  if (::read(event_.get(), &rings, sizeof rings) != sizeof rings) return {};
  const std::lock_guard lock(mutex_);
  rung_ = false;
  return std::exchange(items_, {});
}

std::shared_ptr<SlotThread> SlotThread::start(int slot, std::shared_ptr<const Handlers> handlers,
                                              std::shared_ptr<ThreadNews> news) {
  std::shared_ptr<SlotThread> self(new SlotThread(slot, std::move(handlers), std::move(news)));
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);  // signals are for the agent's loop
  std::thread([self] { self->run(); }).detach();
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return self;
}

void SlotThread::give(Order order) {
  {
    const std::lock_guard lock(mutex_);
    orders_.push_back(std::move(order));
  }
  changed_.notify_one();
}

void SlotThread::leave() {
  {
    const std::lock_guard lock(mutex_);
    leaving_ = true;
  }
  changed_.notify_one();
}

bool SlotThread::wait_until_left(std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  return changed_.wait_until(lock, deadline, [this] { return left_; });
}

bool SlotThread::has_left() {
  const std::lock_guard lock(mutex_);
  return left_;
}

bool SlotThread::wait_for_order(Order& order) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return leaving_ || !orders_.empty(); });
  if (leaving_) return false;
  order = std::move(orders_.front());
  orders_.pop_front();
  return true;
}

void SlotThread::run() {
  struct Leave {  // also when pthread_exit unwinds
    SlotThread& self;
    bool expected = false;
    ~Leave() {
      if (!expected) self.news_->push({self.slot_, &self, ThreadNews::ThreadEnded{}});
      {
        const std::lock_guard lock(self.mutex_);
        self.left_ = true;
      }
      self.changed_.notify_all();
    }
  } leave{*this};
  ThreadRunnerNews news(slot_, this, *news_);
  WorkRunner runner(page_, news);
  Order order;
  while (wait_for_order(order)) {
    runner.run(order.work, *order.handler, order.arguments);
    order.slab = {};
  }
  leave.expected = true;
}

}  // namespace zonda
