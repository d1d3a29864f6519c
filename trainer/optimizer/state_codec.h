// How AdamW's moments are kept in fewer bits: flat blocks of a tensor in its own order, each
// divided by a scale of its own and rounded to the nearest of a few values. As torchao's low-bit
// optimizers (torchao/optim/quant_utils.py), with its order of operations and its ties.
//   8bit  blocks of 256: bitsandbytes' dynamic maps, signed for m, unsigned for v
//   4bit  blocks of 128: +-{.0055 .0325 .0775 .2125 .4375 .6625 .8875}, 0, 1 for m; {1 ... 16}/16
//         for v, which has no zero; two codes a byte, the first in the high half
//   fp8   blocks of 256: E4M3 for both
// The scale is max(largest magnitude, 1e-12), for fp8 divided by 448. A value half-way between two
// goes to the upper one; with fp8 to the even one. No tensors here: arrays only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "spec/run_spec.h"

namespace fp4::trainer {

enum class Moment : uint8_t { kFirst, kSecond };

// Immutable.
class StateCodec {
 public:
  // Null: `states` is fp32, and nothing is encoded.
  static const StateCodec* Find(spec::OptimizerStates states, Moment moment);

  // Elements of a block; a tensor is a whole number of blocks.
  int64_t block() const { return block_; }
  int bits() const { return bits_; }
  size_t num_bytes(int64_t elements) const { return static_cast<size_t>(elements * bits_ / 8); }

  // One block. `codes` has num_bytes(block()); the scale is returned.
  float Encode(const float* values, uint8_t* codes) const;
  void Decode(const uint8_t* codes, float scale, float* values) const;

  // What the scale is the largest magnitude divided by.
  float largest() const { return largest_; }
  // The values of a block with the scale 1, ascending, and the code of each. Value i is the one
  // for everything from threshold i - 1 up to, but not including, threshold i.
  std::span<const float> values() const { return values_; }
  std::span<const uint8_t> codes() const { return codes_; }
  std::span<const float> thresholds() const { return thresholds_; }

 private:
  struct Map {
    std::vector<float> values;
    std::vector<uint8_t> codes;
    std::vector<float> thresholds;
  };
  StateCodec(spec::OptimizerStates states, int bits, float largest, Map map);

  static Map DynamicValues(std::span<const float> values);
  static Map E4M3Values();

  uint32_t IndexOf(float scaled) const;

  const int64_t block_;
  const int bits_;
  const float largest_;
  const std::vector<float> values_;
  const std::vector<uint8_t> codes_;
  std::vector<float> thresholds_;      // one fewer than values
  std::vector<float> value_of_code_;   // by code
  std::vector<float> next_threshold_;  // by index; NaN after the last value
  std::vector<uint8_t> first_index_;   // by the upper 16 bits of a float: the index of the
                                       // smallest number that has them
};

inline constexpr float kSmallestStateScale = 1e-12f;

}  // namespace fp4::trainer
