#include "trainer/backend/freed_blocks.h"

#include <algorithm>

namespace fp4::trainer {

void FreedBlocks::Put(void* data, size_t size) {
  blocks_.push_front({data, size});
  bytes_ += static_cast<int64_t>(size);
}

void* FreedBlocks::Take(size_t size) {
  const size_t most = size + size / 16;
  auto best = blocks_.end();
  for (auto block = blocks_.begin(); block != blocks_.end(); ++block) {
    if (block->size < size || block->size > most) continue;
    if (best == blocks_.end() || block->size < best->size) best = block;
  }
  if (best == blocks_.end()) return nullptr;
  void* const data = best->data;
  bytes_ -= static_cast<int64_t>(best->size);
  blocks_.erase(best);
  return data;
}

void FreedBlocks::Shrink(int64_t most, const std::function<void(void*)>& release) {
  while (bytes_ > std::max<int64_t>(most, 0)) {
    release(blocks_.back().data);
    bytes_ -= static_cast<int64_t>(blocks_.back().size);
    blocks_.pop_back();
  }
}

}  // namespace fp4::trainer
