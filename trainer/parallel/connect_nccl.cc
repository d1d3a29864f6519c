#include "trainer/backend/cuda_library.h"
#include "trainer/parallel/connect.h"

namespace fp4::trainer {
namespace {

NcclFactory FindFactory() { return reinterpret_cast<NcclFactory>(CudaLibrarySymbol(kNcclFactory)); }

}  // namespace

bool ProcessGroup::CanConnect(const at::Device& device) {
  return device.is_cpu() || FindFactory() != nullptr;
}

c10::intrusive_ptr<c10d::Backend> ConnectNccl(const ProcessGroup::Place& place) {
  const NcclFactory connect = FindFactory();
  TORCH_CHECK(connect != nullptr, "libfp4_cuda.so has no NCCL");
  return c10::intrusive_ptr<c10d::Backend>::reclaim(
      connect(place.store.c_str(), static_cast<int>(place.rank), static_cast<int>(place.size),
              place.device.index()));
}

}  // namespace fp4::trainer
