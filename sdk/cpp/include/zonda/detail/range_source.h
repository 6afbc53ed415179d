// The inputs of a map, pulled from a range. Owns a range given as an rvalue.
#pragma once

#include <zonda/detail/arguments.h>
#include <zonda/detail/input_source.h>

#include <optional>
#include <ranges>
#include <tuple>
#include <utility>

namespace zonda::detail {

// kSpread: an element is a tuple of all arguments; otherwise it is the only one.
template <bool kSpread, class View, class... A>
class RangeSource final : public InputSource {
 public:
  explicit RangeSource(View view) : view_(std::move(view)) {}

  bool fill(InputBatch& batch, std::uint32_t count, std::size_t bytes_max) override {
    if (!at_) at_.emplace(std::ranges::begin(view_));
    const auto end = std::ranges::end(view_);
    for (std::uint32_t done = 0; done < count && batch.bytes() < bytes_max; ++done) {
      // Advanced when the next one is wanted: a range that computes elements should not do so too early.
      if (started_) ++*at_;
      started_ = false;
      if (*at_ == end) return false;
      add(batch, **at_);
      started_ = true;
    }
    return true;
  }

 private:
  template <class Element>
  static void add(InputBatch& batch, Element&& element) {
    const std::size_t before = batch.bytes();
    try {
      if constexpr (kSpread) {
        std::apply(
            [&](auto&&... arguments) {
              encode_arguments<A...>(batch.payloads, std::forward<decltype(arguments)>(arguments)...);
            },
            std::forward<Element>(element));
      } else {
        encode_arguments<A...>(batch.payloads, std::forward<Element>(element));
      }
    } catch (...) {
      batch.payloads.bytes().resize(before);
      throw;
    }
    batch.lengths.push_back(static_cast<std::uint32_t>(batch.bytes() - before));
  }

  View view_;
  std::optional<std::ranges::iterator_t<View>> at_;
  bool started_ = false;  // `at_` stands on an element that was added
};

}  // namespace zonda::detail
