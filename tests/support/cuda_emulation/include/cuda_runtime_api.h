// Stands in for CUDA's header of this name where kernels are run on the CPU: the part of the
// runtime that numerics/cuda and its tests use, over host memory. A stream does its work at once.
// Not thread-safe.
#pragma once

#include <cstddef>

enum cudaError_t {
  cudaSuccess = 0,
  cudaErrorInvalidValue = 1,
  cudaErrorMemoryAllocation = 2,
  cudaErrorInvalidConfiguration = 9,
  cudaErrorLaunchFailure = 719,
};
enum cudaMemcpyKind { cudaMemcpyHostToDevice = 1, cudaMemcpyDeviceToHost = 2 };
using cudaStream_t = struct CUstream_st*;

// Memory that is filled with 0xFF (NaN, as floats), so that what reads it before it was written is
// seen. The page behind it cannot be accessed; the up to 15 bytes before that page are looked at by
// cudaFree, which reports writing beyond the end as cudaErrorInvalidValue.
cudaError_t cudaMalloc(void** data, size_t size);
template <class T>
cudaError_t cudaMalloc(T** data, size_t size) {
  return cudaMalloc(reinterpret_cast<void**>(data), size);
}
cudaError_t cudaFree(void* data);

cudaError_t cudaMemcpy(void* to, const void* from, size_t size, cudaMemcpyKind kind);
cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t size, cudaMemcpyKind kind,
                            cudaStream_t stream);
cudaError_t cudaMemsetAsync(void* data, int value, size_t size, cudaStream_t stream);

cudaError_t cudaGetDeviceCount(int* count);  // 1
cudaError_t cudaDeviceSynchronize();

// The last launch that failed, once; and what was wrong with it: which thread waits where for whom.
cudaError_t cudaGetLastError();
const char* cudaGetErrorString(cudaError_t error);
