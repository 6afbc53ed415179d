// Bytes that are written once and then shared: a batch as it came from the wire.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

namespace zonda {

// One allocation, reference counted. Copies share; the count is atomic, since libzmq's I/O thread and
// executors let go of slabs on their own threads.
class Slab {
 public:
  Slab() = default;
  explicit Slab(std::string_view bytes) : block_(allocate(bytes.size())) {
    if (!bytes.empty()) std::memcpy(block_->data(), bytes.data(), bytes.size());
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
    if (block_ != nullptr && block_->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      block_->~Block();
      ::operator delete(block_);
    }
  }

  std::string_view view() const {
    return block_ == nullptr ? std::string_view{} : std::string_view{block_->data(), block_->size};
  }
  std::size_t size() const { return block_ == nullptr ? 0 : block_->size; }

 private:
  struct Block {
    std::atomic<std::size_t> references{1};
    std::size_t size = 0;
    char* data() { return reinterpret_cast<char*>(this + 1); }
  };

  static Block* allocate(std::size_t size) {
    Block* block = new (::operator new(sizeof(Block) + size)) Block;
    block->size = size;
    return block;
  }

  Block* block_ = nullptr;
};

}  // namespace zonda
