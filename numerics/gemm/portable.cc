// The kernels without any instruction set, and the ones for scales whose products leave the range
// of fp32.
#include <cstring>

#include "numerics/arithmetic/host_device.h"
#include "numerics/arithmetic/minifloat.h"
#include "numerics/gemm/kernel.h"

namespace fp4::numerics::cpu {
namespace {

// To (num_groups · 4, 32): all columns of an element of K side by side.
void UnpackCodes(const uint8_t* codes, int num_groups, uint8_t* w) {
  auto biased = [](uint32_t code) {
    return static_cast<uint8_t>(static_cast<int>(2.0f * E2M1Value(code)) + kBias);
  };
  uint8_t low[256], high[256];
  for (uint32_t both = 0; both < 256; ++both) {
    low[both] = biased(both & 15);
    high[both] = biased(both >> 4);
  }
  for (int group = 0; group < num_groups; ++group) {
    for (int i = 0; i < kGroupBytes; ++i) {
      uint8_t* to = w + i % kGroup * kPanelColumns + i / kGroup;
      to[0] = low[codes[i]];
      to[kPanelColumns / 2] = high[codes[i]];
    }
    codes += kGroupBytes;
    w += kPanelColumns * kGroup;
  }
}

void UnpackScales(const uint16_t* scales, int size, float* w_scales) {
  for (int i = 0; i < size; ++i) w_scales[i] = BitsFloat(static_cast<uint32_t>(scales[i]) << 16);
}

// The dot products of one row with the 32 columns of a block. 16 bits are enough: a block of 32
// adds up to at most 32 · 24 · 12. Eight of them fill the registers that every x86-64 has.
void DotColumns(const uint8_t* x, const uint8_t* w, int block_columns,
                int16_t (&dots)[kPanelColumns]) {
  std::memset(dots, 0, sizeof dots);
  for (int k = 0; k < block_columns; ++k) {
    auto value = static_cast<int8_t>(x[k / kGroup * kPanelRows * kGroup + k % kGroup]);
    for (int column = 0; column < kPanelColumns; ++column)
      dots[column] = static_cast<int16_t>(dots[column] + w[column] * value);
    w += kPanelColumns;
  }
}

// Of exact products: the scales' product is exact, and so is its product with a dot product.
float NarrowProduct(int32_t dot, float x_scale, float w_scale) {
  return static_cast<float>(dot) * (x_scale * w_scale);
}

// Of any: fp64 holds the exact product.
float WideProduct(int32_t dot, float x_scale, float w_scale) {
  return static_cast<float>(dot * static_cast<double>(x_scale) * static_cast<double>(w_scale));
}

template <float (*kProduct)(int32_t, float, float)>
void Multiply(const GemmStep& step) {
  const int columns = step.block_columns;
  for (int block = 0; block < step.num_blocks; ++block) {
    const uint8_t* x = step.x + block * FP4_GEMM_BLOCK_BYTES(columns);
    const uint8_t* w = step.w + block * columns * kPanelColumns;
    const float* w_scales = step.w_scales + block * kPanelColumns;
    for (int row = 0; row < step.num_rows; ++row) {
      int16_t dots[kPanelColumns];
      int32_t start;
      float x_scale;
      std::memcpy(&start, x + kPanelRows * columns + 4 * row, sizeof start);
      std::memcpy(&x_scale, x + kPanelRows * (columns + 4) + 4 * row, sizeof x_scale);
      DotColumns(x + row * kGroup, w, columns, dots);
      float* sums = step.sums + row * kPanelColumns;
      for (int i = 0; i < kPanelColumns; ++i)
        sums[i] += kProduct(dots[i] + start, x_scale, w_scales[i]);
    }
  }
}

void Finish(const float* sums, double factor, int size, float* y) {
  for (int i = 0; i < size; ++i) {
    auto value = static_cast<float>(static_cast<double>(sums[i]) * factor);
    y[i] = IsNan(value) ? BitsFloat(kNanBits) : value;
  }
}

}  // namespace

const GemmKernels kGemmPortable = {UnpackCodes, UnpackScales, Multiply<NarrowProduct>, Finish};
const GemmKernels kGemmPortableWide = {UnpackCodes, UnpackScales, Multiply<WideProduct>, Finish};

}  // namespace fp4::numerics::cpu
