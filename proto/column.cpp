#include "proto/column.h"

namespace zonda {
namespace {

std::uint64_t sum_of_lengths(std::string_view lengths) {
  std::uint64_t sum = 0;
  for (std::size_t at = 0; at < lengths.size(); at += 4) {
    std::uint32_t value = 0;
    std::memcpy(&value, lengths.data() + at, 4);
    sum += value;
  }
  return sum;
}

}  // namespace

bool Column::consistent() const {
  return lengths.size() % 4 == 0 && sum_of_lengths(lengths) == payloads.size();
}

Column Column::slice(std::uint32_t first, std::uint32_t count) const {
  const std::size_t skipped = sum_of_lengths(lengths.substr(0, 4 * std::size_t{first}));
  const std::string_view part = lengths.substr(4 * std::size_t{first}, 4 * std::size_t{count});
  return {part, payloads.substr(skipped, sum_of_lengths(part))};
}

Slab copy_of(Column& column) {
  Slab slab(column.lengths, column.payloads);
  column = {slab.view().substr(0, column.lengths.size()), slab.view().substr(column.lengths.size())};
  return slab;
}

}  // namespace zonda
