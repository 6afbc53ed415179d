// A value, or the report of why there is none. What Results<R>::unordered() yields, and Future<R>::result()
// returns. A value type: as copyable and as thread-compatible as T.
//
//   if (result) use(*result); else log(result.error().message);
//
// Reading the value of a result that has none throws the same exception as Future::get() (see error.h), so
// nothing here is undefined. Asking a good result for its error() is a bug of the caller: std::logic_error.
#pragma once

#include <zonda/error.h>
#include <zonda/task_report.h>

#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <variant>

namespace zonda {

namespace detail {

inline const TaskReport& checked_error(const TaskReport* report) {
  if (report == nullptr) throw std::logic_error("zonda: error() of a result that has a value");
  return *report;
}

}  // namespace detail

template <class T>
class [[nodiscard]] Result {
  static_assert(std::is_object_v<T> && !std::is_same_v<T, TaskReport>);

 public:
  using value_type = T;

  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(TaskReport report) : state_(std::in_place_index<1>, std::move(report)) {}

  bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  T& value() & { return checked(), *std::get_if<0>(&state_); }
  const T& value() const& { return checked(), *std::get_if<0>(&state_); }
  T&& value() && { return std::move(value()); }
  const T&& value() const&& { return std::move(value()); }

  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(value()); }
  const T&& operator*() const&& { return std::move(value()); }

  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const TaskReport& error() const { return detail::checked_error(std::get_if<1>(&state_)); }

 private:
  void checked() const {
    if (const TaskReport* report = std::get_if<1>(&state_)) throw_report(*report);
  }

  std::variant<T, TaskReport> state_;
};

// Of a function without a result: it either ended or it did not.
template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;

  Result() = default;
  Result(TaskReport report) : report_(std::move(report)) {}

  bool has_value() const noexcept { return !report_; }
  explicit operator bool() const noexcept { return has_value(); }

  void value() const {
    if (report_) throw_report(*report_);
  }
  void operator*() const { value(); }

  const TaskReport& error() const { return detail::checked_error(report_ ? &*report_ : nullptr); }

 private:
  std::optional<TaskReport> report_;
};

}  // namespace zonda
