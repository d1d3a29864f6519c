// The kernels of numerics/gemm/kernel.h over a vector type V, included by one source for each
// instruction set. Each 32-bit lane is one column of Y, so nothing is summed across lanes.
//
// V has: Ints, Floats, Dots (of one column and block, being summed); kLanes; kRows, how many rows
// are multiplied at a time; and the operations used below.
#pragma once

#include <immintrin.h>

#include "numerics/gemm/kernel.h"

namespace fp4::numerics::cpu {
namespace {

#define FP4_INLINE inline __attribute__((always_inline))
#define FP4_LAMBDA __attribute__((always_inline))

template <int kValue>
struct Index {
  static constexpr int value = kValue;
};

// Calls f(Index<0>), …, f(Index<kEnd - 1>), unrolled: arrays indexed so are registers.
template <int kEnd, class F>
FP4_INLINE void Unrolled(F f) {
  if constexpr (kEnd > 0) {
    Unrolled<kEnd - 1>(f);
    f(Index<kEnd - 1>());
  }
}

// Rows [0, kRows) of the step, 2·kLanes columns from `column`.
template <class V, int kRows, int kColumns>
void MultiplyRows(const GemmStep& step, int column) {
  constexpr int kGroups = kColumns / kGroup;
  typename V::Floats sums[kRows][2];
  Unrolled<kRows>([&](auto r) FP4_LAMBDA {
    const float* from = step.sums + r.value * kPanelColumns + column;
    sums[r.value][0] = V::LoadFloats(from);
    sums[r.value][1] = V::LoadFloats(from + V::kLanes);
  });
  const uint8_t* x = step.x;
  const uint8_t* w = step.w + column * kGroup;
  const float* w_scales = step.w_scales + column;
  for (int block = 0; block < step.num_blocks; ++block) {
    const uint8_t* start = x + kPanelRows * kColumns;
    const uint8_t* x_scales = start + kPanelRows * 4;
    typename V::Dots dots[kRows][2];
    Unrolled<kRows>([&](auto r) FP4_LAMBDA {
      dots[r.value][0] = dots[r.value][1] = V::Start(start + 4 * r.value);
    });
    Unrolled<kGroups>([&](auto g) FP4_LAMBDA {
      typename V::Ints low = V::LoadInts(w + g.value * kPanelColumns * kGroup);
      typename V::Ints high = V::LoadInts(w + (g.value * kPanelColumns + V::kLanes) * kGroup);
      Unrolled<kRows>([&](auto r) FP4_LAMBDA {
        typename V::Ints values = V::RepeatInts(x + (g.value * kPanelRows + r.value) * kGroup);
        dots[r.value][0] = V::Add(dots[r.value][0], low, values);
        dots[r.value][1] = V::Add(dots[r.value][1], high, values);
      });
    });
    typename V::Floats low = V::LoadFloats(w_scales), high = V::LoadFloats(w_scales + V::kLanes);
    Unrolled<kRows>([&](auto r) FP4_LAMBDA {
      typename V::Floats scale = V::RepeatFloat(x_scales + 4 * r.value);
      // The product of the scales and its product with an integer of 13 bits are exact, so the
      // fused operation rounds where the definition does.
      sums[r.value][0] = V::MulAdd(V::Finish(dots[r.value][0], start + 4 * r.value),
                                   V::Mul(scale, low), sums[r.value][0]);
      sums[r.value][1] = V::MulAdd(V::Finish(dots[r.value][1], start + 4 * r.value),
                                   V::Mul(scale, high), sums[r.value][1]);
    });
    x += FP4_GEMM_BLOCK_BYTES(kColumns);
    w += kColumns * kPanelColumns;
    w_scales += kPanelColumns;
  }
  Unrolled<kRows>([&](auto r) FP4_LAMBDA {
    float* to = step.sums + r.value * kPanelColumns + column;
    V::Store(sums[r.value][0], to);
    V::Store(sums[r.value][1], to + V::kLanes);
  });
}

template <class V, int kRows>
void MultiplyPanel(const GemmStep& step) {
  for (int column = 0; column < kPanelColumns; column += 2 * V::kLanes) {
    if (step.block_columns == 16) {
      MultiplyRows<V, kRows, 16>(step, column);
    } else {
      MultiplyRows<V, kRows, 32>(step, column);
    }
  }
}

template <class V, int kRows>
void MultiplyAtMost(const GemmStep& step) {
  if constexpr (kRows > 0) {
    if (step.num_rows == kRows) {
      MultiplyPanel<V, kRows>(step);
    } else {
      MultiplyAtMost<V, kRows - 1>(step);
    }
  }
}

template <class V>
void Multiply(const GemmStep& step) {
  for (int row = 0; row < step.num_rows; row += V::kRows) {
    GemmStep part = step;
    part.x += row * kGroup;  // of values, start and scales alike: each row has 4 bytes
    part.sums += row * kPanelColumns;
    part.num_rows = step.num_rows - row < V::kRows ? step.num_rows - row : V::kRows;
    MultiplyAtMost<V, V::kRows>(part);
  }
}

// Doubled elements plus kBias, by code.
alignas(16) constexpr uint8_t kBiasedByCode[16] = {12, 13, 14, 15, 16, 18, 20, 24,
                                                   12, 11, 10, 9,  8,  6,  4,  0};

}  // namespace
}  // namespace fp4::numerics::cpu
