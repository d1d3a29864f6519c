// The part of libfp4_cuda.so that connects the processes of several GPUs, by LibTorch's NCCL.
#ifndef USE_C10D_NCCL
#define USE_C10D_NCCL
#endif
#include <torch/csrc/distributed/c10d/FileStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>

extern "C" c10d::Backend* fp4_connect_nccl(const char* store_file, int rank, int size, int device) {
  c10::cuda::set_device(static_cast<c10::DeviceIndex>(device));
  auto store = c10::make_intrusive<c10d::FileStore>(store_file, size);
  auto options = c10d::ProcessGroupNCCL::Options::create();
  // The first process evaluates while the others wait; one that has ended is seen by the first.
  options->timeout = std::chrono::hours(24 * 7);
  c10::intrusive_ptr<c10d::Backend> backend =
      c10::make_intrusive<c10d::ProcessGroupNCCL>(store, rank, size, options);
  return backend.release();
}
