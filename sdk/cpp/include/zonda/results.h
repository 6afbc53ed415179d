// The outcomes of many tasks, as an input range.
//
//   for (std::int64_t v : client.map(fn::square, inputs)) …                            in input order
//   for (auto&& [index, result] : client.map(fn::square, inputs).unordered()) …        as they finish
//
// Move-only, single-pass, and of one thread. Inputs are pulled and encoded only in the call to map() and
// while iterating: a window of at most 262,144 tasks ahead of what was read. What the range throws leaves
// through the iteration. So do errors of the whole job (Rejected, Unreachable, TaskLost). Either one ends it.
//
// In order, a task's own error is thrown where its value is read (`*it`): a loop that catches it there may go
// on with ++it. Destroying it before its end cancels what is not done, unless it is detached or only attached
// to. May outlive its client, whose end ends it as TaskCancelled.
#pragma once

#include <zonda/detail/outcome_reader.h>
#include <zonda/future.h>
#include <zonda/result.h>

#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>
#include <variant>
#include <vector>

namespace zonda {

// What unordered() yields.
template <class R>
struct IndexedResult {
  std::size_t index = 0;  // of the input
  Result<R> result;
};

namespace detail {

template <class R>
Result<R> read_outcome(const OutcomeReader& reader) {
  if (!reader.has_value()) return reader.report();
  return decode_result<R>(reader.payload());
}

// Reads an outcome when it is asked for, once.
template <class Item, Item (*kRead)(const OutcomeReader&)>
class OutcomeIterator {
 public:
  using iterator_concept = std::input_iterator_tag;
  using iterator_category = std::input_iterator_tag;
  using value_type = Item;
  using difference_type = std::ptrdiff_t;
  using pointer = Item*;
  using reference = Item&;

  OutcomeIterator() = default;
  explicit OutcomeIterator(OutcomeReader* reader) : reader_(reader) { step(); }

  Item& operator*() const {
    if (!item_) item_.emplace(kRead(*reader_));
    return *item_;
  }
  Item* operator->() const { return &**this; }
  OutcomeIterator& operator++() {
    item_.reset();
    step();
    return *this;
  }
  void operator++(int) { ++*this; }
  friend bool operator==(const OutcomeIterator& it, std::default_sentinel_t) { return it.at_end_; }

 private:
  void step() { at_end_ = !reader_->next(); }

  OutcomeReader* reader_ = nullptr;
  bool at_end_ = true;
  mutable std::optional<Item> item_;
};

template <class R>
IndexedResult<R> read_indexed(const OutcomeReader& reader) {
  return {static_cast<std::size_t>(reader.index()), read_outcome<R>(reader)};
}

// A task without a result yields std::monostate.
template <class R>
ValueOf<R> read_value(const OutcomeReader& reader) {
  if constexpr (std::is_void_v<R>) {
    read_outcome<R>(reader).value();
    return {};
  } else {
    return *read_outcome<R>(reader);
  }
}

inline OutcomeReader* started(OutcomeReader* reader) {
  if (reader == nullptr || reader->started())
    throw std::logic_error("zonda: results are iterated once, and not after they were moved from");
  return reader;
}

}  // namespace detail

// The outcomes as they finish, failures included.
template <class R>
class [[nodiscard]] UnorderedResults {
 public:
  using iterator = detail::OutcomeIterator<IndexedResult<R>, &detail::read_indexed<R>>;

  explicit UnorderedResults(std::unique_ptr<detail::OutcomeReader> reader)
      : reader_(reader.release(), {.owned = true}) {}
  explicit UnorderedResults(detail::OutcomeReader& reader) : reader_(&reader, {.owned = false}) {}

  iterator begin() { return iterator(detail::started(reader_.get())); }
  std::default_sentinel_t end() const { return {}; }

  JobId job() const { return reader_->job(); }
  void cancel() { reader_->cancel(); }

 private:
  struct DeleteIfOwned {
    bool owned = false;
    void operator()(detail::OutcomeReader* reader) const {
      if (owned) delete reader;
    }
  };
  std::unique_ptr<detail::OutcomeReader, DeleteIfOwned> reader_;
};

template <class R>
class [[nodiscard]] Results {
 public:
  using iterator = detail::OutcomeIterator<detail::ValueOf<R>, &detail::read_value<R>>;

  explicit Results(std::unique_ptr<detail::OutcomeReader> reader)
      : reader_(std::move(reader)) {}  // by Client

  // Waits for the first outcome. Once only: std::logic_error after that.
  iterator begin() { return iterator(detail::started(reader_.get())); }
  std::default_sentinel_t end() const { return {}; }

  // Of an lvalue: a view, which must not outlive it. Of an rvalue it takes over: this one is empty after it.
  UnorderedResults<R> unordered() & {
    detail::started(reader_.get())->set_unordered();
    return UnorderedResults<R>(*reader_);
  }
  UnorderedResults<R> unordered() && {
    detail::started(reader_.get())->set_unordered();
    return UnorderedResults<R>(std::move(reader_));
  }

  // All values, in order; throws the first error. For functions without a result: waits for all, returns
  // nothing.
  auto collect() {
    if constexpr (std::is_void_v<R>) {
      for (auto it = begin(); it != end(); ++it) *it;
    } else {
      detail::OutcomeReader* reader = detail::started(reader_.get());
      std::vector<R> values;
      while (reader->next()) values.push_back(detail::read_value<R>(*reader));
      return values;
    }
  }

  JobId job() const { return reader_->job(); }

  // Cancels what is not done, without waiting for it. No more inputs are pulled; the outcomes still come.
  void cancel() { reader_->cancel(); }

 private:
  std::unique_ptr<detail::OutcomeReader> reader_;
};

}  // namespace zonda
