// The two ways in which c10d connects processes. Only process_group.cc uses them.
#pragma once

#include <torch/csrc/distributed/c10d/Backend.hpp>

#include "trainer/parallel/process_group.h"

namespace fp4::trainer {

// Both throw what LibTorch throws.
c10::intrusive_ptr<c10d::Backend> ConnectGloo(const ProcessGroup::Place& place);
c10::intrusive_ptr<c10d::Backend> ConnectNccl(const ProcessGroup::Place& place);

// What libfp4_cuda.so exports under the name kNcclFactory: a backend that the caller owns one
// reference to. `store` is the path of the group's file.
using NcclFactory = c10d::Backend* (*)(const char* store, int rank, int size, int device);
inline constexpr char kNcclFactory[] = "fp4_connect_nccl";

}  // namespace fp4::trainer
