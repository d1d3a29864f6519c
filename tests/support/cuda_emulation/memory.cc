// Device memory: pages of its own for every allocation, ending at one that cannot be accessed.
#include <sys/mman.h>

#include <cstring>
#include <map>

#include "cuda_runtime_api.h"

namespace {

constexpr size_t kPage = 4096, kAlignment = 16;
constexpr unsigned char kFresh = 0xFF;

struct Allocation {
  void* pages;
  size_t num_bytes;  // of the pages, with the last
  size_t size;       // of what was asked for
};

std::map<void*, Allocation>& Allocations() {
  static std::map<void*, Allocation> allocations;
  return allocations;
}

size_t RoundUp(size_t size, size_t unit) { return (size + unit - 1) / unit * unit; }

}  // namespace

cudaError_t cudaMalloc(void** data, size_t size) {
  *data = nullptr;
  if (size == 0) return cudaSuccess;
  const size_t usable = RoundUp(size, kPage);
  void* pages =
      mmap(nullptr, usable + kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) return cudaErrorMemoryAllocation;
  mprotect(static_cast<char*>(pages) + usable, kPage, PROT_NONE);
  std::memset(pages, kFresh, usable);
  *data = static_cast<char*>(pages) + usable - RoundUp(size, kAlignment);
  Allocations()[*data] = {pages, usable + kPage, size};
  return cudaSuccess;
}

cudaError_t cudaFree(void* data) {
  if (data == nullptr) return cudaSuccess;
  auto found = Allocations().find(data);
  if (found == Allocations().end()) return cudaErrorInvalidValue;
  const auto [pages, num_bytes, size] = found->second;
  Allocations().erase(found);
  bool intact = true;
  const auto* bytes = static_cast<const unsigned char*>(data);
  for (size_t i = size; i < RoundUp(size, kAlignment); ++i) intact &= bytes[i] == kFresh;
  munmap(pages, num_bytes);
  return intact ? cudaSuccess : cudaErrorInvalidValue;
}

cudaError_t cudaMemcpy(void* to, const void* from, size_t size, cudaMemcpyKind) {
  if (size > 0) std::memcpy(to, from, size);
  return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t size, cudaMemcpyKind kind,
                            cudaStream_t) {
  return cudaMemcpy(to, from, size, kind);
}

cudaError_t cudaMemsetAsync(void* data, int value, size_t size, cudaStream_t) {
  if (size > 0) std::memset(data, value, size);
  return cudaSuccess;
}

cudaError_t cudaGetDeviceCount(int* count) {
  *count = 1;
  return cudaSuccess;
}

cudaError_t cudaDeviceSynchronize() { return cudaSuccess; }
