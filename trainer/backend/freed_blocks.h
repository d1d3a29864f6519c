#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>

namespace fp4::trainer {

// Large blocks of memory that are free and kept, because the same sizes come again each step, and
// pages that the system gives anew cost time. Owns nothing by itself: who puts a block in gets it
// back, from Take or from Shrink. Not thread-safe.
class FreedBlocks {
 public:
  void Put(void* data, size_t size);

  // A block of at least `size` bytes and little more; null: there is none.
  void* Take(size_t size);

  // Gives the blocks that have been there for the longest time to `release`, until what is left has
  // at most `most` bytes.
  void Shrink(int64_t most, const std::function<void(void*)>& release);

  // Of all blocks together.
  int64_t bytes() const { return bytes_; }

 private:
  struct Block {
    void* data = nullptr;
    size_t size = 0;
  };
  std::list<Block> blocks_;  // those put in last come first
  int64_t bytes_ = 0;
};

}  // namespace fp4::trainer
