// Bytes that are written once and then shared: a batch as it came from the wire.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstring>
#include <new>
#include <string>
#include <string_view>
#include <utility>

namespace zonda {

// Reference counted: one allocation, or what owned the bytes before. Copies share; the count is atomic, since
// libzmq's I/O thread and executors let go of slabs on their own threads.
class Slab {
 public:
  Slab() = default;
  explicit Slab(std::string_view bytes) : Slab(bytes, {}) {}
  // Both, back to back.
  Slab(std::string_view first, std::string_view second) : block_(allocate(first.size() + second.size())) {
    char* to = reinterpret_cast<char*>(block_ + 1);
    if (!first.empty()) std::memcpy(to, first.data(), first.size());
    if (!second.empty()) std::memcpy(to + first.size(), second.data(), second.size());
  }
  // Takes over what owns the bytes: they lie where `bytes_of(owner)` says once it is in its place.
  template <class Owner, class BytesOf>
  static Slab adopt(Owner owner, BytesOf bytes_of) {
    Slab slab;
    auto* block = new Owned<Owner>(std::move(owner));
    block->bytes = bytes_of(block->owner);
    block->end = [](Block* ended) { delete static_cast<Owned<Owner>*>(ended); };
    slab.block_ = block;
    return slab;
  }
  // Of large bytes, memory is better taken over than copied, unless much of it is unused.
  static constexpr std::size_t kLarge = 64 * 1024;
  static bool is_worth_taking(const std::string& bytes) {
    return bytes.size() >= kLarge && bytes.capacity() - bytes.size() <= bytes.size() / 4;
  }
  Slab(const Slab& other) : block_(other.block_) {
    if (block_ != nullptr) block_->references.fetch_add(1, std::memory_order_relaxed);
  }
  Slab(Slab&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  Slab& operator=(Slab other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~Slab() {
    if (block_ != nullptr && block_->references.fetch_sub(1, std::memory_order_acq_rel) == 1)
      block_->end(block_);
  }

  std::string_view view() const { return block_ == nullptr ? std::string_view{} : block_->bytes; }
  std::size_t size() const { return view().size(); }

 private:
  struct Block {
    std::atomic<std::size_t> references{1};
    std::string_view bytes;
    void (*end)(Block*) = nullptr;
  };
  template <class Owner>
  struct Owned : Block {
    explicit Owned(Owner taken) : owner(std::move(taken)) {}
    Owner owner;
  };

  // The bytes follow their block.
  static Block* allocate(std::size_t size) {
    Block* block = new (::operator new(sizeof(Block) + size)) Block;
    block->bytes = {reinterpret_cast<const char*>(block + 1), size};
    block->end = [](Block* ended) {
      ended->~Block();
      ::operator delete(ended);
    };
    return block;
  }

  Block* block_ = nullptr;
};

}  // namespace zonda
