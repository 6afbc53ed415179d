// The bytes of a frame that has just arrived.
#pragma once

#include <concepts>
#include <string_view>
#include <utility>

#include "proto/column.h"
#include "proto/slab.h"

namespace zonda {

// A view that ends with the call it is given to. What is needed for longer is copied, or the frame gives up
// its memory, which is worth it for a large one.
class ArrivedFrame {
 public:
  ArrivedFrame() = default;
  // Bytes that stay with whoever has them.
  template <std::convertible_to<std::string_view> Bytes>
  ArrivedFrame(const Bytes& bytes) : bytes_(bytes) {}
  // Bytes of `owner`, which is moved from when they are given up. Large ones do not move with it.
  template <class Owner, class BytesOf>
  ArrivedFrame(Owner& owner, BytesOf bytes_of)
      : bytes_(bytes_of(owner)),
        owner_(&owner),
        give_up_([](void* from) { return Slab::adopt(std::move(*static_cast<Owner*>(from)), BytesOf{}); }) {}

  std::string_view bytes() const { return bytes_; }
  operator std::string_view() const { return bytes_; }

  // The memory of the frame, whose views then last as long as the slab. Empty if the frame is small, or its
  // bytes are somebody's, or `part` is not in it: a message may have come in pieces.
  Slab give_up(std::string_view part);
  // What the column is in from now on: the frame, if it is most of that, or a copy.
  Slab keep(Column& column);

 private:
  bool holds(std::string_view part) const;

  std::string_view bytes_;
  void* owner_ = nullptr;
  Slab (*give_up_)(void* owner) = nullptr;
  Slab given_up_;
};

}  // namespace zonda
