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
  // Bytes of `owner`, which is moved from when they are given up: if they are as many as `large`. So many do
  // not move with it. `bytes_of(owner)`: where they are.
  template <class Owner, class BytesOf>
  ArrivedFrame(Owner& owner, BytesOf bytes_of, std::size_t large = Slab::kLarge)
      : bytes_(bytes_of(owner)),
        large_(large),
        owner_(&owner),
        give_up_([](void* from) { return Slab::adopt(std::move(*static_cast<Owner*>(from)), BytesOf{}); }) {}
  ArrivedFrame(ArrivedFrame&&) = default;
  ArrivedFrame& operator=(ArrivedFrame&&) = default;

  // The public key that its sender proved to have, as text; empty where no keys are asked for.
  std::string_view sender() const { return sender_; }
  void set_sender(std::string_view sender) { sender_ = sender; }

  std::string_view bytes() const { return bytes_; }
  operator std::string_view() const { return bytes_; }
  bool holds(std::string_view part) const;  // a message may have come in pieces: then it is elsewhere

  // The memory of the frame, whose views then last as long as the slab. Empty if the frame is not large, is
  // somebody's, or has more than an eighth beside the `needed` bytes.
  Slab give_up(std::size_t needed);
  // What the column is in from now on: the frame, or a copy.
  Slab keep(Column& column);

 private:
  std::string_view bytes_;
  std::string_view sender_;
  std::size_t large_ = 0;
  void* owner_ = nullptr;
  Slab (*give_up_)(void* owner) = nullptr;
  Slab given_up_;
};

}  // namespace zonda
