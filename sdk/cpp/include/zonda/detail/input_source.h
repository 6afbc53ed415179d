// Where the tasks of a map come from.
#pragma once

#include <zonda/detail/handler.h>

#include <cstdint>
#include <vector>

namespace zonda::detail {

// Encoded arguments of consecutive tasks.
struct InputBatch {
  Output payloads;
  std::vector<std::uint32_t> lengths;

  std::size_t bytes() const { return payloads.bytes().size(); }
  void clear() {
    payloads.bytes().clear();
    lengths.clear();
  }
};

class InputSource {
 public:
  virtual ~InputSource() = default;
  // Adds up to `count` inputs, fewer if their bytes reach `bytes_max`. False when there are no more. Throws
  // what the range throws; what was added before stays.
  virtual bool fill(InputBatch& batch, std::uint32_t count, std::size_t bytes_max) = 0;
};

}  // namespace zonda::detail
