// Memory that a thread keeps between units and calls.
#pragma once

#include <cstdint>
#include <memory>

namespace fp4::numerics::cpu {

// A buffer that is not cleared and keeps its memory.
template <class T>
class Scratch {
 public:
  T* Get(int64_t size) {
    if (size > capacity_) {
      memory_ = std::make_unique_for_overwrite<T[]>(static_cast<size_t>(size));
      capacity_ = size;
    }
    return memory_.get();
  }

 private:
  std::unique_ptr<T[]> memory_;
  int64_t capacity_ = 0;
};

struct ThreadScratch {
  Scratch<float> values;
  Scratch<uint32_t> random;
  Scratch<uint8_t> codes;
  Scratch<float> encode, decode;  // scales of the unit's blocks
  Scratch<uint32_t> stored;
};

inline ThreadScratch& LocalScratch() {
  static thread_local ThreadScratch scratch;
  return scratch;
}

}  // namespace fp4::numerics::cpu
