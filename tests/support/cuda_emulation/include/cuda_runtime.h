// Stands in for what nvcc adds to C++, so that g++ compiles a .cu file: qualifiers, built-in
// variables, launches, and the functions that threads meet in. The rules that CUDA leaves to the
// programmer are checked here, and breaking one makes the launch fail: every lane that a mask names
// has to arrive, at the same place in the source; so has every thread of a block at a barrier.
#pragma once

#include <cstdint>
#include <cstring>
#include <functional>
#include <source_location>
#include <type_traits>

#include "cuda_runtime_api.h"

#define __global__
#define __device__
#define __host__
#define __grid_constant__
#define __launch_bounds__(threads)
#define __shared__ static  // blocks run one after the other, and find what the one before left

struct uint3 {
  unsigned x, y, z;
};
struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};
// A GPU faults on a vector that is not where its alignment wants it; so does this.
struct alignas(16) float4 {
  float x, y, z, w;

  float4() = default;
  float4(float x, float y, float z, float w) : x(x), y(y), z(z), w(w) {}
  float4(const float4& other) { Copy(other); }
  float4& operator=(const float4& other) {
    Copy(other);
    return *this;
  }

 private:
  void Copy(const float4& other) {
    Check(this);
    Check(&other);
    x = other.x, y = other.y, z = other.z, w = other.w;
  }
  static void Check(const void* vector) {
    auto address = reinterpret_cast<uintptr_t>(vector);
    asm("" : "+r"(address));  // the compiler must not know what the type promises
    if (address % alignof(float4) != 0) __builtin_trap();
  }
};

extern uint3 threadIdx, blockIdx;
extern dim3 blockDim, gridDim;

template <class T>
constexpr T min(T a, T b) {
  return b < a ? b : a;
}
template <class T>
constexpr T max(T a, T b) {
  return a < b ? b : a;
}

namespace fp4::cuda_emulation {

enum class WarpOperation : uint8_t { kShuffle, kShuffleXor, kReduceMax, kAny, kSync };

// Waits until all lanes of `mask` have come here; the lane's result.
uint64_t MeetWarp(WarpOperation operation, unsigned mask, uint64_t value, int argument, int width,
                  const std::source_location& where);
// Waits until all threads of the block have come here; whether `predicate` holds for any.
bool MeetBlock(bool predicate, const std::source_location& where);

// Runs `thread` once for every thread of the grid, whose blocks and threads take turns in no
// particular order.
cudaError_t RunGrid(dim3 grid, dim3 block, const std::function<void()>& thread);

template <class T>
T Meet(WarpOperation operation, unsigned mask, T value, int argument, int width,
       const std::source_location& where) {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(uint64_t));
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(T));
  bits = MeetWarp(operation, mask, bits, argument, width, where);
  std::memcpy(&value, &bits, sizeof(T));
  return value;
}

}  // namespace fp4::cuda_emulation

using FP4Where = std::source_location;

template <class T>
T __shfl_sync(unsigned mask, T value, int lane, int width = 32,
              const FP4Where& where = FP4Where::current()) {
  return fp4::cuda_emulation::Meet(fp4::cuda_emulation::WarpOperation::kShuffle, mask, value, lane,
                                   width, where);
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int lane_mask, int width = 32,
                  const FP4Where& where = FP4Where::current()) {
  return fp4::cuda_emulation::Meet(fp4::cuda_emulation::WarpOperation::kShuffleXor, mask, value,
                                   lane_mask, width, where);
}
inline unsigned __reduce_max_sync(unsigned mask, unsigned value,
                                  const FP4Where& where = FP4Where::current()) {
  return fp4::cuda_emulation::Meet(fp4::cuda_emulation::WarpOperation::kReduceMax, mask, value, 0,
                                   32, where);
}
inline int __any_sync(unsigned mask, int predicate, const FP4Where& where = FP4Where::current()) {
  return fp4::cuda_emulation::Meet(fp4::cuda_emulation::WarpOperation::kAny, mask,
                                   static_cast<unsigned>(predicate != 0), 0, 32, where) != 0;
}
inline void __syncwarp(unsigned mask = ~0u, const FP4Where& where = FP4Where::current()) {
  fp4::cuda_emulation::MeetWarp(fp4::cuda_emulation::WarpOperation::kSync, mask, 0, 0, 32, where);
}
inline void __syncthreads(const FP4Where& where = FP4Where::current()) {
  fp4::cuda_emulation::MeetBlock(false, where);
}
inline int __syncthreads_or(int predicate, const FP4Where& where = FP4Where::current()) {
  return fp4::cuda_emulation::MeetBlock(predicate != 0, where);
}

// One thread runs at a time, until it meets others.
inline unsigned atomicMax(unsigned* address, unsigned value) {
  const unsigned old = *address;
  *address = max(old, value);
  return old;
}
inline unsigned atomicOr(unsigned* address, unsigned value) {
  const unsigned old = *address;
  *address = old | value;
  return old;
}

struct cudaLaunchConfig_t {
  dim3 gridDim, blockDim;
  size_t dynamicSmemBytes;
  cudaStream_t stream;
};

template <class... Parameters, class... Arguments>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config, void (*kernel)(Parameters...),
                               Arguments&&... arguments) {
  static_assert((sizeof(Parameters) + ... + 0) <= 4096, "more arguments than a launch can hold");
  return fp4::cuda_emulation::RunGrid(config->gridDim, config->blockDim,
                                      [&] { kernel(arguments...); });
}
