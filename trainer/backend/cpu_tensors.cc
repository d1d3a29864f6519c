#include "trainer/backend/cpu_tensors.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/alloc_cpu.h>
#include <malloc.h>

#include <algorithm>
#include <atomic>

#include "base/mutex.h"
#include "trainer/backend/freed_blocks.h"

namespace fp4::trainer {
namespace {

void RaiseTo(int64_t value, std::atomic<int64_t>& most) {
  int64_t before = most.load(std::memory_order_relaxed);
  while (value > before && !most.compare_exchange_weak(before, value, std::memory_order_relaxed)) {
  }
}

int64_t SizeOf(void* data) { return static_cast<int64_t>(malloc_usable_size(data)); }

// As LibTorch's own, which is alloc_cpu and free_cpu, with the counting and the kept blocks.
class CountingAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    void* data = Take(bytes);
    if (data == nullptr) data = c10::alloc_cpu(bytes);
    Count(SizeOf(data));
    return {data, data, &FreeCounted, c10::Device(c10::DeviceType::CPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &FreeCounted; }
  void copy_data(void* to, const void* from, size_t bytes) const override {
    default_copy_data(to, from, bytes);
  }

  // It outlives every tensor, those of static objects included.
  static CountingAllocator& Get() {
    static auto* const allocator = new CountingAllocator;
    return *allocator;
  }

  std::atomic<int64_t> held = 0, peak = 0;
  int64_t freed_bytes() const {
    const MutexLock lock(mutex_);
    return freed_.bytes();
  }

 private:
  void Count(int64_t bytes) {
    const int64_t now = held.fetch_add(bytes, std::memory_order_relaxed) + bytes;
    RaiseTo(now, peak);
    RaiseTo(now, highest_);
  }

  // Where there is none, others make room, so that the sum stays below the highest that was held.
  void* Take(size_t bytes) {
    const auto size = static_cast<int64_t>(bytes);
    if (size < kLargeBlock) return nullptr;
    const MutexLock lock(mutex_);
    void* data = freed_.Take(bytes);
    if (data == nullptr) freed_.Shrink(highest_ - held - size, c10::free_cpu);
    return data;
  }

  static void FreeCounted(void* data) {
    const int64_t size = SizeOf(data);
    CountingAllocator& self = Get();
    self.held.fetch_sub(size, std::memory_order_relaxed);
    if (size < kLargeBlock) return c10::free_cpu(data);
    const MutexLock lock(self.mutex_);
    self.freed_.Put(data, static_cast<size_t>(size));
  }

  std::atomic<int64_t> highest_ = 0;  // of `held`, ever
  mutable Mutex mutex_;
  FreedBlocks freed_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

void CountCpuTensors() {
  static const bool set = [] {
    c10::SetCPUAllocator(&CountingAllocator::Get());
    return true;
  }();
  (void)set;
}

int64_t CpuTensorBytes() { return CountingAllocator::Get().held; }

int64_t CpuTensorPeak() { return CountingAllocator::Get().peak; }

int64_t CpuFreedBytes() { return CountingAllocator::Get().freed_bytes(); }

void ResetCpuTensorPeak() { CountingAllocator::Get().peak = CpuTensorBytes(); }

}  // namespace fp4::trainer
