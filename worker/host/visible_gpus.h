#pragma once

#include <vector>

#include "base/gpu.h"

namespace fp4::worker {

// Of `gpus`, those that CUDA_VISIBLE_DEVICES lets this process use, in its order: numbers, or the
// beginnings of UUIDs; as CUDA does, the list ends at the first entry that names none. `visible`
// null: all.
std::vector<size_t> VisibleGpus(const std::vector<GpuInfo>& gpus, const char* visible);

}  // namespace fp4::worker
