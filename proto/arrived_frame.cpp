#include "proto/arrived_frame.h"

#include <functional>

#include "proto/assert.h"

namespace zonda {

bool ArrivedFrame::holds(std::string_view part) const {
  const std::less_equal<const char*> in_order;  // also of pointers into different memory
  return in_order(bytes_.data(), part.data()) &&
         in_order(part.data() + part.size(), bytes_.data() + bytes_.size());
}

Slab ArrivedFrame::give_up(std::size_t needed) {
  if (give_up_ == nullptr || bytes_.size() < large_ || needed < bytes_.size() - bytes_.size() / 8) return {};
  if (given_up_.size() == 0) given_up_ = give_up_(owner_);
  ZONDA_ASSERT(given_up_.view().data() == bytes_.data());
  return given_up_;
}

Slab ArrivedFrame::keep(Column& column) {
  if (holds(column.lengths) && holds(column.payloads)) {
    if (Slab frame = give_up(column.lengths.size() + column.payloads.size()); frame.size() > 0) return frame;
  }
  return copy_of(column);
}

}  // namespace zonda
