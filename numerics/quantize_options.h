// How a tensor is quantized: the values of every option, for library code. What an option is
// called, which values and formats it takes and how it is explained is one row of the table in
// numerics/quantizer_options.h.
#pragma once

#include <cstdint>
#include <string>

namespace fp4::numerics {

enum class Rounding : uint8_t { kNearest, kStochastic };

// How an E8M0 scale is made from a block's largest magnitude (docs/formats.md, "Scales"); the names
// in documents are floor, rceil, even, ceil.
enum class ScaleMode : uint8_t { kFloor, kRoundCeil, kEven, kCeil };

// The error by which nvfp4 chooses one of two scales for a block.
enum class FourOverSix : uint8_t { kOff, kMse, kMae };

// The signs of a Hadamard rotation. They belong to a GEMM, not to an operand: only where both
// operands of a product are rotated with equal signs does the rotation cancel. So they have a key
// of their own, apart from the one of the rounding noise, which each operand needs for itself.
// MS-EDEN rounds to nearest in the rotated space and is unbiased over the signs: there they must
// change from step to step.
struct RotationSigns {
  enum class Pattern : uint8_t {
    kRandom,  // drawn from Philox keyed by `seed` and counted by `step`
    kFixed,   // the sixteen signs of NVIDIA's Transformer Engine, for rotations of size 16 only
  };
  Pattern pattern = Pattern::kRandom;
  // Of kRandom; kFixed looks at neither.
  uint64_t seed = 0;
  uint64_t step = 0;
  bool operator==(const RotationSigns&) const = default;
};

// A value that a format does not know is an error of Format::Check, never ignored. What is left at
// its default takes the format's own choice.
struct QuantizeOptions {
  // Which elements share a scale: "64" (flat), "1x16", "16x16", "row", "tensor", "none". Empty: the
  // format's default.
  std::string block;
  Rounding rounding = Rounding::kNearest;
  // Looked at only where `scale_mode_set`; otherwise the rounding decides (docs/formats.md).
  ScaleMode scale_mode = ScaleMode::kFloor;
  bool scale_mode_set = false;
  FourOverSix four_over_six = FourOverSix::kOff;
  bool double_quantization = false;
  // A factor on the amax of a block before its scale is made. 0: the format's default.
  float headroom = 0.0f;
  // A factor on the elements before encoding (3/4 of Tseng et al.), which Decode divides out again.
  float prescale = 1.0f;
  // The size of the groups of columns that are rotated before encoding and rotated back by Decode:
  // 16, 32, 64 or 128. 0: no rotation.
  int hadamard = 0;
  RotationSigns signs;
  // The MS-EDEN correction of block scales (Quartet II).
  bool ms_eden = false;
  // nvfp4: the amax of the whole tensor, after rotation, where the caller has it. 0: it is
  // measured.
  float tensor_amax = 0.0f;
  // The random numbers of stochastic rounding and of MS-EDEN: Philox4x32-10 keyed by (seed, stream)
  // and counted by (step, index of the element).
  uint64_t seed = 0;
  uint32_t stream = 0;
  uint64_t step = 0;
  bool operator==(const QuantizeOptions&) const = default;
};

}  // namespace fp4::numerics
