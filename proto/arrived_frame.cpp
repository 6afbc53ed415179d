#include "proto/arrived_frame.h"

#include <functional>

namespace zonda {
bool ArrivedFrame::holds(std::string_view part) const {
  const std::less_equal<const char*> in_order;  // also of pointers into different memory
  return in_order(bytes_.data(), part.data()) &&
         in_order(part.data() + part.size(), bytes_.data() + bytes_.size());
}

Slab ArrivedFrame::give_up(std::string_view part) {
  if (give_up_ == nullptr || bytes_.size() < Slab::kLarge || !holds(part)) return {};
  if (given_up_.size() == 0) given_up_ = give_up_(owner_);
  return given_up_;
}

Slab ArrivedFrame::keep(Column& column) {
  const bool is_most = column.lengths.size() + column.payloads.size() > bytes_.size() / 2;
  if (Slab frame = is_most ? give_up(column.payloads) : Slab(); frame.size() > 0) return frame;
  Slab copy(column.lengths, column.payloads);
  column = {copy.view().substr(0, column.lengths.size()), copy.view().substr(column.lengths.size())};
  return copy;
}

}  // namespace zonda
