// Outcomes of consecutive tasks, as they came.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

namespace zonda::detail {

struct OutcomeChunk {
  std::uint64_t first = 0;
  std::uint32_t count = 0;
  std::string_view kinds;             // one byte a task, 0 for a value; empty: all are values
  std::string_view lengths;           // u32 each; empty: all payloads are
  std::string_view payloads;          // back to back
  std::shared_ptr<const void> bytes;  // that the views point into
};

}  // namespace zonda::detail
