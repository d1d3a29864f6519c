// The shared table of the conformance tests: named tensors that are hard to quantize, and every way
// to quantize them. The scalar reference, the CPU path and (elsewhere) the CUDA kernels are all
// driven by it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "numerics/format.h"

namespace fp4::numerics {

struct TensorCase {
  std::string name;
  MatrixShape shape;
  std::vector<float> values;
};

// Ties, signed zeros, zero blocks, subnormals, saturation, NaN and Inf, odd tails, extremes of
// scale, plain Gaussians.
const std::vector<TensorCase>& TensorCases();

// Standard normal numbers, the same on every machine.
std::vector<float> Gaussians(int64_t size, uint64_t seed);

struct OptionsCase {
  std::string name;
  QuantizeOptions options;
};

// Every combination of options that makes sense for this format: all blocks × (nearest, stochastic,
// rotations, prescale, headroom, scale modes, four-over-six, double quantization, MS-EDEN).
std::vector<OptionsCase> OptionsCases(const Format& format);

// A ParallelFor that calls the work on single units from the end, on two threads: results must not
// depend on it.
void BackwardsOnTwoThreads(int64_t size, int64_t grain,
                           const std::function<void(int64_t, int64_t)>& work);

}  // namespace fp4::numerics
