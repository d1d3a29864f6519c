// The memory of tensors on the CPU. LibTorch takes it from the C library and counts nothing; this
// counts, in the sizes that the C library really hands out, and keeps large blocks that are freed
// for the next tensor of their size. The C library would keep them too, but in one heap where they
// lie between others: a third of the process's memory was holes (docs/decisions.md). What is kept
// is bounded: tensors and kept blocks together never exceed what tensors alone once held at most.
#pragma once

#include <cstdint>

namespace fp4::trainer {

// A block from this size on is large, in bytes. The C library should map such blocks by themselves,
// which KeepFreedMemory (trainer/run/math_environment.h) tells it.
inline constexpr int64_t kLargeBlock = int64_t{1} << 20;

// From now on all CPU tensors of this process that are allocated are counted until they are freed;
// those that are there already are not. May be called more than once. Thread-safe, as all here.
void CountCpuTensors();

// What the counted tensors hold, in bytes, and the most that they held at once since
// ResetCpuTensorPeak. A storage that several tensors share counts once.
int64_t CpuTensorBytes();
int64_t CpuTensorPeak();

// Of the blocks that no tensor has and that are kept for the next.
int64_t CpuFreedBytes();

// From now on the peak is what is held now or later.
void ResetCpuTensorPeak();

}  // namespace fp4::trainer
