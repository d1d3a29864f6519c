// The products of a run's layers against what the machine can do (the roofline of Williams,
// Waterman and Patterson, CACM 52(4), 2009): no tensors here.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "spec/gemm_shapes.h"
#include "spec/run_spec.h"

namespace fp4::trainer {

// (m, k) times (k, n).
struct Product {
  std::string layers;  // "blocks.{0..3}.mlp.up": all layers of this shape and name
  int64_t count = 1;   // of them
  spec::Gemm gemm = spec::Gemm::kFprop;
  int64_t m = 0, k = 0, n = 0;

  double flop() const;
  // Each operand read once, the result written once, with so many bits a value; wgrad gives fp32.
  double bytes(double operand_bits, double result_bits) const;
};

// Of one micro-batch: for each kind of layer the three, in the model's order; wgrad only of what is
// trained. A look-up has none.
std::vector<Product> ProductsOf(const spec::RunSpec& run);

// The time that bounds a product, in seconds.
struct Bound {
  double memory = 0, arithmetic = 0;
  double seconds() const { return memory > arithmetic ? memory : arithmetic; }
  bool by_memory() const { return memory > arithmetic; }
};

// NVFP4: 4 bits, and 8 bits of scale for 16 of them.
inline constexpr double kFourBits = 4.5;
// How many times faster than bf16 tensor cores that know NVFP4 are (NVIDIA Blackwell: dense).
inline constexpr double kFourBitSpeed = 4;

// With operands of `compute_bits`, and as it would be with 4-bit operands on a machine of the same
// bandwidth whose arithmetic on them is kFourBitSpeed times as fast.
Bound BoundOf(const Product& product, double compute_bits, double flops, double bandwidth);
Bound FourBitBoundOf(const Product& product, double compute_bits, double flops, double bandwidth);

}  // namespace fp4::trainer
