// The outcome of a task to come. A handle: copies mean the same task; destroying it neither blocks nor
// cancels. Thread-safe, like a shared_ptr's target: one Future object belongs to one thread, its copies to
// any.
//
// Outlives its client, whose end makes it ready as cancelled if it was not. A failure that nobody looked at
// before the last copy went is told once through ClientOptions::on_log.
#pragma once

#include <zonda/bytes.h>
#include <zonda/detail/codec.h>
#include <zonda/detail/exception_report.h>
#include <zonda/detail/task_state.h>
#include <zonda/progress.h>
#include <zonda/result.h>

#include <chrono>
#include <coroutine>
#include <functional>
#include <memory>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace zonda {

namespace detail {

// The outcome as a value, or as the report of why there is none.
template <class R>
Result<R> decode_result(std::string_view bytes) {
  try {
    if constexpr (std::is_void_v<R>) {
      decode_whole<void>(bytes);
      return {};
    } else {
      return decode_whole<R>(bytes);
    }
  } catch (const DecodeError&) {
    return report_current_exception();
  }
}

}  // namespace detail

template <class R>
class [[nodiscard]] Future {
 public:
  using value_type = R;

  Future() = default;  // of no task: every call but valid() is a std::logic_error
  explicit Future(std::shared_ptr<detail::TaskState> state) : state_(std::move(state)) {}  // made by Client

  bool valid() const noexcept { return state_ != nullptr; }

  // Waits for the value. Throws what the task ended with instead: see throw_report() in error.h. May be
  // called again, and decodes again.
  R get() const {
    Result<R> outcome = result();
    if constexpr (std::is_void_v<R>) {
      outcome.value();
    } else {
      return std::move(outcome).value();
    }
  }

  // The same, but throws WaitTimedOut when `timeout` passes first; the task goes on.
  template <class Rep, class Period>
  R get(std::chrono::duration<Rep, Period> timeout) const {
    if (!wait_for(timeout)) throw WaitTimedOut("the task was not over when the wait ended");
    return get();
  }

  // Waits and does not throw: what get() would throw is in the result.
  Result<R> result() const {
    wait();
    return read();
  }

  bool ready() const { return state().ready(); }
  void wait() const { state().wait_until(std::nullopt); }

  template <class Rep, class Period>
  bool wait_for(std::chrono::duration<Rep, Period> wait) const {  // true once it is ready
    return state().wait_until(detail::deadline_after(wait));
  }

  // True once the broker has stored the task, so that it runs even if this process dies (if it is detached).
  // False if `wait` passed first, or if the task was refused.
  template <class Rep, class Period>
  bool wait_accepted(std::chrono::duration<Rep, Period> wait) const {
    return state().wait_accepted_until(detail::deadline_after(wait));
  }

  // Asks to cancel the task, without waiting for it. False if it was over already. True promises nothing: the
  // task may end in another way first, so look at the outcome.
  bool cancel() const { return state().cancel(); }

  TaskId id() const { return state().id(); }

  // Runs f(Result<R>) on the callback thread once this is ready. The future returned is that of what f
  // returns, or fails with what f throws; dropping it is fine. Its id() and cancel() are those of this task.
  template <class F>
  auto then(F f) const -> Future<std::invoke_result_t<F&, Result<R>>>;

  // Runs f(const Progress&) on the callback thread, at most ten times a second, with the latest that is
  // known, and never once this is ready. A second call replaces the first.
  const Future& on_progress(std::function<void(const Progress&)> f) const {
    state().on_progress(std::move(f));
    return *this;
  }

  // `co_await future` is get(), resumed on the callback thread. (One co_await per statement: g++ 12 destroys
  // temporaries of others too early.)
  struct Awaiter {
    std::shared_ptr<detail::TaskState> state;
    bool await_ready() const { return state->ready(); }
    void await_suspend(std::coroutine_handle<> coroutine) const {
      state->observe();
      state->when_ready([coroutine] { coroutine.resume(); });
    }
    R await_resume() const { return Future(state).get(); }
  };
  Awaiter operator co_await() const { return state(), Awaiter{state_}; }

 private:
  detail::TaskState& state() const {
    if (!state_) throw std::logic_error("zonda: a future of no task");
    return *state_;
  }
  Result<R> read() const;

  std::shared_ptr<detail::TaskState> state_;
};

template <class R>
Result<R> Future<R>::read() const {
  state_->observe();
  if (const void* local = state_->local()) {
    if constexpr (std::is_void_v<R> || std::is_copy_constructible_v<R>)
      return *static_cast<const Result<R>*>(local);
  }
  if (!state_->has_value()) return state_->report();
  if constexpr (std::is_same_v<R, Bytes>) {
    if (state_->is_raw()) {
      const auto* bytes = reinterpret_cast<const std::byte*>(state_->payload().data());
      return Bytes(bytes, bytes + state_->payload().size());
    }
  }
  return detail::decode_result<R>(state_->payload());
}

namespace detail {

template <class U, class F, class R>
Result<U> run_continuation(F& f, Result<R> outcome) {
  try {
    if constexpr (std::is_void_v<U>) {
      f(std::move(outcome));
      return {};
    } else {
      return f(std::move(outcome));
    }
  } catch (...) {
    return report_current_exception();
  }
}

}  // namespace detail

template <class R>
template <class F>
auto Future<R>::then(F f) const -> Future<std::invoke_result_t<F&, Result<R>>> {
  using U = std::invoke_result_t<F&, Result<R>>;
  static_assert(std::is_void_v<U> || std::is_copy_constructible_v<U>,
                "zonda: what a continuation returns is copied to whoever asks for it");
  std::shared_ptr<detail::TaskState> next = state().follow();
  state_->when_ready([from = *this, next, f = std::make_shared<F>(std::move(f))] {
    auto outcome = std::make_shared<const Result<U>>(detail::run_continuation<U>(*f, from.read()));
    const TaskReport* failure = outcome->has_value() ? nullptr : &outcome->error();
    next->resolve_local(outcome, failure);
  });
  return Future<U>(std::move(next));
}

}  // namespace zonda
