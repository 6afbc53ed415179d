// Outcomes of consecutive tasks of one Work, on their way from a runner to its agent.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace zonda {

template <class Bytes>
struct BasicOutcomeBatch {
  std::uint32_t sequence = 0;  // of the Work in its slot
  std::uint32_t first = 0;     // position in the Work
  std::uint32_t count = 0;
  bool last = false;  // the Work is over
  std::chrono::nanoseconds busy{0};
  Bytes kinds{};  // empty: all are values
  Bytes lengths{};
  Bytes payloads{};
};
using OutcomeBatch = BasicOutcomeBatch<std::string>;
using OutcomeBatchView = BasicOutcomeBatch<std::string_view>;

inline OutcomeBatch copy_of(const OutcomeBatchView& batch) {
  return {batch.sequence,
          batch.first,
          batch.count,
          batch.last,
          batch.busy,
          std::string(batch.kinds),
          std::string(batch.lengths),
          std::string(batch.payloads)};
}

}  // namespace zonda
